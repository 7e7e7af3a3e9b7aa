"""The ring of segments: limits and timeline."""

from collections.abc import Iterable
from itertools import pairwise

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.retrocam.core.mp4.fragment_reader import samples
from custom_components.retrocam.core.segments.ring import SegmentRing
from custom_components.retrocam.core.segments.segment import Segment

from ..media import (
    WALL,
    Clock,
    Cut,
    Part,
    cut,
    encode,
    feed,
    long_cuts,
    numbers,
    numbers_of,
    read_all,
    ring_of,
    short_cuts,
)

MEGABYTE = 1_000_000


def frame_count(cuts: Iterable[Cut]) -> int:
    return sum(len(numbers(c.init, c.parts)) for c in cuts)


def frame_positions(segments: Iterable[Segment]) -> list[float]:
    """Positions of all frames, in order of presentation within their segment."""
    found: list[float] = []
    for segment in segments:
        assert segment.video is not None
        found += sorted(
            segment.position(sample.pts)
            for part in segment.parts
            for sample in samples(part.data, segment.video)
        )
    return found


@pytest.mark.parametrize("low_latency", [True, False])
@pytest.mark.parametrize(
    ("bframes", "container"), [(0, "mpegts"), (2, "mpegts"), (2, "mp4"), (0, "mp4")]
)
def test_every_frame_once_and_in_order_across_a_restart(
    bframes: int, container: str, low_latency: bool
) -> None:
    first = cut(encode(400, bframes=bframes, container=container), low_latency=low_latency)
    # Worker sequence and camera timestamps restart at 0.
    source = encode(350, first=1000, bframes=bframes, container=container)
    second = cut(source, low_latency=low_latency)
    expected = [*range(392), *range(1000, 1346)]
    if not low_latency:
        expected = [*range(350), *range(1000, 1300)]
    elif bframes:
        # Frame 392 precedes 391 in decoding order; the worker lost 391 when the source broke off.
        expected = [*range(391), 392, *range(1000, 1346)]
    ring, clock = ring_of()
    with ring.cursor() as cursor:
        feed(ring, first, clock, run=1)
        clock.now += 20
        feed(ring, second, clock, run=2)
        reads = read_all(cursor)
    segments = list(dict.fromkeys(read.segment for read in reads))
    assert numbers_of(segments) == expected
    assert [part for s in segments for part in s.parts] == [read.part for read in reads]
    assert [segment.number for segment in segments] == list(range(len(segments)))
    assert [s.discontinuity for s in segments].index(True) == len(first)
    assert sum(s.discontinuity for s in segments) == 1
    assert [read.first for read in reads] == [read.part is read.segment.parts[0] for read in reads]
    shown = frame_positions(segments)
    steps = [later - earlier for earlier, later in pairwise(shown)]
    assert min(steps) == pytest.approx(0.04, abs=1e-3)
    assert max(steps) == pytest.approx(20, abs=1.5)
    # Apart from the restart and the lost frame: with B-frames, the worker sets the first pts of a run
    # too early.
    assert sum(step > 0.041 for step in steps) <= (4 if bframes else 1)


def test_bytes_are_shared_not_copied() -> None:
    cuts = long_cuts()
    ring, _ = ring_of(cuts)
    with ring.cursor() as cursor:
        reads = read_all(cursor)
    given_parts = [part for segment in cuts for part in segment.parts]
    assert all(read.part is part for read, part in zip(reads, given_parts, strict=True))
    # One init serves all segments of the same format.
    assert len({id(segment.init) for segment in ring.segments}) == 1


def test_figures_of_a_filled_ring() -> None:
    cuts = long_cuts()
    ring, clock = ring_of(cuts)
    assert ring.available == pytest.approx(frame_count(cuts) / 25)
    assert ring.size == sum(len(c.init) + sum(len(p.data) for p in c.parts) for c in cuts)
    assert ring.fps == pytest.approx(25)
    assert ring.frame_size == (160, 96)
    assert ring.last_arrival == clock.now
    assert [segment.complete for segment in ring.segments] == [True, True, False]


def test_figures_of_an_empty_ring() -> None:
    ring, clock = ring_of()
    assert (ring.available, ring.size, ring.fps, ring.frame_size) == (0, 0, None, None)
    assert (ring.last_arrival, ring.newest_keyframe, ring.segments) == (None, None, ())
    assert ring.now == clock.now
    ring.finish(1.0)
    assert ring.segments == ()


def test_part_before_any_segment_is_refused() -> None:
    ring, clock = ring_of()
    with pytest.raises(RuntimeError):
        ring.add_part(short_cuts()[0].parts[0])
    feed(ring, short_cuts()[:1], clock)
    with pytest.raises(RuntimeError):
        ring.add_part(short_cuts()[1].parts[0])


def test_limit_of_seconds() -> None:
    ring, _ = ring_of(short_cuts(), seconds=3.5)
    assert numbers_of(ring.segments) == list(range(150, 250))
    assert ring.available == pytest.approx(4)


def test_limit_of_bytes() -> None:
    cuts = short_cuts()
    sizes = [len(c.init) + len(c.parts[0].data) for c in cuts]
    ring, _ = ring_of(cuts, max_bytes=sum(sizes[-3:]))
    assert len(ring.segments) == 3
    ring, _ = ring_of(cuts, max_bytes=sum(sizes[-3:]) - 1)
    assert len(ring.segments) == 2


def test_newest_complete_segment_and_the_one_in_progress_are_kept() -> None:
    ring, _ = ring_of(long_cuts(), seconds=0, max_bytes=0)
    assert [segment.complete for segment in ring.segments] == [True, False]
    assert ring.size == sum(segment.size for segment in ring.segments)


def test_changed_limits_apply_at_once() -> None:
    ring, clock = ring_of(short_cuts()[:8], seconds=6)
    assert ring.available == pytest.approx(6)
    ring.limit(2, MEGABYTE)
    assert numbers_of(ring.segments) == list(range(150, 200))
    ring.limit(30, MEGABYTE)
    assert ring.limits == pytest.approx((30, MEGABYTE))
    feed(ring, short_cuts()[8:], clock)
    assert numbers_of(ring.segments) == list(range(150, 250))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.sampled_from(["segment", "restart", "break off"]),
            st.tuples(st.floats(0, 12), st.integers(0, 60_000)),
        ),
        max_size=30,
    )
)
def test_pruning_is_exact(steps: list[str | tuple[float, int]]) -> None:
    ring, clock = ring_of(seconds=5, max_bytes=40_000)
    cuts, run = iter(short_cuts(32)), 0
    for step in steps:
        if isinstance(step, tuple):
            ring.limit(*step)
        else:
            made = next(cuts)
            run += step == "restart"
            feed(
                ring,
                [Cut(made.init, made.parts, 0 if step == "break off" else 1.0)],
                clock,
                run=run,
            )
        held, (seconds, max_bytes) = ring.segments, ring.limits
        assert ring.size == sum(segment.size for segment in held)
        assert ring.available == pytest.approx(sum(segment.duration for segment in held))
        keep = 1 + bool(held and not held[-1].complete)
        rest = sum(segment.duration for segment in held[1:])
        assert len(held) <= keep or (ring.size <= max_bytes and rest < seconds)


def test_segment_that_broke_off_is_completed() -> None:
    first, second = short_cuts()[:2]
    ring, clock = ring_of([Cut(first.init, first.parts)])
    assert [s.complete for s in ring.segments] == [False]
    feed(ring, [second], clock, run=1)
    assert [s.complete for s in ring.segments] == [True, True]
    assert [s.duration for s in ring.segments] == pytest.approx([1, 1])
    assert [s.number for s in ring.segments] == [0, 1]


def test_segment_without_parts_is_not_added() -> None:
    cuts = short_cuts()
    ring, clock = ring_of(cuts[:1])
    ring.begin(1, cuts[1].init)
    feed(ring, cuts[1:2], clock, run=2)
    assert [(s.number, s.run) for s in ring.segments] == [(0, 0), (1, 2)]


def test_part_added_twice_is_held_once() -> None:
    complete, _, broken = long_cuts()
    ring, clock = ring_of([complete, Cut(broken.init, broken.parts[:2])])
    assert ring.holds(broken.parts[1])
    assert not ring.holds(broken.parts[2])
    # A writer that returns adds the current segment from its start.
    feed(ring, [complete, broken], clock)
    assert numbers_of(ring.segments) == numbers(complete.init, complete.parts) + numbers(
        broken.init, broken.parts
    )
    assert len(ring.segments) == 2


def test_new_size_is_a_discontinuity() -> None:
    ring, clock = ring_of(short_cuts()[:2])
    feed(ring, cut(encode(200, size=(192, 108))), clock)
    assert [segment.discontinuity for segment in ring.segments] == [False, False, True, False]
    assert ring.frame_size == (192, 108)


def test_gap_is_kept_on_the_timeline() -> None:
    ring, clock = ring_of(short_cuts()[:2])
    clock.now += 30
    feed(ring, short_cuts(), clock, run=1)
    # The ring ignores parts that it holds.
    before, after = ring.segments[1:3]
    assert after.start - before.end == pytest.approx(32)
    assert ring.available == pytest.approx(10)


def test_wall_time_follows_the_part_with_the_least_delay() -> None:
    ring, clock = ring_of()
    began = clock.now
    delays = [0.9, 0.3, 0.7, 0.5]
    for index, (segment, delay) in enumerate(zip(short_cuts(), delays, strict=False)):
        clock.now = began + index + 1 + delay
        ring.begin(0, segment.init)
        ring.add_part(segment.parts[0])
        ring.finish(1.0)
    # Each appears 0.3 s late: the least delay is unknown.
    assert [s.wall(s.start) for s in ring.segments] == [
        pytest.approx(WALL + index + 0.3) for index in range(4)
    ]
    assert ring.now == pytest.approx(ring.segments[-1].end + 0.2)


def test_burst_of_old_segments_is_dated_before_its_arrival() -> None:
    clock = Clock()
    ring = SegmentRing(100, MEGABYTE, clock, clock.wall)
    for segment in short_cuts():
        ring.begin(0, segment.init)
        ring.add_part(segment.parts[0])
        ring.finish(1.0)
    assert [s.wall(s.start) for s in ring.segments] == [
        pytest.approx(WALL - 10 + index) for index in range(10)
    ]
    with ring.cursor(since=ring.now - 2.5) as cursor:
        assert [read.segment.number for read in read_all(cursor)] == [7, 8, 9]


def test_wall_clock_step_applies_from_the_next_part() -> None:
    ring, clock = ring_of(short_cuts()[:2])
    clock.wall_ahead += 3600
    feed(ring, short_cuts()[2:4], clock)
    assert [s.wall(s.start) - WALL for s in ring.segments] == pytest.approx([0, 1, 3602, 3603])
    # The ring's timeline does not change.
    assert [s.start - ring.segments[0].start for s in ring.segments] == pytest.approx([0, 1, 2, 3])


def test_newest_keyframe_within_a_segment() -> None:
    ring, _ = ring_of(long_cuts()[:1])
    found = ring.newest_keyframe
    assert found is not None
    assert (found.segment.number, found.index) == (0, 4)
    assert found.part is long_cuts()[0].parts[4]
    assert found.position == pytest.approx(found.segment.start + 4)


def test_damaged_parts_are_kept_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    good, after = short_cuts()[:2]
    broken = Part(1.5, True, good.parts[0].data[:-1])
    ring, clock = ring_of([good])
    feed(ring, [Cut(good.init, [broken], 1.25), after], clock)
    assert "Cannot read a part" in caplog.text
    assert [s.duration for s in ring.segments] == pytest.approx([1, 1.25, 1])
    assert ring.available == pytest.approx(3.25)
    (timing,) = ring.segments[1].timings
    assert (timing.start, timing.frames, timing.keyframe) == (ring.segments[0].end, 0, None)


def test_damaged_init_is_logged_and_its_parts_are_kept(caplog: pytest.LogCaptureFixture) -> None:
    (good,) = short_cuts()[:1]
    ring, clock = ring_of([Cut(b"noise", good.parts, 1.0)])
    assert "Cannot read the header" in caplog.text
    assert (ring.available, ring.fps, ring.frame_size) == (1.0, None, None)
    assert ring.newest_keyframe is None
    with pytest.raises(ValueError, match="no readable init"):
        ring.segments[0].position(0)
    assert ring.segments[0].start == clock.now - good.parts[0].duration


def test_part_with_audio_alone_has_the_duration_of_the_worker() -> None:
    (good,) = short_cuts()[:1]
    ring, _ = ring_of([Cut(good.init, [*good.parts, Part(0.5, False, b"\0\0\0\x08free")], 1.5)])
    assert [timing.frames for timing in ring.segments[0].timings] == [25, 0]
    assert ring.available == pytest.approx(1.5)
