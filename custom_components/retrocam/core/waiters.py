"""Who waits in event loops for something that happens in a thread."""

import asyncio
from collections.abc import Iterable
import contextlib

from .threads import resolve


class Waiters:
    """Futures of any number of event loops, which one thread wakes at once. Locked by its owner."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self._waiting: dict[asyncio.AbstractEventLoop, set[asyncio.Future[None]]] = {}

    def add(self) -> asyncio.Future[None]:
        """Return what is to be awaited, in the event loop that runs now."""
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[None] = loop.create_future()
        self._waiting.setdefault(loop, set()).add(waiter)
        return waiter

    def discard(self, waiter: asyncio.Future[None]) -> None:
        """Drop one that was cancelled; who was woken has been dropped by that."""
        if (waiting := self._waiting.get(waiter.get_loop())) is not None:
            waiting.discard(waiter)

    def wake(self) -> None:
        """Have all look again, by one call to each loop; any thread."""
        woken, self._waiting = self._waiting, {}
        for loop, waiters in woken.items():
            # A loop that was closed under its readers has none left.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(_resolve, waiters)


def _resolve(waiters: Iterable[asyncio.Future[None]]) -> None:
    for waiter in waiters:
        resolve(waiter, None)
