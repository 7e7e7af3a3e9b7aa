"""When the files of a tape begin and end, by their index.

All of it is arithmetic on arrays: 50,000 files take less than a millisecond.
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..library.index import MediaIndex

MAX_SECONDS: Final = 600.0
"""Seconds of a file, at most."""
CLOCK_STEP: Final = 1.0
"""Seconds by which times may move within a file; a larger step of the clock or the lag ends it."""
_LATEST: Final = 1e10
"""UNIX time after which no file is, s."""
_MIN_GAP_MS: Final = 1000
"""Time between two files that counts as a gap."""


def ends_of(index: MediaIndex, first: int, last: int) -> NDArray[np.int64]:
    """Return the ends of the files from `first` up to `last`, in ms: `(last - first,)`.

    None is after the start of the next; one that is unknown is as late as it can be.
    """
    times = index.times[first : last + 1]
    durations = index.durations[first:last].astype(np.int64)
    lengths = np.where(durations, durations, round(MAX_SECONDS * 1000))
    ends: NDArray[np.int64] = times[: last - first] + lengths
    following = times[1:]
    ends[: len(following)] = np.minimum(ends[: len(following)], following)
    return ends


def last_before(index: MediaIndex, time: float) -> float:
    """Return the end of what files have before a time, at most that time, UNIX s; -inf without any."""
    last = index.position(_whole_ms(time)) - 1
    return min(time, float(ends_of(index, last, last + 1)[0]) / 1000) if last >= 0 else -math.inf


def first_after(index: MediaIndex, time: float) -> float:
    """Return the start of what files have after a time, at least that time, UNIX s; inf without any."""
    later = index.position(_whole_ms(time))
    if later and float(ends_of(index, later - 1, later)[0]) / 1000 > time:
        return time
    return float(index.times[later]) / 1000 if later < len(index) else math.inf


def _whole_ms(time: float) -> int:
    """Return a time in s, also an infinite one, in ms, rounded up."""
    return math.ceil(min(max(time, 0.0), _LATEST) * 1000)


def seconds_of(index: MediaIndex) -> float:
    """Return the seconds of all files."""
    return float((ends_of(index, 0, len(index)) - index.times).sum()) / 1000


def spans_of(
    index: MediaIndex, after: float, before: float, newest: int | None = None
) -> NDArray[np.float64]:
    """Return start and end of the spans without gaps within two times, UNIX s: `(n, 2)`, in order.

    Only the `newest` of them, if given.
    """
    if not len(index):
        return np.zeros((0, 2))
    starts, ends = index.times, ends_of(index, 0, len(index))
    gaps = np.flatnonzero(starts[1:] - ends[:-1] > _MIN_GAP_MS)
    spans = np.empty((len(gaps) + 1, 2))
    spans[0, 0], spans[1:, 0] = starts[0] / 1000, starts[gaps + 1] / 1000
    spans[-1, 1], spans[:-1, 1] = ends[-1] / 1000, ends[gaps] / 1000
    spans = spans[(spans[:, 1] > after) & (spans[:, 0] < before)]
    return np.clip(spans if newest is None else spans[-newest:], after, before)


def with_longest_gaps(spans: NDArray[np.float64], most: int) -> NDArray[np.float64]:
    """Return spans `(n, 2)` joined over their shortest gaps, so that `most` are left."""
    if len(spans) <= most:
        return spans
    gaps = spans[1:, 0] - spans[:-1, 1]
    kept = np.sort(np.argpartition(-gaps, most - 1)[: most - 1])
    starts = np.concatenate((spans[:1, 0], spans[kept + 1, 0]))
    return np.stack((starts, np.concatenate((spans[kept, 1], spans[-1:, 1]))), axis=1)
