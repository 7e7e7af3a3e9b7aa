"""Single keyframes of a ring, from encoded video with readable frame numbers."""

from dataclasses import replace

import pytest

from custom_components.retrocam.core.errors import DecodeError
from custom_components.retrocam.core.frames.decoder import KeyframeDecoder
from custom_components.retrocam.core.frames.feed import Picture
from custom_components.retrocam.core.frames.orientation import orient
from custom_components.retrocam.core.segments.ring import SegmentRing
from custom_components.retrocam.core.segments.segment import Segment

from ..media import Clock, Part, cut, encode, feed, read_number
from .live import SOURCES, unknown


def filled(source: bytes) -> SegmentRing:
    clock = Clock()
    ring = SegmentRing(1e6, 1 << 30, clock, clock.wall)
    feed(ring, cut(source), clock)
    return ring


@pytest.mark.parametrize("source", SOURCES)
def test_keyframe_is_decoded_alone(source: str) -> None:
    ring = filled(SOURCES[source]())
    decoder = KeyframeDecoder()
    found: dict[int, Picture] = {}
    for segment in ring.segments:
        for part, timing in zip(segment.parts, segment.timings, strict=True):
            if timing.keyframe is not None:
                picture = decoder.decode(segment, part, 1)
                number = read_number(picture.frame)
                assert number is not None
                found[number] = picture
                assert picture.position == timing.keyframe
                assert picture.time == pytest.approx(segment.wall(timing.keyframe))
    if source == "mjpeg":
        assert len(found) == sum(len(segment.parts) for segment in ring.segments)
    elif source == "h265":
        assert len(found) >= 8
    else:
        assert list(found)[:8] == [0, 50, 100, 150, 200, 250, 300, 350]


def test_orientation_is_applied_to_keyframes() -> None:
    ring = filled(encode(200))
    (keyframe,) = [ring.newest_keyframe]
    assert keyframe is not None
    decoder = KeyframeDecoder()
    picture = decoder.decode(keyframe.segment, keyframe.part, 3)
    assert read_number(picture.frame) is None
    assert read_number(orient(picture.frame, 3)) == read_number(
        decoder.decode(keyframe.segment, keyframe.part, 1).frame
    )


def test_keyframes_of_alternating_formats() -> None:
    rings = [filled(encode(200)), filled(encode(200, size=(192, 108)))]
    decoder = KeyframeDecoder()
    sizes = []
    for ring in rings * 2:
        segment = ring.segments[0]
        frame = decoder.decode(segment, segment.parts[0], 1).frame
        sizes.append((frame.width, frame.height))
        assert read_number(frame) == 0
    assert sizes == [(160, 96), (192, 108)] * 2


def first_part(ring: SegmentRing) -> tuple[Segment, bytes]:
    segment = ring.segments[0]
    return segment, segment.parts[0].data


def test_missing_or_damaged_keyframe_raises() -> None:
    segment, data = first_part(filled(encode(200)))
    decoder = KeyframeDecoder()
    with pytest.raises(DecodeError, match="no keyframe"):
        decoder.decode(segment, segment.parts[1], 1)
    with pytest.raises(DecodeError, match="no keyframe"):
        decoder.decode(segment, Part(1.0, True, data[:-1]), 1)
    mdat = data.index(b"mdat") + 4
    with pytest.raises(DecodeError, match="damaged"):
        decoder.decode(segment, Part(1.0, True, data[:mdat] + bytes(len(data) - mdat)), 1)
    # The decoder stays usable.
    assert read_number(decoder.decode(segment, segment.parts[0], 1).frame) == 0


def test_keyframe_of_an_unknown_codec_raises() -> None:
    clock = Clock()
    ring = SegmentRing(60, 1 << 30, clock, clock.wall)
    feed(ring, unknown(cut(encode(200))), clock)
    segment, _ = first_part(ring)
    with pytest.raises(DecodeError, match="unknown codec of nope video"):
        KeyframeDecoder().decode(segment, segment.parts[0], 1)
    feed(
        ring,
        [replace(c, init=b"noise", parts=[replace(p) for p in c.parts]) for c in cut(encode(200))],
        clock,
    )
    segment = ring.segments[-1]
    with pytest.raises(DecodeError, match="init cannot be read"):
        KeyframeDecoder().decode(segment, segment.parts[0], 1)
