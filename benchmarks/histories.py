"""A large snapshot history: scan, memory and listing. Part of the case `snapshots`.

It consists of small files in a temporary directory, with names a second apart, in the page cache. The
stall is the longest delay of a 1 ms timer of an event loop while another thread loads the store. The
index's peak is traced Python memory during the load.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
import statistics
import tempfile
import time
import tracemalloc

from benchmarks.measuring import Details, Result, repeats
from custom_components.retrocam.core.library.files import format_name
from custom_components.retrocam.core.library.snapshots import snapshot_library
from custom_components.retrocam.core.library.store import MediaLibrary

START = 1_760_000_000
"""UNIX time of the first snapshot, s."""


def per_call(function: Callable[[], object], calls: int = 500) -> float:
    """Return the wall time of a call in ms."""
    start = time.perf_counter()
    for _ in range(calls):
        function()
    return (time.perf_counter() - start) / calls * 1000


def fill(directory: Path, count: int) -> None:
    for number in range(count):
        (directory / format_name((START + number) * 1000, "jpg")).write_bytes(b"x")


async def load_beside_a_loop(store: MediaLibrary) -> tuple[float, float]:
    """Load in a thread: its duration in s, and the loop's longest stall in ms."""
    worst, running = 0.0, True

    async def beat() -> None:
        nonlocal worst
        while running:
            due = time.perf_counter() + 0.001
            await asyncio.sleep(0.001)  # measures how late the timer fires
            worst = max(worst, time.perf_counter() - due)

    # The thread must have started, and the loop have settled.
    await asyncio.to_thread(len, "")
    heart = asyncio.create_task(beat())
    await asyncio.sleep(0.02)  # some ticks
    worst, start = 0.0, time.perf_counter()
    await asyncio.to_thread(store.load)
    seconds = time.perf_counter() - start
    running = False
    await heart
    return seconds, worst * 1000


def history(directory: Path, count: int, runs: int) -> Details:
    fill(directory, count)
    loads = [asyncio.run(load_beside_a_loop(snapshot_library(directory))) for _ in range(runs)]
    tracemalloc.start()
    store = snapshot_library(directory)
    store.load()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    middle = START + count / 2
    return {
        "files": count,
        "scan_s": round(statistics.median(seconds for seconds, _ in loads), 3),
        "stall_ms": round(statistics.median(stall for _, stall in loads), 2),
        "stall_ms_worst": round(max(stall for _, stall in loads), 2),
        "bytes_per_file": round(store.index.nbytes / count, 2),
        "peak_bytes_per_file": round(peak / count, 1),
        "list_50_ms": round(per_call(lambda: list(store.page(50))), 4),
        "list_50_before_ms": round(per_call(lambda: list(store.page(50, before=middle))), 4),
        "refresh_ms": round(per_call(store.refresh), 4),
    }


def small_history(directory: Path) -> float:
    """Return the ms for listing 50 of 1,000, to check that it does not grow."""
    fill(directory, 1000)
    store = snapshot_library(directory)
    store.load()
    return round(per_call(lambda: list(store.page(50))), 4)


def histories(files: int, runs: int) -> Details:
    with tempfile.TemporaryDirectory() as large, tempfile.TemporaryDirectory() as small:
        figures = history(Path(large), files, runs)
        return {**figures, "list_50_of_1000_ms": small_history(Path(small))}


def history_results() -> list[Result]:
    figures = histories(100_000, repeats(5))
    many = f"{figures['files']} snapshots"
    newest, of_few = figures["list_50_ms"], figures["list_50_of_1000_ms"]
    return [
        Result(what=f"scan of {many}", ours=figures["scan_s"], unit="s", bar=0.6, details=figures),
        Result(
            what="event loop stall during the scan", ours=figures["stall_ms"], unit="ms", bar=10
        ),
        Result(
            what="memory of the index", ours=figures["bytes_per_file"], unit="B/snapshot", bar=32
        ),
        Result(what=f"listing the newest 50 of {many}", ours=newest, unit="ms", bar=1),
        Result(
            what="newest 50 of 100000, against newest 50 of 1000",
            ours=newest,
            peer=of_few,
            ratio=newest / of_few,
            unit="ms",
            bar=1.25,
        ),
    ]
