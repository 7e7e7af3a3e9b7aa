"""Reading a ring of segments: each part once, in order, whatever the writer does meanwhile."""

from collections.abc import Iterable
from dataclasses import replace
import gc
import threading
import weakref

import pytest

from custom_components.retrocam.core.segments.ring import MediaPart, ReadPart, SegmentCursor

from ..media import Cut, Part, cut, encode, feed, long_cuts, numbers, read_all, ring_of, short_cuts


@pytest.mark.parametrize(
    ("back", "numbers_read"),
    [(100, [0, 1, 2, 3]), (2.5, [1, 2, 3]), (0.5, [3]), (0, []), (-5, [])],
)
def test_a_cursor_begins_where_it_is_told(back: float, numbers_read: list[int]) -> None:
    ring, _ = ring_of(short_cuts()[:4])
    with ring.cursor(since=ring.now - back) as cursor:
        assert [read.segment.number for read in read_all(cursor)] == numbers_read


def test_a_cursor_for_the_future_begins_with_the_segment_in_progress() -> None:
    ring, _ = ring_of(long_cuts())
    with ring.cursor(since=ring.now) as cursor:
        read = cursor.next(0)
        assert read is not None
        assert (read.segment.number, read.first) == (2, True)


def test_a_slow_reader_loses_nothing_to_pruning() -> None:
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
    """A part that says when it is let go."""


def test_what_was_read_and_pruned_is_let_go() -> None:
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
        # The segment that is being read stays until the reader asks for what comes next.
        assert [ref() is not None for ref in alive] == [False, False, True, True]


def test_a_live_cursor_begins_with_the_newest_keyframe() -> None:
    ring, clock = ring_of(long_cuts()[:1])
    with ring.cursor(live=True) as cursor:
        assert places(read_all(cursor)) == [(0, 4), (0, 5), (0, 6)]
        feed(ring, long_cuts()[1:2], clock)
        # That is 6 s; with no more than 3 s to come it goes on with the newest keyframe.
        reads = read_all(cursor)
    assert places(reads) == [(1, 4), (1, 5), (1, 6)]
    assert [read.jumped for read in reads] == [True, False, False]


def places(reads: Iterable[ReadPart]) -> list[tuple[int, int]]:
    """Number of the segment, and index of the part in it."""
    return [(read.segment.number, read.segment.parts.index(read.part)) for read in reads]


def test_a_live_cursor_within_its_lag_leaves_nothing_out() -> None:
    ring, clock = ring_of(short_cuts()[:1])
    with ring.cursor(live=True, max_lag=3) as cursor:
        feed(ring, short_cuts()[1:4], clock)
        assert [place for place, _ in places(read_all(cursor))] == [0, 1, 2, 3]
        feed(ring, short_cuts()[4:9], clock)
        assert [place for place, _ in places(read_all(cursor))] == [8]


def test_a_live_cursor_without_a_newer_keyframe_reads_on() -> None:
    (first, *_) = cut(encode(425, gop=200))
    ring, clock = ring_of([Cut(first.init, first.parts[:1])])
    with ring.cursor(live=True, max_lag=1) as cursor:
        feed(ring, [first], clock)
        assert places(read_all(cursor)) == [(0, index) for index in range(len(first.parts))]


def test_a_live_cursor_begins_with_nothing_of_before_the_camera_slept() -> None:
    ring, clock = ring_of(long_cuts()[:1])
    # Falling asleep leaves a segment unfinished.
    feed(ring, [Cut(long_cuts()[1].init, long_cuts()[1].parts[:2])], clock)
    clock.now += 1800
    with ring.cursor(live=True) as cursor:
        assert cursor.next(0) is None
        feed(ring, short_cuts()[:1], clock, run=1)
        assert places(read_all(cursor)) == [(2, 0)]


def test_a_live_cursor_waits_for_the_first_part_of_an_empty_ring() -> None:
    ring, clock = ring_of()
    with ring.cursor(live=True) as cursor:
        assert cursor.next(0) is None
        feed(ring, short_cuts()[:1], clock)
        assert places(read_all(cursor)) == [(0, 0)]


def test_readers_in_threads_get_each_part_once_while_it_is_written() -> None:
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
        # New objects: a part that the ring holds is not taken twice.
        feed(ring, [replace(c, parts=[replace(c.parts[0])]) for c in short_cuts()], clock, run=run)
    for thread in threads:
        thread.join(30)
    for cursor in cursors:
        cursor.close()
    assert found == [list(range(40))] * 3
    assert ring.available == pytest.approx(2)


@pytest.mark.parametrize("whole_ring", [True, False])
def test_closing_wakes_a_reader_that_waits(whole_ring: bool) -> None:
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


def test_a_closed_ring_holds_nothing_and_takes_nothing() -> None:
    ring, clock = ring_of(short_cuts()[:3])
    ring.close()
    assert (ring.available, ring.size, ring.segments, ring.newest_keyframe) == (0, 0, (), None)
    feed(ring, short_cuts()[3:4], clock)
    assert ring.segments == ()
    with ring.cursor() as cursor:
        assert cursor.closed
        assert cursor.next(None) is None


def test_a_closed_cursor_lets_go_and_follows_no_more() -> None:
    ring, clock = ring_of(short_cuts()[:3])
    cursor = ring.cursor()
    cursor.close()
    feed(ring, short_cuts()[3:4], clock)
    assert cursor.lag == 0
    assert cursor.next(0) is None
