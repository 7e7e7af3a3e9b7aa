"""Positions of a ring's parts, and wall times of its segments."""

from collections.abc import Callable, Iterable
import logging
from typing import Final

from ..errors import FragmentError
from .clock_offset import WallOffset
from .drift import Correction
from .segment import FrameTimes, MediaPart, PartTiming, Segment, frame_times
from .timeline import Timeline

_LOGGER = logging.getLogger(__name__)

LAG_SECONDS: Final = 60.0
"""Seconds back to which a lower estimate of the lag is applied."""


class SegmentTiming:
    """Places the parts of one ring on its timeline, in order. Not thread-safe: the ring locks it."""

    def __init__(self, clock: Callable[[], float], wall_clock: Callable[[], float]) -> None:
        """Start without parts. `clock` is monotonic, `wall_clock` UNIX time, both in seconds."""
        self._timeline = Timeline()
        self._wall_offset = WallOffset(clock, wall_clock)

    @property
    def lag(self) -> float:
        """Estimated seconds to add to a position for the monotonic time of capture."""
        return self._timeline.lag

    def place(self, segment: Segment, part: MediaPart, arrived: float) -> PartTiming:
        """Place the next part, before it is appended to `segment`.

        `arrived` is monotonic time. A part that cannot be read is logged and keeps its own duration.
        """
        times = _read_times(segment, part)
        duration = part.duration if times is None else times.end - times.start
        first = not segment.parts
        line = self._timeline
        start = line.place(segment.run, times, duration=duration, arrival=arrived, first=first)
        if first:
            segment.start = start
            segment.lag = self.lag
        media_start, keyframe = 0.0, None
        if times is not None:
            media_start, duration = times.start, line.rate * duration
            if times.keyframe is not None:
                keyframe = min(line.part_base + line.rate * times.keyframe, line.limit)
        return PartTiming(
            start=start,
            duration=min(duration, line.limit - start),
            arrived=arrived,
            frames=times.frames if times else 0,
            keyframe=keyframe,
            media_start=media_start,
            base=line.part_base,
            rate=line.rate,
            limit=line.limit,
        )

    def correct(self, segments: Iterable[Segment]) -> bool:
        """Correct the timings of the newest parts if stamps turn out not to follow time.

        `segments` are all, newest first; their newest part was placed last. Marks the parts that no
        correction can change as settled. Returns whether it has corrected any.
        """
        correction = self._timeline.correct()
        late = self._timeline.late
        count = correction.parts if correction else 0
        for segment in segments:
            parts = len(segment.parts)
            if correction is not None:
                if count or correction.shift:
                    _correct(segment, correction, count)
                lag = self.lag if count else segment.lag - correction.shift
                segment.lag = max(lag, correction.least_lag)
            elif not late and segment.settled == parts:
                break
            segment.settled = max(segment.settled, parts - late)
            count, late = max(0, count - parts), max(0, late - parts)
        return correction is not None

    def update_wall_times(self, newest: Segment, segments: Iterable[Segment]) -> None:
        """Set the wall time of the newest segment, and lower the lag of recent ones of its run.

        `newest` has the part that was placed last. `segments` are all, newest first.
        """
        newest.wall_ahead = self._wall_offset.read()
        for segment in segments:
            if segment.run != newest.run or segment.end < newest.end - LAG_SECONDS:
                break
            segment.lag = min(segment.lag, self.lag)


def _correct(segment: Segment, correction: Correction, count: int) -> None:
    """Correct the newest `count` timings of a segment, and shift those before."""
    earlier = max(0, len(segment.timings) - count)
    for index, timing in enumerate(segment.timings):
        if index >= earlier:
            segment.timings[index] = timing.remap(*correction.mapping)
        elif correction.shift:
            segment.timings[index] = timing.shift(correction.shift)
    segment.start = segment.timings[0].start
    segment.duration = sum(timing.duration for timing in segment.timings)


def _read_times(segment: Segment, part: MediaPart) -> FrameTimes | None:
    if (video := segment.video) is None:
        return None
    try:
        return frame_times(part, video)
    except FragmentError as err:
        _LOGGER.warning("Cannot read a part of the stream: %s", err)
        return None
