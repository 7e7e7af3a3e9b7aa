"""Cursors return each part once, in order, while the ring is written."""

from collections.abc import Iterable
from dataclasses import replace
import gc
import threading
import weakref

import pytest

from custom_components.retrocam.core.segments.cursors import Backlog, ReadPart, SegmentCursor
from custom_components.retrocam.core.segments.segment import MediaPart

from ..media import Cut, Part, cut, encode, feed, long_cuts, numbers, read_all, ring_of, short_cuts


@pytest.mark.parametrize(
    ("back", "numbers_read"),
    [(100, [0, 1, 2, 3]), (2.5, [1, 2, 3]), (0.5, [3]), (0, []), (-5, [])],
)
def test_cursor_starts_at_a_position(back: float, numbers_read: list[int]) -> None:
    ring, _ = ring_of(short_cuts()[:4])
    with ring.cursor(since=ring.now - back) as cursor:
        assert [read.segment.number for read in read_all(cursor)] == numbers_read


def test_cursor_after_the_end_starts_with_the_segment_in_progress() -> None:
    ring, _ = ring_of(long_cuts())
    with ring.cursor(since=ring.now) as cursor:
        read = cursor.next(0)
        assert read is not None
        assert (read.segment.number, read.first) == (2, True)


def test_slow_reader_loses_nothing_to_pruning() -> None:
    ring, clock = ring_of(short_cuts()[:2], seconds=2)
    with ring.cursor() as cursor:
        feed(ring, short_cuts()[2:], clock)
        assert len(ring.segments) == 2
        assert cursor.lag == pytest.approx(10)
        parts: list[MediaPart] = []
        for _ in range(5):
            read = cursor.next(0)
            assert read is not None
            parts.append(read.part)
        assert cursor.lag == pytest.approx(5)
        parts += [read.part for read in read_all(cursor)]
        assert cursor.lag == 0
    assert numbers(short_cuts()[0].init, parts) == list(range(250))


class WatchedPart(Part):
    """A part that supports weak references."""


def test_parts_read_and_pruned_are_freed() -> None:
    ring, clock = ring_of(seconds=1)
    alive: list[weakref.ref[WatchedPart]] = []
    with ring.cursor() as cursor:
        for segment in short_cuts()[:4]:
            part = WatchedPart(1.0, True, segment.parts[0].data)
            alive.append(weakref.ref(part))
            feed(ring, [Cut(segment.init, [part], 1.0)], clock)
            del part
        assert [ref() is not None for ref in alive] == [True] * 4
        cursor.next(0)
        cursor.next(0)
        cursor.next(0)
        gc.collect()
        # The segment being read is kept until the next call.
        assert [ref() is not None for ref in alive] == [False, False, True, True]


def test_live_cursor_starts_with_the_newest_keyframe() -> None:
    ring, clock = ring_of(long_cuts()[:1])
    with ring.cursor(live=True) as cursor:
        assert places(read_all(cursor)) == [(0, 4), (0, 5), (0, 6)]
        feed(ring, long_cuts()[1:2], clock)
        # Lagging 6 s, more than 3 s, it jumps to the newest keyframe.
        reads = read_all(cursor)
    assert places(reads) == [(1, 4), (1, 5), (1, 6)]
    assert [read.jumped for read in reads] == [True, False, False]


def places(reads: Iterable[ReadPart]) -> list[tuple[int, int]]:
    """Segment number and part index of each part."""
    return [(read.segment.number, read.segment.parts.index(read.part)) for read in reads]


def test_live_cursor_within_its_lag_skips_nothing() -> None:
    ring, clock = ring_of(short_cuts()[:1])
    with ring.cursor(live=True, max_lag=3) as cursor:
        feed(ring, short_cuts()[1:4], clock)
        assert [place for place, _ in places(read_all(cursor))] == [0, 1, 2, 3]
        feed(ring, short_cuts()[4:9], clock)
        assert [place for place, _ in places(read_all(cursor))] == [8]


def test_live_cursor_without_a_newer_keyframe_continues() -> None:
    (first, *_) = cut(encode(425, gop=200))
    ring, clock = ring_of([Cut(first.init, first.parts[:1])])
    with ring.cursor(live=True, max_lag=1) as cursor:
        feed(ring, [first], clock)
        assert places(read_all(cursor)) == [(0, index) for index in range(len(first.parts))]


def test_live_cursor_skips_parts_of_before_an_idle_period() -> None:
    ring, clock = ring_of(long_cuts()[:1])
    # An idle camera leaves a segment incomplete.
    feed(ring, [Cut(long_cuts()[1].init, long_cuts()[1].parts[:2])], clock)
    clock.now += 1800
    with ring.cursor(live=True) as cursor:
        assert cursor.next(0) is None
        feed(ring, short_cuts()[:1], clock, run=1)
        assert places(read_all(cursor)) == [(2, 0)]


def test_live_cursor_waits_for_the_first_part_of_an_empty_ring() -> None:
    ring, clock = ring_of()
    with ring.cursor(live=True) as cursor:
        assert cursor.next(0) is None
        feed(ring, short_cuts()[:1], clock)
        assert places(read_all(cursor)) == [(0, 0)]


def test_reader_threads_get_each_part_once_while_writing() -> None:
    ring, clock = ring_of(seconds=2)
    found: list[list[int]] = [[], [], []]
    cursors = [ring.cursor() for _ in found]

    def read(cursor: SegmentCursor, into: list[int]) -> None:
        while len(into) < 40 and (part := cursor.next(30)) is not None:
            into.append(part.segment.number)

    threads = [
        threading.Thread(target=read, args=pair, name="reader")
        for pair in zip(cursors, found, strict=True)
    ]
    for thread in threads:
        thread.start()
    for run in range(4):
        # New objects: the ring ignores parts that it holds.
        feed(ring, [replace(c, parts=[replace(c.parts[0])]) for c in short_cuts()], clock, run=run)
    for thread in threads:
        thread.join(30)
    for cursor in cursors:
        cursor.close()
    assert found == [list(range(40))] * 3
    assert ring.available == pytest.approx(2)


@pytest.mark.parametrize("whole_ring", [True, False])
def test_close_wakes_a_waiting_reader(whole_ring: bool) -> None:
    ring, _ = ring_of(short_cuts()[:1])
    cursor = ring.cursor()
    reading = threading.Event()
    found: list[ReadPart | None] = []

    def read() -> None:
        found.append(cursor.next(None))
        reading.set()
        found.append(cursor.next(None))

    thread = threading.Thread(target=read, name="reader")
    thread.start()
    assert reading.wait(30)
    if whole_ring:
        ring.close()
    else:
        cursor.close()
    thread.join(30)
    assert not thread.is_alive()
    assert cursor.closed
    assert found[1:] == [None]


def test_closed_ring_is_empty_and_ignores_parts() -> None:
    ring, clock = ring_of(short_cuts()[:3])
    ring.close()
    assert (ring.available, ring.size, ring.segments, ring.newest_keyframe) == (0, 0, (), None)
    feed(ring, short_cuts()[3:4], clock)
    assert ring.segments == ()
    with ring.cursor() as cursor:
        assert cursor.closed
        assert cursor.next(None) is None


def test_closed_cursor_holds_nothing() -> None:
    ring, clock = ring_of(short_cuts()[:3])
    cursor = ring.cursor()
    cursor.close()
    feed(ring, short_cuts()[3:4], clock)
    assert cursor.lag == 0
    assert cursor.next(0) is None


def test_settled_cursor_waits_while_the_stream_is_late() -> None:
    segments = short_cuts(12)
    ring, clock = ring_of(segments[:4])
    with ring.cursor() as at_once, ring.cursor(settled=True) as settled:
        clock.now += 5
        feed(ring, segments[4:6], clock)
        assert len(read_all(at_once)) == 6
        assert len(read_all(settled)) == 4
        # It is late for good: the camera's stamps fell back.
        feed(ring, segments[6:9], clock)
        (late, *moved) = read_all(settled)
        assert late.timing.start == pytest.approx(ring.segments[3].end)
        assert [read.timing.start for read in moved] == pytest.approx(
            [ring.segments[5].start + index for index in range(4)]
        )
        assert moved[0].timing.start - late.timing.end == pytest.approx(5)
        clock.now += 5
        feed(ring, segments[9:10], clock)
        assert settled.next(0) is None
        settled.release()
        assert settled.next(0) is not None


@pytest.mark.parametrize(
    ("backlog", "left"),
    [
        (Backlog(2.5, 1 << 40), [7, 8, 9]),
        (Backlog(0, 1 << 40), [8, 9]),
        (Backlog(1e6, 1), [8, 9]),
        (Backlog(100, 1 << 40), list(range(10))),
    ],
)
def test_reader_that_is_stuck_holds_no_more_than_its_backlog(
    backlog: Backlog, left: list[int]
) -> None:
    ring, clock = ring_of(seconds=1)
    with ring.cursor(backlog=backlog) as cursor:
        feed(ring, short_cuts(), clock)
        assert [segment.number for segment in cursor.pending] == left
        reads = read_all(cursor)
    assert [read.segment.number for read in reads] == left
    assert [read.jumped for read in reads] == [len(left) < 10] + [False] * (len(left) - 1)
    assert cursor.lost == pytest.approx(10 - len(left))


def test_segment_read_partly_is_lost_partly() -> None:
    ring, clock = ring_of()
    with ring.cursor(backlog=Backlog(0, 0)) as cursor:
        feed(ring, long_cuts()[:1], clock)
        total = ring.segments[0].duration
        read = cursor.next(0)
        assert read is not None
        feed(ring, short_cuts()[:2], clock, run=1)
        assert cursor.lost == pytest.approx(total - read.timing.duration)
        assert [(one.segment.number, one.jumped) for one in read_all(cursor)] == [
            (1, True),
            (2, False),
        ]
