"""Segments that are held, in wall time.

All times are UNIX seconds. A segment's position on the ring's timeline gives its time by the present
offset of the wall clock: when the clock is set, all footage in memory moves with it, and nothing
overlaps. A later reading may tell an earlier time of the same frame, by as much as the lag of its
segment fell meanwhile (`Segment.lag`), mostly milliseconds; it tells no later one.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
import math
from typing import Final, Protocol

from ..errors import NotHeldError
from ..segments.ring import SegmentRing
from ..segments.segment import PartTiming, Segment

MIN_GAP: Final = 1.0
"""Seconds without a new frame that count as a gap, unless they are less than three frames."""
TOLERANCE: Final = 0.0006
"""Seconds by which a time may precede that of its frame: times are told in milliseconds."""


class Where(StrEnum):
    """Where footage is held."""

    MEMORY = "memory"
    TAPE = "tape"


@dataclass(frozen=True, slots=True)
class Span:
    """Footage without a gap, from `start` to `end`."""

    start: float
    end: float
    where: Where


@dataclass(frozen=True, slots=True)
class HeldSegment:
    """A segment and its times."""

    segment: Segment
    shift: float
    """Seconds to add to a position for the wall time."""
    start: float
    end: float
    """End of its last part, but not after the start of the next segment."""
    joined: bool
    """Whether it continues the one before, in the same run and format."""

    def time(self, position: float) -> float:
        """Return the wall time of a position."""
        return position + self.shift

    @property
    def gap(self) -> float:
        """Seconds after its end that count as a gap."""
        frames = sum(timing.frames for timing in self.segment.timings)
        return max(MIN_GAP, 3 * self.segment.duration / frames) if frames else MIN_GAP


class FootageSource(Protocol):
    """Holds segments of one camera."""

    @property
    def where(self) -> Where:
        """Where it holds them."""
        ...

    def held(self, start: float = -math.inf, end: float = math.inf) -> HeldFootage:
        """Return its segments, at least those from `start` to `end`. Any thread; may block."""
        ...


@dataclass(frozen=True, slots=True)
class HeldFootage:
    """Segments as they were held at one time, oldest first. Holds their bytes."""

    segments: Sequence[HeldSegment] = ()

    def at(self, time: float) -> int:
        """Return the index of the segment that shows a time. Raises NotHeldError."""
        index = bisect_right(self.segments, time + TOLERANCE, key=lambda held: held.start) - 1
        if index < 0:
            raise NotHeldError("the time is before the footage")
        held = self.segments[index]
        timings = tuple(held.segment.timings)
        part = max(0, bisect_right(timings, time - held.shift + TOLERANCE, key=_start) - 1)
        end = min(held.end, held.time(timings[part].end))
        next_start = math.inf
        if part + 1 < len(timings):
            next_start = held.time(timings[part + 1].start)
        elif index + 1 < len(self.segments):
            next_start = self.segments[index + 1].start
        if time >= end and next_start - end > held.gap:
            raise NotHeldError("no footage of this time")
        return index

    def position(self, time: float) -> float | None:
        """Return the position of a time, by the segment before it; None without segments."""
        if not self.segments:
            return None
        index = bisect_right(self.segments, time, key=lambda held: held.start) - 1
        return time - self.segments[max(0, index)].shift

    def between(self, start: float, end: float) -> Sequence[HeldSegment]:
        """Return the segments with frames from `start` to `end`."""
        return [held for held in self.segments if held.end > start and held.start < end]

    def spans(
        self, where: Where, after: float = -math.inf, before: float = math.inf
    ) -> Iterator[Span]:
        """Yield the spans without gaps, oldest first, within two times."""
        start = end = gap = -math.inf
        for later_start, later_end, later_gap in self._stretches():
            if later_start - end <= gap:
                end, gap = max(end, later_end), later_gap
                continue
            yield from _clipped(Span(start, end, where), after, before)
            start, end, gap = later_start, later_end, later_gap
        yield from _clipped(Span(start, end, where), after, before)

    def _stretches(self) -> Iterator[tuple[float, float, float]]:
        """Yield start, end and tolerated gap of each part."""
        for held in self.segments:
            gap = held.gap
            for timing in tuple(held.segment.timings):
                start = max(held.start, held.time(timing.start))
                yield start, min(held.end, held.time(timing.end)), gap


def as_named(held: HeldSegment, start: float) -> HeldSegment:
    """Return a segment that ends as late as when it was named, with that start (UNIX time, s).

    Its times may have fallen since, so that it now ends before what its reader asked for.
    """
    return replace(held, end=held.end + max(0.0, start - held.start))


def _start(timing: PartTiming) -> float:
    return timing.start


def _clipped(span: Span, after: float, before: float) -> Iterator[Span]:
    start, end = max(span.start, after), min(span.end, before)
    if end > start and math.isfinite(start):
        yield Span(start, end, span.where)


class RingFootage:
    """What a ring holds. A FootageSource."""

    where: Final = Where.MEMORY

    def __init__(self, ring: SegmentRing) -> None:
        self._ring = ring

    def held(self, start: float = -math.inf, end: float = math.inf) -> HeldFootage:
        """Return all segments of the ring."""
        return HeldFootage(list(timed(self._ring.segments)))


def timed(segments: Sequence[Segment]) -> Iterable[HeldSegment]:
    """Yield segments of one ring with their times, oldest first.

    The delay of capture differs between runs: the start of the later segment ends the earlier one.
    """
    if not segments:
        return
    ahead = segments[-1].wall_ahead
    start = segments[0].start + segments[0].lag + ahead
    before: Segment | None = None
    for segment, later in zip(segments, (*segments[1:], None), strict=True):
        shift, next_start = segment.lag + ahead, math.inf
        if later is not None:
            next_start = max(start, later.start + later.lag + ahead)
        end = min(max(start, segment.end + shift), next_start)
        follows = before is not None and before.number == segment.number - 1
        yield HeldSegment(segment, shift, start, end, follows and not segment.discontinuity)
        before, start = segment, next_start
