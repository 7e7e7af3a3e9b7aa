"""A queue with a limit, for jobs that each cost much: who comes when it is full is refused at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from .errors import BusyError


class Admission:
    """Lets a few jobs run at once and some more wait, in order. Used in one event loop."""

    def __init__(self, *, running: int, waiting: int) -> None:
        """Take how many jobs may run at once, and how many more may wait."""
        self._slots = asyncio.Semaphore(running)
        self._most = running + waiting
        self._admitted = 0

    @property
    def admitted(self) -> int:
        """How many jobs run or wait."""
        return self._admitted

    @asynccontextmanager
    async def enter(self) -> AsyncIterator[None]:
        """Wait for a place and keep it for the block. Raises BusyError when too many wait already."""
        if self._admitted >= self._most:
            raise BusyError(f"{self._admitted} jobs run or wait already")
        self._admitted += 1
        try:
            async with self._slots:
                yield
        finally:
            self._admitted -= 1
