"""Which media files must go so that the rest keeps within its limits: pure functions of an index.

First in, first out. Two cases need more than that:

- A clock that was ahead and is put right leaves files dated in the future. Kept as "the newest",
  they would push out every new picture until the clock has caught up; so they go first.
- A disk that something else has filled cannot be helped by deleting a history that is smaller than
  what is missing: then nothing is deleted, and it is for the caller to stop writing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .index import MediaIndex

DAY: Final = 86_400
FUTURE: Final = 10.0
"""Seconds that a file's time may be ahead of the clock before it counts as wrong."""

_BLOCK: Final = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a store may hold; 0 is no limit."""

    count: int = 0
    """Files."""
    days: float = 0.0
    """Age of a file in days."""
    size: int = 0
    """Bytes of all files; thumbnails are not counted."""
    min_free: int = 0
    """Bytes that must stay free on the disk."""


def excess(
    index: MediaIndex, limits: Limits, now: float, *, latest: float = 0.0, missing: int = 0
) -> NDArray[np.int64]:
    """Choose the files to delete: positions in the index, ascending, each once.

    `now` is UNIX time in seconds, and `latest` the time of the last picture that came: where a
    camera's clock is ahead of ours, what it has sent until then is not of the future. `missing` is
    how many bytes must be freed on the disk; when all files together are less, it counts as 0.
    """
    total = len(index)
    aged = 0
    if limits.days:
        aged = index.position(round((now - limits.days * DAY) * 1000))
    count = max(0, total - limits.count) if limits.count else 0
    size = max(0, index.total_bytes - limits.size) if limits.size else 0
    if missing <= index.total_bytes:
        size = max(size, missing)
    count -= aged
    size -= int(index.sizes(0, aged).sum()) if size > 0 else 0
    future = max(aged, index.position(round((max(now, latest) + FUTURE) * 1000) + 1))
    late = _needed(index, range(total - 1, future - 1, -1), count, size)
    count -= late
    size -= int(index.sizes(total - late, total).sum())
    early = aged + _needed(index, range(aged, future), count, size)
    return np.concatenate((np.arange(early), np.arange(total - late, total)))


def excess_beside(
    index: MediaIndex,
    limits: Limits,
    now: float,
    spared: Callable[[NDArray[np.int64]], NDArray[np.bool_]],
    *,
    latest: float = 0.0,
    missing: int = 0,
) -> NDArray[np.int64]:
    """Choose as `excess`, but none of the files that are spared, which `spared` tells by times in ms.

    The bytes that are missing on the disk and that these do not give are taken from others.
    """
    wanted = missing
    while True:
        found = excess(index, limits, now, latest=latest, missing=wanted)
        kept = spared(index.times[found])
        more = missing + int(index.sizes()[found[kept]].sum()) if missing else 0
        if more == wanted or more > index.total_bytes:
            return found[~kept]
        wanted = more


def _needed(index: MediaIndex, order: range, count: int, size: int) -> int:
    """Count how many files, taken in this order, make up at least `count` files and `size` bytes.

    All of them, when they do not. Looks at the sizes of few more files than it takes, since this
    runs after each picture.
    """
    taken, block = min(max(count, 0), len(order)), _BLOCK
    size -= _bytes(index, order[:taken])
    while size > 0 and taken < len(order):
        part = order[taken : taken + block]
        sums = np.cumsum(_sizes(index, part))
        places = int(sums.searchsorted(size)) + 1
        size -= int(sums[min(places, len(part)) - 1])
        taken += min(places, len(part))
        block *= 2
    return taken


def _sizes(index: MediaIndex, order: range) -> NDArray[np.int64]:
    if order.step > 0:
        return index.sizes(order.start, order.stop)
    return index.sizes(order.stop + 1, order.start + 1)[::-1]


def _bytes(index: MediaIndex, order: range) -> int:
    return int(_sizes(index, order).sum()) if order else 0
