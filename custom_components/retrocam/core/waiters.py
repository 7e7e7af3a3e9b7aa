"""Futures of event loops that wait for a thread."""

import asyncio
from collections.abc import Iterable
import contextlib

from .threads import resolve


class Waiters:
    """Futures of any number of event loops, woken together from any thread.

    `lock` guards the awaited state. It must be re-entrant: the garbage collector may close an
    abandoned reader while it is held. Without a lock, use the instance in one event loop only.
    """

    def __init__(self, lock: contextlib.AbstractContextManager[object] | None = None) -> None:
        self._lock = lock or contextlib.nullcontext()
        self._waiting: dict[asyncio.AbstractEventLoop, set[asyncio.Future[None]]] = {}

    def add(self) -> asyncio.Future[None]:
        """Return the future that the next `wake` resolves. Call with the lock held, then `wait`."""
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[None] = loop.create_future()
        self._waiting.setdefault(loop, set()).add(waiter)
        return waiter

    async def wait(self, waiter: asyncio.Future[None]) -> None:
        """Await a future from `add`, without the lock; cancellation removes the waiter."""
        try:
            await waiter
        finally:
            with self._lock:
                if (waiting := self._waiting.get(waiter.get_loop())) is not None:
                    waiting.discard(waiter)

    def wake(self) -> None:
        """Wake all waiters, by one call to each loop. Any thread, with the lock held."""
        woken, self._waiting = self._waiting, {}
        for loop, waiters in woken.items():
            # A loop closed under its readers has no waiter left.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(_resolve, waiters)


def _resolve(waiters: Iterable[asyncio.Future[None]]) -> None:
    for waiter in waiters:
        resolve(waiter, None)
