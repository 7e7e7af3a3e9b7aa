"""Selection of the media files to delete: pure functions of an index.

First in, first out, with two exceptions:

- A clock that was ahead and is put right leaves files dated in the future. As "the newest" they
  would push out every new image until the clock has caught up, so they are deleted first.
- Where more bytes are missing on the disk than all files have, deleting them does not help: then
  none is deleted, and the caller has to stop writing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .index import MediaIndex

DAY: Final = 86_400
FUTURE: Final = 10.0
"""Seconds by which a file's time may be ahead of the clock."""

_BLOCK: Final = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Limits of a library; 0 is no limit."""

    count: int = 0
    """Files."""
    days: float = 0.0
    """Age of a file in days."""
    size: int = 0
    """Bytes of all files, without thumbnails."""
    min_free: int = 0
    """Bytes that must stay free on the disk."""


def excess(
    index: MediaIndex, limits: Limits, now: float, *, newest: float = 0.0, missing: int = 0
) -> NDArray[np.int64]:
    """Return the positions of the files to delete, ascending and unique.

    `now` is UNIX time in seconds, and `newest` the time of the last file added: where a camera's
    clock is ahead of ours, files up to then are not of the future. `missing` is the number of bytes to
    free on the disk; if all files together have less, it counts as 0.
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
    future = max(aged, index.position(round((max(now, newest) + FUTURE) * 1000) + 1))
    late = _needed(index, range(total - 1, future - 1, -1), count, size)
    count -= late
    size -= int(index.sizes(total - late, total).sum())
    early = aged + _needed(index, range(aged, future), count, size)
    return np.concatenate((np.arange(early), np.arange(total - late, total)))


def excess_unprotected(
    index: MediaIndex,
    limits: Limits,
    now: float,
    protected: Callable[[NDArray[np.int64]], NDArray[np.bool_]],
    *,
    newest: float = 0.0,
    missing: int = 0,
) -> NDArray[np.int64]:
    """Select as `excess`, without the files whose times, in ms, are `protected`.

    Others are deleted in their place if bytes are missing on the disk.
    """
    to_free = missing
    while True:
        positions = excess(index, limits, now, newest=newest, missing=to_free)
        kept = protected(index.times[positions])
        needed = missing + int(index.sizes()[positions[kept]].sum()) if missing else 0
        if needed == to_free or needed > index.total_bytes:
            return positions[~kept]
        to_free = needed


def _needed(index: MediaIndex, order: range, count: int, size: int) -> int:
    """Return how many files, in this order, make up at least `count` files and `size` bytes.

    All of them if they do not. Reads few more sizes than it counts, since it runs for each image.
    """
    taken, block = min(max(count, 0), len(order)), _BLOCK
    size -= int(_sizes(index, order[:taken]).sum())
    while size > 0 and taken < len(order):
        sums = np.cumsum(_sizes(index, order[taken : taken + block]))
        more = min(int(sums.searchsorted(size)) + 1, len(sums))
        size -= int(sums[more - 1])
        taken += more
        block *= 2
    return taken


def _sizes(index: MediaIndex, order: range) -> NDArray[np.int64]:
    if order.step > 0:
        return index.sizes(order.start, order.stop)
    return index.sizes(order.stop + 1, order.start + 1)[::-1]
