"""Whether memory is flat: what a process holds whenever nobody visits, over its life.

Held is what was asked for and not freed. What is resident tells less: glibc keeps freed memory in an
arena for each thread that ran at the same time, in pieces that it cannot give back, and keeps the more
of it the longer chance plays. Home Assistant's images bring another allocator.
"""

from collections.abc import Sequence
from itertools import combinations
import statistics
from typing import Final

type Point = tuple[float, float]
"""Seconds, and bytes."""

LONG: Final = 3600.0
"""Seconds from which on a life can show a slow leak."""
LONG_BOUND: Final = 1e6
"""Bytes an hour that memory may grow in such a life."""
SHORT_BOUND: Final = 64e6
"""Bytes that memory may grow in a shorter one: a leak that shows in minutes grows by far more."""


def slope(points: Sequence[Point]) -> float:
    """Return the slope of a line through points, y by x: Theil and Sen's, whatever strays.

    Raises statistics.StatisticsError for fewer than two points of different x.
    """
    return statistics.median(
        (after[1] - before[1]) / (after[0] - before[0])
        for before, after in combinations(sorted(points), 2)
        if after[0] != before[0]
    )


def after_first_tenth(points: Sequence[Point]) -> list[Point]:
    """Leave out the first tenth of the time: caches and pools fill."""
    first, last = points[0][0], points[-1][0]
    return [point for point in points if point[0] >= first + (last - first) / 10]


def growth(points: Sequence[Point]) -> tuple[float, float, float]:
    """Return bytes an hour, bytes from begin to end of the line, and seconds; the first tenth apart."""
    kept = after_first_tenth(points)
    seconds = kept[-1][0] - kept[0][0]
    rise = slope(kept)
    return rise * 3600, rise * seconds, seconds


def is_flat(points: Sequence[Point]) -> bool:
    """Tell whether memory does not grow."""
    an_hour, in_all, seconds = growth(points)
    return an_hour <= LONG_BOUND if seconds >= LONG else in_all <= SHORT_BOUND
