"""What the ring has is on tape, byte for byte, in files that play by themselves."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import av
import pytest

from custom_components.retrocam.core.footage.held import timed
from custom_components.retrocam.core.segments.cursors import Backlog, ReadPart
from custom_components.retrocam.core.segments.ring import SegmentRing
from custom_components.retrocam.core.segments.segment import Segment
from custom_components.retrocam.core.segments.timestamps import TimedSegments
from custom_components.retrocam.core.tape.file_spans import MAX_SECONDS

from ...waiting import until
from ..footage.runs import SOURCES, two_restarts
from ..media import WALL, Cut, Part, cut, encode, feed, numbers, numbers_of, ring_of, short_cuts
from .taping import files_of, loaded, numbers_in, segments_of, store_in, taping


def frames_of(segments: Iterable[tuple[Segment, float]]) -> list[tuple[float, bytes, bool]]:
    """Return the UNIX time and the bytes of each frame, and whether frames before it are missing.

    Each segment comes with the seconds to add to its positions.
    """
    reader, found = TimedSegments(), []
    for segment, shift in segments:
        for index, timing in enumerate(segment.timings):
            part = segment.parts[index]
            read = reader.read(ReadPart(segment, part, timing, first=index == 0, jumped=False))
            if read is None:
                continue
            broken = read.broken
            for frame in read.tracks[0]:
                data = read.data[frame.offset : frame.offset + frame.size]
                found.append((read.position(frame) + shift, data, broken))
                broken = False
    return found


def assert_same(tape: list[Segment], ring: SegmentRing) -> None:
    taped = frames_of((segment, segment.lag + segment.wall_ahead) for segment in tape)
    held = frames_of((one.segment, one.shift) for one in timed(ring.segments))
    assert [frame[1] for frame in taped] == [frame[1] for frame in held]
    assert [frame[0] for frame in taped] == pytest.approx([frame[0] for frame in held], abs=0.002)
    assert [frame[2] for frame in taped[1:]] == [frame[2] for frame in held[1:]]


@pytest.mark.parametrize("kind", SOURCES)
def test_tape_is_as_the_ring_was(kind: str, tmp_path: Path) -> None:
    ring, clock = two_restarts(**SOURCES[kind])
    store = store_in(tmp_path, clock)
    with taping(ring, store):
        pass
    paths = files_of(tmp_path)
    assert len(paths) == 3
    assert sum(path.stat().st_size for path in paths) == store.total_bytes
    assert_same(segments_of(store), ring)
    assert_same(segments_of(loaded(tmp_path, clock)), ring)
    for run, path in enumerate(paths):
        of_run = [segment for segment in ring.segments if segment.run == run]
        parts = [part for segment in of_run for part in segment.parts]
        assert numbers_in(path) == numbers(of_run[0].init, parts)
        with av.open(str(path)) as container:
            assert container.start_time is not None
            assert 0 <= container.start_time / av.time_base < 0.2


@pytest.mark.parametrize("reloaded", [False, True])
async def test_times_fall_with_the_lag_of_the_stream(reloaded: bool, tmp_path: Path) -> None:
    ring, clock = ring_of()
    store = store_in(tmp_path, clock)
    first, *rest = short_cuts(70)
    # All of it may wait: it comes at once, and the writer's turn may come late.
    with taping(ring, store, backlog=Backlog(seconds=1e6, size=1 << 40)):
        # What a starved machine receives at the start comes late.
        clock.now += 0.4
        feed(ring, [first], clock)
        await until(lambda: store.total_bytes)
        told = store.until
        clock.now -= 0.4
        feed(ring, rest[:5], clock)
        # Times follow for a minute: a writer that comes later than that leaves them.
        await until(lambda: segments_of(store)[0].lag < -0.3)
        feed(ring, rest[5:], clock)
        assert store.since > ring.segments[0].wall(ring.segments[0].start) + 0.3
    if reloaded:
        store = loaded(tmp_path, clock)
    assert len(files_of(tmp_path)) == 1
    assert_same(segments_of(store), ring)
    end = ring.segments[-1].wall(ring.segments[-1].end)
    assert store.until == pytest.approx(end, abs=0.002)
    assert told < end
    # The first frames are earlier than the name of their file, and found.
    start = ring.segments[0].wall(ring.segments[0].start)
    assert [one.start for one in segments_of(store, start, start + 0.1)]


def test_positions_of_the_same_ring_are_kept(tmp_path: Path) -> None:
    ring, clock = two_restarts(bframes=2)
    store = store_in(tmp_path, clock)
    with taping(ring, store):
        pass
    taped = segments_of(store, session=store.session)
    assert [segment.start for segment in taped] == pytest.approx(
        [segment.start for segment in ring.segments]
    )
    assert [segment.tracks for segment in taped] == [segment.tracks for segment in ring.segments]
    some = segments_of(store, session=store.session, below=3)
    assert [segment.start for segment in some] == [segment.start for segment in taped[:3]]


def test_files_are_named_after_their_first_frame(tmp_path: Path) -> None:
    ring, clock = ring_of(short_cuts(4))
    store = store_in(tmp_path, clock)
    with taping(ring, store):
        pass
    (path,) = files_of(tmp_path)
    # 2023-11-14, 22:13:20 UTC.
    assert WALL == 1_700_000_000
    assert path.parent.name == "20231114"
    assert path.name.startswith("20231114T221320.")
    assert sorted(one.name for one in path.parent.iterdir()) == [
        path.with_suffix(".idx").name,
        path.name,
    ]


def test_another_format_begins_another_file(tmp_path: Path) -> None:
    ring, clock = ring_of(short_cuts(3))
    feed(ring, cut(encode(100, first=500, size=(192, 96), gop=25), low_latency=False), clock)
    store = store_in(tmp_path, clock)
    with taping(ring, store):
        pass
    assert [numbers_in(path) for path in files_of(tmp_path)] == [
        list(range(75)),
        numbers_of(s for s in ring.segments if s.number >= 3),
    ]


def endless(count: int) -> list[Cut]:
    """Return one segment of a second again and again, as objects of their own."""
    (one,) = short_cuts(1)
    return [Cut(one.init, [Part(1.0, True, one.parts[0].data)], 1.0) for _ in range(count)]


def test_files_have_at_most_ten_minutes(tmp_path: Path) -> None:
    ring, clock = ring_of()
    # Timestamps that fall back with each segment.
    feed(ring, endless(1300), clock)
    store = store_in(tmp_path, clock)
    with taping(ring, store):
        pass
    spans = [(file.start, end) for file, end in store.files(0, 1e10)]
    assert len(spans) == 3
    assert all(end - start <= MAX_SECONDS for start, end in spans)
    assert [end for _, end in spans[:-1]] == pytest.approx([start for start, _ in spans[1:]])
    assert len(list(store.spans(0, 1e10))) == 1
    for path in files_of(tmp_path)[:2]:
        with av.open(str(path)) as container:
            times = [packet.dts for packet in container.demux(video=0) if packet.dts is not None]
        assert times == sorted(set(times))
        assert 14_000 < len(times) <= 15_000


def test_damaged_part_breaks_no_more_than_in_the_ring(tmp_path: Path) -> None:
    cuts = cut(encode(425))
    damaged = [replace(one, parts=[replace(part) for part in one.parts]) for one in cuts]
    damaged[0].parts[3].data = damaged[0].parts[3].data[:-100]
    damaged[1].parts[2].data = b"no box"
    ring, clock = ring_of(damaged)
    store = store_in(tmp_path, clock)
    with taping(ring, store):
        pass
    assert_same(segments_of(store), ring)
    (path,) = files_of(tmp_path)
    # Players show all but the damaged parts.
    frames = sum(timing.frames for segment in ring.segments for timing in segment.timings)
    with av.open(str(path)) as container:
        assert sum(packet.size > 0 for packet in container.demux(video=0)) == frames
