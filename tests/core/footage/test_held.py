"""What is held: spans without overlap, in wall time."""

from itertools import pairwise

import pytest

from custom_components.retrocam.core.footage.held import RingFootage, Span, Where
from custom_components.retrocam.core.segments.ring import SegmentRing

from ..media import cut, encode, feed, long_cuts, ring_of
from .runs import GAP, shown, two_restarts


def spans_of(ring: SegmentRing, **query: float) -> list[Span]:
    return list(RingFootage(ring).held().spans(Where.MEMORY, **query))


def test_nothing_is_held_by_an_empty_ring() -> None:
    ring, _ = ring_of()
    assert spans_of(ring) == []


def test_one_span_while_nothing_is_missing() -> None:
    ring, clock = ring_of(long_cuts())
    (span,) = spans_of(ring)
    assert span.end - span.start == pytest.approx(ring.available, abs=0.001)
    assert span.end == pytest.approx(clock.wall(), abs=0.1)


@pytest.mark.parametrize("delay", [0.3, 0.0, -0.001, -0.3])
def test_later_reading_moves_times_by_the_fall_of_the_lag(delay: float) -> None:
    ring, clock = ring_of(long_cuts()[:1])
    oldest = ring.segments[0]
    (first,), start, lag = spans_of(ring), oldest.start, oldest.lag
    clock.now += delay
    feed(ring, long_cuts()[1:2], clock)
    (second,) = spans_of(ring)
    moved = min(delay, 0.0)
    assert oldest.start == start
    assert oldest.lag == pytest.approx(lag + moved)
    assert second.start - first.start == pytest.approx(moved, abs=1e-6)
    added = ring.segments[1].duration
    assert second.end - first.end == pytest.approx(added + moved, abs=1e-6)


def test_restarts_part_the_spans() -> None:
    ring, _ = two_restarts()
    frames = shown(ring)
    spans = spans_of(ring)
    assert len(spans) == 3
    for number, span in enumerate(spans):
        of_run = [frame.time for frame in frames if frame.number // 1000 == number]
        assert span.start == pytest.approx(of_run[0], abs=1e-6)
        assert span.end == pytest.approx(of_run[-1] + 0.04, abs=1e-3)
    for before, after in pairwise(spans):
        assert after.start - before.end == pytest.approx(GAP, abs=1.5)


def test_spans_are_clipped() -> None:
    ring, _ = two_restarts()
    first, second, third = spans_of(ring)
    after, before = first.end - 2, third.start - 1
    assert spans_of(ring, after=after, before=before) == [
        Span(after, first.end, Where.MEMORY),
        second,
    ]
    assert spans_of(ring, after=third.end) == []


@pytest.mark.parametrize("step", [-3600.0, -4.0, 0.5, 86_400.0])
def test_spans_do_not_overlap_when_the_clock_is_set(step: float) -> None:
    ring, clock = ring_of()
    feed(ring, cut(encode(250)), clock)
    clock.wall_ahead += step
    feed(ring, cut(encode(250, first=1000)), clock, run=1)
    spans = spans_of(ring)
    assert spans[-1].end == pytest.approx(clock.wall(), abs=0.2)
    assert sum(span.end - span.start for span in spans) == pytest.approx(ring.available, abs=0.1)
    for before, after in pairwise(spans):
        assert before.start < before.end <= after.start < after.end


def test_silence_inside_a_run_parts_the_spans() -> None:
    ring, clock = ring_of()
    first, *rest = cut(encode(425))
    feed(ring, [first], clock)
    for segment in rest:
        for part in segment.parts:
            part.data = b""
    feed(ring, rest, clock)
    assert spans_of(ring)[0].end <= clock.wall()
