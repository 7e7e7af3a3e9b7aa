"""The span of a clip on the timeline of a ring."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..segments.segment import Segment


@dataclass(frozen=True, slots=True)
class ClipSpan:
    """What a clip contains."""

    lookback: float
    """Seconds before its trigger."""
    duration: float
    """Seconds after its trigger."""
    trigger: float | None = None
    """Position of the ring; None is the present, or the end of footage of a lost camera."""
    earlier: Sequence[Segment] = ()
    """Segments that the ring has dropped, oldest first."""
