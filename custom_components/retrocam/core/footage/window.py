"""The segments of a playlist: from one time on, up to another or into the present."""

from collections.abc import Sequence
from dataclasses import dataclass
import math

from ..errors import NotHeldError
from .frame_reader import keyframe_cut
from .held import HeldFootage, HeldSegment
from .media_names import Cut


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """What a playlist lists."""

    segments: Sequence[HeldSegment]
    cut: Cut
    """Where the first one begins."""
    start: float
    """UNIX time of its first frame."""
    parts: int | None = None
    """How many parts of the last one belong to it; None for all, also later ones."""
    closed: bool = False
    """Whether nothing will be added."""
    leads: Sequence[float] = ()
    """Of each segment on tape, seconds from its start to its first frame; empty without a tape."""

    @property
    def taped(self) -> bool:
        """Whether some of it is on tape."""
        return bool(self.leads)

    def first_part(self, held: HeldSegment) -> int:
        """Return the index of the first part of a segment that is listed."""
        return self.cut.part if held is self.segments[0] else 0


def window_of(
    footage: HeldFootage, start: float | None, end: float | None, *, final: bool
) -> Window:
    """Return the window from `start` to `end` (UNIX s); None is the oldest, and the present.

    It begins with the keyframe at or before `start`, and ends with the part that has the last frame
    before `end`. With `final`, what is not held yet will not come. Raises NotHeldError.
    """
    first, last = -math.inf if start is None else start, math.inf if end is None else end
    segments = footage.between(first, last)
    if not segments:
        raise NotHeldError("no footage of this time")
    cut, began = Cut(), segments[0].start
    if segments[0].start < first:
        cut, began = keyframe_cut(segments[0], first)
    newest = segments[-1]
    timings = tuple(newest.segment.timings)
    within = sum(newest.time(timing.start) < last for timing in timings)
    closed = end is not None and (final or newest is not footage.segments[-1] or newest.end >= end)
    cut_short = closed and (within < len(timings) or not newest.segment.complete)
    return Window(
        segments=segments,
        cut=cut,
        start=began,
        parts=within if cut_short else None,
        closed=closed,
    )
