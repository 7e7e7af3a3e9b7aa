"""Waiting for a condition that other threads or processes fulfil."""

import asyncio
from collections.abc import Callable

POLL = 1 / 50
WITHIN = 90.0
"""Seconds until a wait counts as hanging, on the busiest machine."""


async def until(condition: Callable[[], object], *, within: float = WITHIN) -> None:
    """Return once `condition` holds. Raises TimeoutError."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(within):
        while not condition():
            turn = asyncio.Event()
            handle = loop.call_later(POLL, turn.set)
            try:
                await turn.wait()
            finally:
                handle.cancel()
