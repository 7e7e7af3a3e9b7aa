"""The longest time that the event loop is blocked: between two of its iterations."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
import time

STRETCH = 1.0
"""Limit in s for tests, on a busy machine."""
_SCHEDSTAT = Path("/proc/thread-self/schedstat")
"""Linux: ns on a core, ns of waiting for one, and time slices of the thread."""


@dataclass(slots=True)
class Lag:
    """Measurements of the loop."""

    turns: int = 0
    longest: float = 0.0
    """Longest time between two iterations, s, without what the thread waited for a core."""


@contextmanager
def loop_lag(pause: float = 0.001) -> Iterator[Lag]:
    """Measure the running loop during a `with` block.

    The loop idles for a `pause` in s between two looks, which counts as blocked. With none it never
    idles, and takes a core for as long as others work.
    """
    loop = asyncio.get_running_loop()
    lag = Lag()
    last, watching = _clock(), True
    handle: asyncio.Handle | None = None

    def turn() -> None:
        nonlocal handle, last
        now = _clock()
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
        lag.longest = max(lag.longest, _clock() - last)


def _clock() -> float:
    """Return a time in s that stands still while this thread is ready but has no core."""
    now = time.perf_counter()
    try:
        waited = int(_SCHEDSTAT.read_bytes().split()[1])
    except OSError:  # other systems
        waited = 0
    return now - waited / 1e9
