"""Rings that hold several runs of a camera, and what was shown when."""

from bisect import bisect_right
from collections.abc import Sequence
from operator import itemgetter
from typing import Any, NamedTuple, Protocol

from custom_components.retrocam.core.segments.cursors import ReadPart
from custom_components.retrocam.core.segments.ring import SegmentRing
from custom_components.retrocam.core.segments.segment import Segment
from custom_components.retrocam.core.segments.timestamps import TimedSegments

from ..media import Clock, cut, encode, feed, numbers, ring_of

SOURCES: dict[str, dict[str, Any]] = {
    "h264": {},
    "reordered": {"bframes": 2},
    "begins before 0": {"bframes": 2, "container": "mp4"},
    "with sound": {"sound": True, "container": "mp4"},
    "h265": {"codec": "libx265", "bframes": 2, "container": "mp4"},
    "mjpeg": {"codec": "mjpeg", "container": "mp4"},
}
GAP = 20.0
"""Seconds between two runs."""


class Shown(NamedTuple):
    """A frame, and the UNIX time from which on it was shown."""

    time: float
    """As it was told when the frame was read."""
    number: int
    segment: Segment
    position: float

    def has_time(self, time: float, *, tolerance: float = 0.0006) -> bool:
        """Return whether a time told later is that of the frame: no part makes it later than it was,
        and none earlier than it is now."""
        now = self.segment.wall(self.position)
        return now - tolerance <= time <= self.time + tolerance


class Holder(Protocol):
    """Holds segments."""

    @property
    def segments(self) -> Sequence[Segment]:
        """Oldest first."""
        ...


def two_restarts(**options: Any) -> tuple[SegmentRing, Clock]:
    """Return a ring with three runs of one camera; frames of a run begin at 0, 1000 and 2000."""
    ring, clock = ring_of()
    for run, count in enumerate((400, 250, 325)):
        source = encode(count, first=1000 * run, **options)
        feed(ring, cut(source), clock, run=run)
        clock.now += GAP
    return ring, clock


def shown(ring: Holder) -> list[Shown]:
    """Return all frames in order, each format and run decoded as a whole."""
    found: list[Shown] = []
    reader = TimedSegments()
    for same in _uninterrupted(ring):
        times = list[tuple[float, Segment, float]]()
        for segment in same:
            for index, timing in enumerate(segment.timings):
                part = segment.parts[index]
                read = reader.read(ReadPart(segment, part, timing, first=index == 0, jumped=False))
                assert read is not None
                positions = [read.position(frame) for frame in read.tracks[0]]
                times += [(segment.wall(position), segment, position) for position in positions]
        parts = [part for segment in same for part in segment.parts]
        readable = [n for n in numbers(same[0].init, parts) if n is not None]
        found += [
            Shown(time, number, segment, position)
            for (time, segment, position), number in zip(
                sorted(times, key=itemgetter(0)), readable, strict=True
            )
        ]
    return found


def _uninterrupted(ring: Holder) -> list[list[Segment]]:
    groups: list[list[Segment]] = []
    for segment in ring.segments:
        if segment.discontinuity or not groups:
            groups.append([])
        groups[-1].append(segment)
    return groups


def shown_at(frames: Sequence[Shown], time: float) -> Shown:
    """Return the frame shown at a time."""
    return frames[bisect_right(frames, time, key=lambda frame: frame.time) - 1]


def between(frames: Sequence[Shown], first: int, last: int) -> list[int]:
    """Return the numbers of the frames that were sent, from one to another."""
    return [frame.number for frame in frames if first <= frame.number <= last]
