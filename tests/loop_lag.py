"""How long the event loop is held: the longest time between two of its turns."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
import time

STRETCH = 1.0
"""Seconds that no stretch may take in the suite, on a machine that does other things as well."""


@dataclass(slots=True)
class Lag:
    """What was seen of the loop."""

    turns: int = 0
    longest: float = 0.0
    """Seconds between two turns, at the most."""


@contextmanager
def loop_lag(pause: float = 0.0) -> Iterator[Lag]:
    """Watch the running loop for the time of a `with` block.

    It never comes to rest meanwhile, or with a `pause` for as many s, which count as held.
    """
    loop = asyncio.get_running_loop()
    lag = Lag()
    last, watching = time.perf_counter(), True
    handle: asyncio.Handle | None = None

    def turn() -> None:
        nonlocal handle, last
        now = time.perf_counter()
        lag.turns += 1
        lag.longest = max(lag.longest, now - last)
        last = now
        if watching:
            handle = loop.call_later(pause, turn) if pause else loop.call_soon(turn)

    handle = loop.call_soon(turn)
    try:
        yield lag
    finally:
        watching = False
        if handle is not None:
            handle.cancel()
        lag.longest = max(lag.longest, time.perf_counter() - last)
