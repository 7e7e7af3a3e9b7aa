"""Checks that the memory of an idle process does not grow over its life.

The measure is allocated memory that was not freed. Resident memory says less: glibc keeps freed memory
in an arena for each concurrent thread, in pieces that it cannot return, and keeps more of it over
time by chance. Home Assistant's container images use another allocator.
"""

from collections.abc import Sequence
from itertools import combinations
import statistics
from typing import Final

type Point = tuple[float, float]
"""Seconds, and bytes."""

LONG: Final = 3600.0
"""Life in s from which a slow leak is measurable."""
LONG_BOUND: Final = 1e6
"""Most bytes per hour that memory may grow in such a life."""
SHORT_BOUND: Final = 64e6
"""Most bytes that memory may grow in a shorter one: a leak visible in minutes grows by far more."""


def slope(points: Sequence[Point]) -> float:
    """Return the slope of a line through points, y by x: the Theil-Sen estimator, robust to outliers.

    Raises statistics.StatisticsError for fewer than two points of different x.
    """
    return statistics.median(
        (after[1] - before[1]) / (after[0] - before[0])
        for before, after in combinations(sorted(points), 2)
        if after[0] != before[0]
    )


def after_first_tenth(points: Sequence[Point]) -> list[Point]:
    """Drop the first tenth of the time: caches and pools fill."""
    first, last = points[0][0], points[-1][0]
    return [point for point in points if point[0] >= first + (last - first) / 10]


def growth(points: Sequence[Point]) -> tuple[float, float, float]:
    """Return bytes per hour, total growth in bytes, and seconds; without the first tenth."""
    kept = after_first_tenth(points)
    seconds = kept[-1][0] - kept[0][0]
    rise = slope(kept)
    return rise * 3600, rise * seconds, seconds


def is_flat(points: Sequence[Point]) -> bool:
    """Return whether memory does not grow."""
    an_hour, in_all, seconds = growth(points)
    return an_hour <= LONG_BOUND if seconds >= LONG else in_all <= SHORT_BOUND
