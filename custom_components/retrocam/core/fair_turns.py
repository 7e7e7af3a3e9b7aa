"""Long work of many callers in the event loop, cut into slices.

For work that must run in the event loop, or that holds Python's lock so that a thread would not help:
signing and describing thousands of media files. All callers share one `FairTurns`. A slice takes a few
milliseconds at most, and the next one, of any caller, begins after a rest as long as the slice. So
twenty callers take twenty times as long, and block the loop no longer than one does.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
import time
from typing import Final

MAX_SLICE: Final = 0.005
"""Seconds after which a slice ends; the current item is finished."""


class FairTurns:
    """Gives turns to callers, first come, first served. Used in one event loop."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._lock = asyncio.Lock()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn, and rest after it for as long as it took.

        The block must not await: it would delay all other callers.
        """
        async with self._lock:
            began = self._clock()
            yield
            # With the lock held: no other slice begins meanwhile.
            await asyncio.sleep(self._clock() - began)

    async def map[T, R](self, function: Callable[[T], R], items: Iterable[T]) -> list[R]:
        """Call `function` with each item, in as many turns as needed; return the results in order.

        `items` may be lazy: they are read within the turns. Raises what `function` raises.
        """
        results: list[R] = []
        iterator = iter(items)
        while True:
            async with self.turn():
                end = self._clock() + MAX_SLICE
                for item in iterator:
                    results.append(function(item))
                    if self._clock() >= end:
                        break
                else:
                    return results
