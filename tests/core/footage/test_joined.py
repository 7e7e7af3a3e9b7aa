"""Tape and memory are one: each frame is there once, however far the disk is behind."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
import math
from pathlib import Path

import pytest

from custom_components.retrocam.core.footage.frame_reader import FrameReader
from custom_components.retrocam.core.footage.held import HeldFootage, Where
from custom_components.retrocam.core.footage.joined import Footage
from custom_components.retrocam.core.segments.cursors import Backlog, ReadPart
from custom_components.retrocam.core.segments.ring import SegmentRing
from custom_components.retrocam.core.segments.timestamps import TimedSegments
from custom_components.retrocam.core.tape.writer import TapeWriter

from ..media import cut, encode, read_number
from ..tape.taping import WITHIN, files_of
from .runs import SOURCES, shown
from .taped_camera import TapedCamera


def frames_of(footage: HeldFootage) -> list[tuple[float, bytes]]:
    """Return the UNIX time and the bytes of each frame."""
    reader, found = TimedSegments(), list[tuple[float, bytes]]()
    for held in footage.segments:
        segment = held.segment
        for index, timing in enumerate(tuple(segment.timings)):
            part = segment.parts[index]
            read = reader.read(ReadPart(segment, part, timing, first=index == 0, jumped=False))
            assert read is not None
            for frame in read.tracks[0]:
                data = read.data[frame.offset : frame.offset + frame.size]
                found.append((held.time(read.position(frame)), data))
    return found


def assert_whole(camera: TapedCamera) -> None:
    """Check that tape and memory have each frame once, in order, and at its time."""
    wanted = frames_of(Footage(camera.whole).held())
    found = frames_of(camera.footage.held())
    assert [data for _, data in found] == [data for _, data in wanted]
    assert [time for time, _ in found] == pytest.approx([time for time, _ in wanted], abs=0.002)


@pytest.mark.parametrize("kind", SOURCES)
def test_each_frame_is_there_once(kind: str, tmp_path: Path) -> None:
    camera = TapedCamera(tmp_path)
    camera.feed(cut(encode(500, **SOURCES[kind])))
    # Nothing is on disk: the ring has dropped what waits for it.
    assert camera.ring.segments[0].number > 0
    assert files_of(tmp_path) == []
    assert_whole(camera)
    camera.write()
    assert files_of(tmp_path)
    assert camera.writer.unwritten != ()
    assert_whole(camera)
    camera.clock.now += 30
    camera.feed(cut(encode(250, first=1000, **SOURCES[kind])), run=1)
    assert_whole(camera)
    camera.write()
    assert_whole(camera)


def test_each_frame_is_there_once_at_any_moment(tmp_path: Path) -> None:
    camera = TapedCamera(tmp_path, seconds=3.0)
    source = cut(encode(625, gop=25), low_latency=False, min_segment=0.9)
    writer = camera.writer = TapeWriter(camera.ring, camera.store, flush=0.0001)
    writer.start()
    counts = list[int]()

    def check() -> None:
        data = [data for _, data in frames_of(camera.footage.held())]
        counts.append(len(data))
        assert len(set(data)) == len(data)

    try:
        camera.feed(source, after=check)
    finally:
        writer.stop()
        assert writer.join(WITHIN)
    assert counts == [25 * count for count in range(1, len(counts) + 1)]
    assert_whole(camera)


def assert_right(camera: TapedCamera, whole: SegmentRing, times: Sequence[float]) -> None:
    """Check that the pictures at some times are those of a ring that has all."""
    reader, truth = FrameReader(), Footage(whole).held()
    for time in times:
        picture = reader.picture(camera.footage.held(time - 15, time + 2), time, 1, fast=False)
        wanted = reader.picture(truth, time, 1, fast=False)
        assert read_number(picture.frame) == read_number(wanted.frame)
        assert picture.time == pytest.approx(wanted.time, abs=0.002)


@pytest.mark.parametrize("kind", SOURCES)
def test_frames_are_found_on_both_sides_of_the_seam(kind: str, tmp_path: Path) -> None:
    camera = TapedCamera(tmp_path)
    camera.feed(cut(encode(700, **SOURCES[kind])))
    camera.write()
    frames = shown(camera.whole)
    seam = camera.ring.segments[0].wall(camera.ring.segments[0].start)
    assert frames[200].time < seam < frames[600].time
    times = [frames[number].time for number in (0, 200, 600)]
    assert_right(camera, camera.whole, [*times, *(seam + step / 25 for step in range(-4, 5))])


def test_frames_before_a_restart_are_found(tmp_path: Path) -> None:
    before = TapedCamera(tmp_path)
    before.feed(cut(encode(500, bframes=2)))
    before.write()
    after = TapedCamera(tmp_path)
    assert after.store.session != before.store.session
    after.clock.now = 100.0
    after.clock.wall_ahead = before.clock.wall() + 60 - 100
    while after.store.read_indexes():
        pass
    old = [frame.time for frame in shown(before.whole)[1::90]]
    # Before the first part of the new ring, only the tape has something.
    assert after.footage.in_memory().segments == []
    assert_right(after, before.whole, old)
    after.feed(cut(encode(500, first=2000, bframes=2)))
    assert_right(after, before.whole, old)
    assert_right(after, after.whole, [frame.time for frame in shown(after.whole)[1::90]])
    numbers = [held.segment.number for held in after.footage.held().segments]
    assert numbers == sorted(set(numbers))
    assert [span.where for span in after.footage.spans()] == [Where.TAPE, Where.MEMORY]


def test_spans_meet_at_the_seam(tmp_path: Path) -> None:
    camera = TapedCamera(tmp_path)
    camera.feed(cut(encode(700)))
    camera.write()
    tape, memory = camera.footage.spans()
    assert (tape.where, memory.where) == (Where.TAPE, Where.MEMORY)
    assert tape.end == memory.start
    assert memory.end - tape.start == pytest.approx(camera.whole.available, abs=0.01)
    assert camera.footage.spans(newest=1) == [memory]
    assert camera.footage.spans(after=tape.start + 1, before=tape.start + 2) == [
        replace(tape, start=tape.start + 1, end=tape.start + 2)
    ]


@pytest.mark.parametrize("step", [-3600.0, -4.0, 0.5, 5.0, 86_400.0])
def test_spans_do_not_overlap_when_the_clock_is_set(step: float, tmp_path: Path) -> None:
    camera = TapedCamera(tmp_path)
    camera.feed(cut(encode(500)))
    camera.write()
    camera.clock.wall_ahead += step
    camera.feed(cut(encode(500, first=1000)), run=1)
    for _ in range(2):
        spans = camera.footage.spans()
        assert spans[-1].end == pytest.approx(camera.clock.wall(), abs=0.5)
        for before, after in pairwise(spans):
            assert before.start < before.end <= after.start < after.end
        held = camera.footage.held().segments
        for one, later in pairwise(held):
            assert one.start <= one.end <= later.start
        camera.write()


def test_what_the_disk_never_got_is_missing(tmp_path: Path) -> None:
    camera = TapedCamera(tmp_path)
    camera.writer = TapeWriter(camera.ring, camera.store, flush=1e6, backlog=Backlog(0, 0))
    source = cut(encode(625, gop=25), low_latency=False, min_segment=0.9)
    camera.feed(source)
    camera.write()
    assert camera.footage.held().segments[0].segment.number == camera.ring.segments[0].number


def test_file_that_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    camera = TapedCamera(tmp_path)
    camera.feed(cut(encode(500)))
    camera.clock.now += 30
    camera.feed(cut(encode(500, first=1000)), run=1)
    camera.write()
    files_of(tmp_path)[0].unlink()
    found = camera.footage.held().segments
    assert {held.segment.run for held in found} == {1, -1}
    assert all(held.segment.number >= 3 for held in found)


def test_whether_anything_is_held_is_as_the_spans_tell(tmp_path: Path) -> None:
    camera = TapedCamera(tmp_path)
    assert not camera.footage.holds(-math.inf, math.inf)
    camera.feed(cut(encode(500)))
    camera.write()
    camera.clock.now += 30
    camera.feed(cut(encode(250, first=1000)), run=1)
    first, *_, last = camera.footage.spans()
    assert (first.where, last.where) == (Where.TAPE, Where.MEMORY)
    for start in (first.start - 50, first.start + 1, first.end + 1, last.end - 1, last.end + 1):
        for end in (start + 2, start + 40, math.inf):
            assert camera.footage.holds(start, end) == bool(camera.footage.spans(start, end))


@pytest.mark.parametrize("step", [0.0005, -0.0005])
def test_clock_slewed_by_a_moment_makes_no_span(step: float, tmp_path: Path) -> None:
    """What memory and tape both have is told once: the clock is read again for each segment."""
    camera = TapedCamera(tmp_path, seconds=60.0)
    camera.feed(cut(encode(300)))
    camera.write()
    camera.clock.wall_ahead += step
    camera.feed(cut(encode(100, first=300)), run=1)
    assert camera.footage.tape is not None
    assert camera.footage.tape.spans()
    assert {span.where for span in camera.footage.spans()} == {Where.MEMORY}
    assert {span.where for span in camera.footage.spans(newest=5)} == {Where.MEMORY}
    assert {span.where for span in camera.footage.overview(9)} == {Where.MEMORY}
