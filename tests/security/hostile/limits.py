"""What hostile input may cost: time of the event loop, and memory."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
import ctypes
import gc
import os
from pathlib import Path
import random
import traceback
from typing import Final

from ...loop_lag import STRETCH, loop_lag

MULTIPLIER: Final = int(os.environ.get("RETROCAM_HOSTILE", "1"))
"""How many times as many cases as usual are tried."""
GROWTH: Final = 64 << 20
"""Bytes by which the process may grow and stay so."""
PEAK: Final = 256 << 20
"""Bytes by which it may grow for a moment: a picture at the limit of pixels has 144 MB."""
_PAUSE: Final = 0.005


def cases(count: int) -> range:
    """Return the numbers of the cases of a test that usually has `count` of them."""
    return range(count * MULTIPLIER)


def case_random(kind: str, number: int) -> random.Random:
    """Return the generator of one case: the same in each run, whatever ran before."""
    return random.Random(f"{kind} {number}")  # noqa: S311  # of test cases, which are to be the same each time


def resident() -> int:
    """Return the memory that the process has now, in bytes."""
    return os.sysconf("SC_PAGE_SIZE") * int(Path("/proc/self/statm").read_text().split()[1])


def settled_memory() -> int:
    """Return the memory of the process once it has given back what it no longer needs."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    return resident()


@asynccontextmanager
async def bounded(*, growth: int = GROWTH, peak: int = PEAK) -> AsyncIterator[None]:
    """Check what a `with` block costs; what blocks in it runs in threads."""
    before = highest = settled_memory()

    async def watch() -> None:
        nonlocal highest
        while True:
            highest = max(highest, resident())
            await asyncio.sleep(_PAUSE)

    watching = asyncio.create_task(watch())
    try:
        with loop_lag(_PAUSE) as lag:
            yield
    finally:
        watching.cancel()
    assert lag.longest < STRETCH, f"held for {lag.longest} s"
    assert highest - before < peak, f"grew by {highest - before >> 20} MB for a moment"
    kept = settled_memory() - before
    assert kept < growth, f"grew by {kept >> 20} MB"


async def try_all[T](
    attempt: Callable[[T], object], inputs: Iterable[T], expected: tuple[type[Exception], ...]
) -> int:
    """Call `attempt` with each input in a thread; return how many of them it took.

    Fails with any error but the `expected` ones; each is shown once, with an input that it is for.
    """
    found: dict[str, str] = {}

    def run() -> int:
        taken = 0
        for each in inputs:
            try:
                attempt(each)
            except expected:
                continue
            except Exception as err:  # noqa: BLE001  # whatever it is, it fails the test, with its case
                found.setdefault(described(err), repr(each)[:1000])
            else:
                taken += 1
        return taken

    taken = await asyncio.to_thread(run)
    assert found == {}, found
    return taken


def described(error: Exception) -> str:
    """Name an error and the line that raised it."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{error!r:.200} at {Path(frame.filename).name}:{frame.lineno}"
