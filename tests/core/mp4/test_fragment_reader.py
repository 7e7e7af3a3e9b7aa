"""Fragmented MP4: compared with FFmpeg, by the rules of the standard, and damaged."""

from contextlib import suppress
from functools import cache
import io
import struct
from typing import Any

import av
from hypothesis import given, settings, strategies as st
import pytest

from custom_components.retrocam.core.errors import FragmentError
from custom_components.retrocam.core.mp4.boxes import boxes
from custom_components.retrocam.core.mp4.fragment_reader import (
    Defaults,
    Sample,
    Track,
    read_tracks,
    samples,
)

from ..frames.live import SOURCES
from ..media import Cut, cut, encode

TRACK = Track(1, "vide", 25, "avc1", (160, 96), b"", bytes(44), Defaults(7, 3, 0x0001_0000))


def box(kind: bytes, *bodies: bytes) -> bytes:
    body = b"".join(bodies)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def fragment(*truns: bytes, tfhd: bytes = struct.pack(">II", 0x02_0000, 1), data: int = 9) -> bytes:
    """A version 0 `moof` of track 1 that starts at tick 100, and its `mdat`."""
    tfdt = box(b"tfdt", struct.pack(">II", 0, 100))
    moof = box(b"moof", box(b"traf", box(b"tfhd", tfhd), tfdt, *truns))
    return moof + box(b"mdat", bytes(data))


def trun(flags: int, count: int, *fields: int, version: int = 0) -> bytes:
    form = ">II" + "i" * len(fields)
    return box(b"trun", struct.pack(form, version << 24 | flags, count, *fields))


@pytest.mark.parametrize("low_latency", [True, False])
@pytest.mark.parametrize("source", SOURCES)
def test_samples_equal_those_of_ffmpeg(source: str, low_latency: bool) -> None:
    for segment in cut(SOURCES[source](), low_latency=low_latency):
        with av.open(io.BytesIO(whole(segment)), "r") as container:
            expected: dict[int, list[Any]] = {}
            for packet in container.demux():
                if packet.size:
                    expected.setdefault(packet.stream.index, []).append(packet)
            tracks = read_tracks(segment.init)
            assert [t.timescale for t in tracks] == [1 / s.time_base for s in container.streams]
        for index, track in enumerate(tracks):
            found = [(part, s) for part in segment.parts for s in samples(part.data, track)]
            # FFmpeg adds the largest negative composition offset to every pts.
            shift = (expected[index][0].pts or 0) - found[0][1].pts
            assert [
                (s.dts, s.pts + shift, s.duration, s.keyframe, part.data[s.offset :][: s.size])
                for part, s in found
            ] == [(p.dts, p.pts, p.duration, p.is_keyframe, bytes(p)) for p in expected[index]]


def whole(segment: Cut) -> bytes:
    return segment.init + b"".join(part.data for part in segment.parts)


def test_tracks_of_an_init() -> None:
    (segment, *_) = cut(encode(350, sound=True, container="mp4"))
    video, sound = read_tracks(memoryview(segment.init))
    assert (video.id, video.handler, video.codec, video.size) == (1, "vide", "avc1", (160, 96))
    assert (sound.id, sound.handler, sound.codec, sound.size) == (2, "soun", "mp4a", None)
    assert sound.timescale == 48_000
    assert b"avcC" in video.description


def test_track_defaults_apply_to_samples_without_values() -> None:
    assert list(samples(fragment(trun(0x001, 2, 8)), TRACK)) == [
        Sample(dts=100, cts=0, duration=7, keyframe=False, offset=8, size=3),
        Sample(dts=107, cts=0, duration=7, keyframe=False, offset=11, size=3),
    ]


def test_fragment_defaults_replace_track_defaults() -> None:
    # Base offset and description index are present and ignored.
    tfhd = struct.pack(">IIQIIII", 0x02_003B, 1, 12345, 1, 11, 2, 0)
    (sample,) = samples(fragment(trun(0x001, 1, 8), tfhd=tfhd), TRACK)
    assert (sample.duration, sample.size, sample.keyframe) == (11, 2, True)


def test_fields_of_each_sample() -> None:
    fields = (2, 1, 0, -1), (3, 2, 0x0001_0000, 4)
    run = trun(0xF01, 2, 8, *fields[0], *fields[1], version=1)
    assert list(samples(fragment(run), TRACK)) == [
        Sample(dts=100, cts=-1, duration=2, keyframe=True, offset=8, size=1),
        Sample(dts=102, cts=4, duration=3, keyframe=False, offset=9, size=2),
    ]


def test_composition_offsets_of_version_0_are_unsigned() -> None:
    (sample,) = samples(fragment(trun(0x801, 1, 8, -1)), TRACK)
    assert sample.cts == 0xFFFF_FFFF


def test_first_sample_flags_apply_to_the_first_sample() -> None:
    found = samples(fragment(trun(0x005, 2, 8, 0)), TRACK)
    assert [sample.keyframe for sample in found] == [True, False]


def test_run_without_an_offset_follows_the_previous_one() -> None:
    found = samples(fragment(trun(0x001, 1, 8), trun(0, 1)), TRACK)
    assert [(sample.offset, sample.dts) for sample in found] == [(8, 100), (11, 107)]


def test_other_tracks_and_boxes_are_skipped() -> None:
    other = fragment(trun(0x001, 1, 8), tfhd=struct.pack(">II", 0x02_0000, 2))
    part = box(b"styp", b"msdh") + other + fragment(trun(0x001, 1, 8))
    (sample,) = samples(part, TRACK)
    assert sample.offset == 8 + len(box(b"styp", b"msdh") + other)


def test_64_bit_and_open_ended_boxes() -> None:
    large = struct.pack(">I4sQ", 1, b"free", 20) + bytes(4)
    rest = struct.pack(">I4s", 0, b"mdat") + bytes(5)
    assert [(b.kind, b.start, b.body, b.end) for b in boxes(large + rest)] == [
        (b"free", 0, 16, 20),
        (b"mdat", 20, 28, 33),
    ]


@pytest.mark.parametrize(
    "part",
    [
        b"\0\0\0",
        struct.pack(">I4s", 7, b"free"),
        struct.pack(">I4s", 9, b"free"),
        struct.pack(">I4sQ", 1, b"free", 15),
        box(b"moof", box(b"traf")),
        box(b"moof", box(b"traf", box(b"tfhd", bytes(4)))),
        fragment(trun(0x001, 1, 8), tfhd=struct.pack(">II", 0, 1)),
        fragment(trun(0x001, 1, -1)),
        fragment(trun(0x001, 1, 10**6)),
        fragment(trun(0x201, 2, 8, 3)),
        # A run without sizes can claim any number of samples.
        fragment(trun(0x001, 2**31 - 1, 8)),
        fragment(trun(0x001, 2**31 - 1, 8), tfhd=struct.pack(">III", 0x02_0010, 1, 0)),
    ],
)
def test_damaged_part_raises_fragment_error(part: bytes) -> None:
    with pytest.raises(FragmentError):
        list(samples(part, TRACK))


def test_init_without_video_or_audio_raises_fragment_error() -> None:
    with pytest.raises(FragmentError, match="no video or audio"):
        read_tracks(box(b"moov", box(b"mvex")))


def test_track_without_a_description_raises_fragment_error() -> None:
    (segment, *_) = cut(encode(350))
    init = segment.init
    start = init.index(b"stsd") - 4
    end = start + int.from_bytes(init[start : start + 4])
    # An empty list of entries; the rest of the box becomes `free`.
    empty = box(b"stsd", bytes(8))
    filler = struct.pack(">I4s", end - start - len(empty), b"free")
    damaged = init[:start] + empty + filler + init[start + len(empty) + 8 :]
    with pytest.raises(FragmentError, match="no sample description"):
        read_tracks(damaged)


def test_track_of_another_handler_is_skipped() -> None:
    (segment, *_) = cut(encode(350, sound=True, container="mp4"))
    (video,) = read_tracks(segment.init.replace(b"soun", b"meta"))
    assert video.handler == "vide"


@pytest.mark.parametrize(
    ("box_kind", "at", "value"),
    [
        (b"mdhd", 20, bytes(4)),  # no timescale
        (b"stsd", 0, b"\0\0\0\x10"),  # truncated
        (b"moov", 4, b"free"),  # gone
        (b"hdlr", 0, b"\0\0\0\x0c"),  # truncated
    ],
)
def test_damaged_init_raises_fragment_error(box_kind: bytes, at: int, value: bytes) -> None:
    (segment, *_) = cut(encode(350))
    position = segment.init.index(box_kind) - 4 + at
    damaged = bytearray(segment.init)
    damaged[position : position + len(value)] = value
    with pytest.raises(FragmentError):
        read_tracks(bytes(damaged))


def damage(source: st.DataObject, data: bytes) -> bytes:
    """Overwrite, insert or truncate bytes, mostly in the headers."""
    draw = source.draw
    result = bytearray(data)
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, min(len(result), 700)))
        result[start : start + draw(st.integers(0, 8))] = draw(st.binary(max_size=8))
    return bytes(result[: draw(st.integers(0, len(result)))] if draw(st.booleans()) else result)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_damage_raises_only_fragment_error(data: st.DataObject) -> None:
    segment = cut_once()
    init = damage(data, segment.init)
    part = damage(data, segment.parts[0].data)
    try:
        tracks = read_tracks(init)
    except FragmentError:
        tracks = read_tracks(segment.init)
    for track in tracks:
        found = 0
        try:
            for sample in samples(part, track):
                found += 1
                assert 0 <= sample.offset <= sample.offset + sample.size <= len(part)
        except FragmentError:
            pass
        assert found <= len(part)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_noise_raises_only_fragment_error(data: bytes) -> None:
    with pytest.raises(FragmentError):
        read_tracks(data)
    with suppress(FragmentError):
        assert len(list(samples(data, TRACK))) <= len(data)


@cache
def cut_once() -> Cut:
    return cut(encode(200, sound=True, container="mp4"))[0]
