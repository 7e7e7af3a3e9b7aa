"""A bounded queue for costly jobs: refuses new ones at once while it is full."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import override

from .errors import BusyError


class JobLimiter:
    """Runs a few jobs at once and queues some more, in order. Used in one event loop."""

    def __init__(self, *, running: int, waiting: int) -> None:
        self._slots = asyncio.Semaphore(running)
        self._max_jobs = running + waiting
        self._jobs = 0

    @property
    def is_full(self) -> bool:
        """Whether `enter` would refuse a job."""
        return self._jobs >= self._max_jobs

    @asynccontextmanager
    async def enter(self) -> AsyncIterator[None]:
        """Wait for a slot and keep it for the block. Raises BusyError while the queue is full."""
        if self.is_full:
            raise BusyError(f"{self._jobs} jobs are running or waiting")
        self._jobs += 1
        try:
            async with self._slots:
                yield
        finally:
            self._jobs -= 1


class GuestLimiter(JobLimiter):
    """A limiter in which guests get half the places at most: they never keep the others waiting."""

    def __init__(self, *, running: int, waiting: int) -> None:
        super().__init__(running=running, waiting=waiting)
        self.guests = running // 2
        """Jobs of guests at once."""
        self._guests = JobLimiter(running=self.guests, waiting=waiting // 2)

    @override
    @asynccontextmanager
    async def enter(self, *, guest: bool = False) -> AsyncIterator[None]:
        """Wait for a slot and keep it for the block. Raises BusyError while the queue is full."""
        async with AsyncExitStack() as slots:
            if guest:
                await slots.enter_async_context(self._guests.enter())
            await slots.enter_async_context(super().enter())
            yield
