"""Long work of many callers in the event loop, cut into slices.

For work that must run in the event loop, or that holds Python's lock so that a thread would not help:
signing and describing thousands of media files. All callers share one `Slices`. A slice is at most a
few milliseconds long, and the loop is left to others for as long as the slice took before the next one
begins, whoever's it is. So twenty callers take twenty times as long, and hold the loop no longer than
one does.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
import time
from typing import Final

LONGEST: Final = 0.005
"""Seconds after which a slice ends; the item in hand is finished."""


class Slices:
    """Gives turns to callers in the order in which they come. Used in one event loop."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        """Measure slices by `clock`, in seconds."""
        self._clock = clock
        self._lock = asyncio.Lock()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn, and rest after it for as long as it took.

        The block must not wait for anything: everybody else's turn comes after it.
        """
        async with self._lock:
            began = self._clock()
            yield
            # With the lock held: no other slice begins meanwhile.
            await asyncio.sleep(self._clock() - began)

    async def each[T, R](self, function: Callable[[T], R], items: Iterable[T]) -> list[R]:
        """Call `function` with each item, in as many turns as it takes; return what it returned.

        `items` may be lazy: they are taken within the turns. Raises what `function` raises.
        """
        results: list[R] = []
        waiting = iter(items)
        more = True
        while more:
            async with self.turn():
                more = self._fill(results, function, waiting)
        return results

    def _fill[T, R](
        self, results: list[R], function: Callable[[T], R], waiting: Iterable[T]
    ) -> bool:
        """Do one slice. Returns whether it ended for want of time."""
        end = self._clock() + LONGEST
        for item in waiting:
            results.append(function(item))
            if self._clock() >= end:
                return True
        return False
