"""Futures of event loops that wait for something that happens in a thread."""

import asyncio
from collections.abc import Iterable
import contextlib

from .threads import resolve


class Waiters:
    """Futures of any number of event loops, woken at once by any thread.

    `lock` is that of what is waited for; it must be re-entrant, since the collector may close an
    abandoned reader while it is held. Without one, all of it belongs to one event loop.
    """

    def __init__(self, lock: contextlib.AbstractContextManager[object] | None = None) -> None:
        """Begin without waiters."""
        self._lock = lock or contextlib.nullcontext()
        self._waiting: dict[asyncio.AbstractEventLoop, set[asyncio.Future[None]]] = {}

    def add(self) -> asyncio.Future[None]:
        """Return the future that the next `wake` resolves. Call it with the lock held, then `wait`."""
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[None] = loop.create_future()
        self._waiting.setdefault(loop, set()).add(waiter)
        return waiter

    async def wait(self, waiter: asyncio.Future[None]) -> None:
        """Wait for what `add` returned, without the lock; cancelling it drops the waiter."""
        try:
            await waiter
        finally:
            with self._lock:
                if (waiting := self._waiting.get(waiter.get_loop())) is not None:
                    waiting.discard(waiter)

    def wake(self) -> None:
        """Have all look again, by one call to each loop; any thread, with the lock held."""
        woken, self._waiting = self._waiting, {}
        for loop, waiters in woken.items():
            # A loop that was closed under its readers has none left.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(_resolve, waiters)


def _resolve(waiters: Iterable[asyncio.Future[None]]) -> None:
    for waiter in waiters:
        resolve(waiter, None)
