"""The end of a live playlist, from which a player counts back to begin."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LiveEdge:
    """End of a live playlist, when it was loaded."""

    distance: float
    """Seconds before the end at which a player begins by itself."""
    window: float
    """Seconds that the playlist lists."""
    segment: float
    """Maximum duration of a segment, s: its end may lie so far behind that of another playlist."""
    date: float | None
    """UNIX time of the end; None if the playlist does not state it."""


def usual_distance(edge: LiveEdge | None) -> float:
    """Return the seconds before its end at which a live playlist begins by itself; 0 for others."""
    return 0.0 if edge is None else edge.distance
