"""Pictures of H.264 with gradual refresh: no frame is whole by itself."""

import contextlib
from functools import cache

import pytest

from custom_components.retrocam.core.errors import GradualRefreshError
from custom_components.retrocam.core.frames.decoder import KeyframeDecoder

from ..media import Cut, cut, feed, read_number, ring_of
from ..reformats import Take, encode_takes
from .live import Camera, watch

GOP = 50
SIZE = (320, 180)


@cache
def refreshing(part_target: float = 1.0) -> tuple[Cut, ...]:
    take = Take(425, size=SIZE, params="intra-refresh=1")
    return tuple(cut(encode_takes((take,), gop=GOP), part_target=part_target))


def test_newest_whole_frame_is_decoded() -> None:
    ring, _ = ring_of(refreshing())
    keyframe = ring.newest_keyframe
    assert keyframe is not None
    with pytest.raises(GradualRefreshError):
        KeyframeDecoder().decode(keyframe.segment, keyframe.part, 1)
    picture = KeyframeDecoder().decode_refresh(ring, 1)
    newest = round((ring.segments[-1].end - ring.segments[0].start) * 25) - 1
    assert read_number(picture.frame) == newest
    assert picture.position == pytest.approx(ring.segments[-1].end - 1 / 25)


def test_frame_is_awaited_until_the_first_refresh_has_ended() -> None:
    ring, clock = ring_of()
    # A camera joined in mid-stream; the first keyframe of the stream itself is whole.
    joined = refreshing(part_target=0.4)[1]
    ring.begin(0, joined.init)
    found: list[int | None] = []
    for part in joined.parts[:3]:
        clock.now += part.duration
        ring.add_part(part)
        with contextlib.suppress(GradualRefreshError):
            found.append(read_number(KeyframeDecoder().decode_refresh(ring, 1).frame))
    held = round(sum(part.duration for part in joined.parts[:3]) * 25)
    assert found == [150 + held - 1]


def test_other_run_is_not_decoded_with_the_newest() -> None:
    ring, clock = ring_of(refreshing())
    feed(ring, refreshing(), clock, run=1)
    picture = KeyframeDecoder().decode_refresh(ring, 1)
    assert picture.position == pytest.approx(ring.segments[-1].end - 1 / 25)


def test_keyframes_alone_are_not_awaited() -> None:
    camera = Camera()
    camera.send(refreshing()[1:])
    viewer = watch(camera, keyframes_only=True)
    assert None not in viewer.numbers
    assert len(viewer.numbers) > 100
