"""Limits of hostile input: time in the event loop, and memory."""

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
"""Multiple of the usual number of cases."""
GROWTH: Final = 64 << 20
"""Most bytes of permanent growth of the process."""
PEAK: Final = 256 << 20
"""Most bytes of temporary growth: an image at the pixel limit takes 144 MB."""
_PAUSE: Final = 0.005


def cases(count: int) -> range:
    """Return the case numbers of a test that has `count` of them by default."""
    return range(count * MULTIPLIER)


def case_random(kind: str, number: int) -> random.Random:
    """Return the random generator of one case: the same in each run, whatever ran before."""
    return random.Random(f"{kind} {number}")  # noqa: S311  # reproducible test cases


def resident() -> int:
    """Return the current memory of the process, in bytes."""
    return os.sysconf("SC_PAGE_SIZE") * int(Path("/proc/self/statm").read_text().split()[1])


def settled_memory() -> int:
    """Return the memory of the process after it has freed what it can."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    return resident()


@asynccontextmanager
async def bounded(*, growth: int = GROWTH, peak: int = PEAK) -> AsyncIterator[None]:
    """Check the cost of a `with` block; blocking work in it must run in threads."""
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
    """Call `attempt` with each input in a thread; return how many succeeded.

    Fails with any error except `expected` ones; each is reported once, with an input that causes it.
    """
    found: dict[str, str] = {}

    def run() -> int:
        taken = 0
        for each in inputs:
            try:
                attempt(each)
            except expected:
                continue
            except Exception as err:  # noqa: BLE001  # any error fails the test, with its case
                found.setdefault(described(err), repr(each)[:1000])
            else:
                taken += 1
        return taken

    taken = await asyncio.to_thread(run)
    assert found == {}, found
    return taken


def described(error: Exception) -> str:
    """Return the name of an error and the line that raised it."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{error!r:.200} at {Path(frame.filename).name}:{frame.lineno}"
