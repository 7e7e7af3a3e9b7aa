"""When a ring's parts happened: their positions on its line, and the wall times of its segments."""

from collections.abc import Callable, Iterable
import logging
from typing import Final

from ..errors import FragmentError
from .clock_offset import WallOffset
from .segment import MediaPart, PartMark, PictureTimes, Segment, picture_times
from .timeline import TimeLine

_LOGGER = logging.getLogger(__name__)

_LAG_SECONDS: Final = 60.0
"""How far back a better estimate of the lag holds as well."""


class Dating:
    """Dates the parts of one ring in turn. Locked by its owner."""

    def __init__(self, clock: Callable[[], float], wall_clock: Callable[[], float]) -> None:
        """Begin without a part. `clock` is monotonic, `wall_clock` UNIX time, both in seconds."""
        self._line = TimeLine()
        self._wall_offset = WallOffset(clock, wall_clock)

    @property
    def lag(self) -> float:
        """Seconds from a position to the monotonic time at which it happened, as far as is known."""
        return self._line.lag

    def mark(self, segment: Segment, part: MediaPart, arrived: float) -> PartMark:
        """Lay the next part on the line, with the segment that it will be appended to.

        `arrived` is monotonic time. A part that cannot be read is logged; it lasts as long as it says.
        """
        times = _read_times(segment, part)
        duration = part.duration if times is None else times.end - times.start
        first = not segment.parts
        start = self._line.place(
            segment.run, times, duration=duration, arrival=arrived, first=first
        )
        segment.base = self._line.base
        if first:
            segment.start = start
            segment.lag = self.lag
        return PartMark(
            start=start,
            duration=duration,
            arrived=arrived,
            pictures=times.pictures if times else 0,
            keyframe=segment.base + times.keyframe
            if times and times.keyframe is not None
            else None,
        )

    def date(self, newest: Segment, segments: Iterable[Segment]) -> None:
        """Tell the newest segment when it happened, and earlier ones if they happened earlier.

        `newest` has the part that was marked last. `segments` are all, that one first.
        """
        newest.wall_ahead = self._wall_offset.read()
        for segment in segments:
            if segment.run != newest.run or segment.end < newest.end - _LAG_SECONDS:
                break
            segment.lag = min(segment.lag, self.lag)


def _read_times(segment: Segment, part: MediaPart) -> PictureTimes | None:
    if (video := segment.video) is None:
        return None
    try:
        return picture_times(part, video)
    except FragmentError as err:
        _LOGGER.warning("A part of the stream cannot be read: %s", err)
        return None
