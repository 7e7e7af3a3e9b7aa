"""How long an unload waits for drives. A thread that is left behind ends when its drive answers."""

import asyncio
from typing import Final

PATIENCE: Final = 10.0
"""Seconds in all: `docker stop` kills after 10 s."""
LEAST: Final = 1.0
"""Seconds for each, in any case: what took long before it may have been another drive, or a camera."""


class Deadline:
    """The end of an unload's patience, `PATIENCE` seconds from now. Used in the event loop."""

    def __init__(self) -> None:
        self._end = asyncio.get_running_loop().time() + PATIENCE

    @property
    def left(self) -> float:
        """Seconds left, `LEAST` at least."""
        return max(self._end - asyncio.get_running_loop().time(), LEAST)
