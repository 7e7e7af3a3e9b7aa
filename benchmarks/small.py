"""Small machines: Home Assistant with all that Retrocam does for its cameras, on one core.

    python -m benchmarks.small [SIZES]

Each size is a new Home Assistant process, held to one core and, where control groups can be made, to
2 GB. Its cameras all open one mount of a real RTSP server, 1080p at 15 fps, each with its own
connection, lookback, tape and a snapshot every 10 s. The server has the other cores. The peer is the
same number of Home Assistant's own stream workers without Retrocam.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
import json
import os
from pathlib import Path
import sys
from typing import Any, Final

from benchmarks.measuring import Case, Details, Result, length
from benchmarks.scale import lateness, window
from benchmarks.sized_home import OPTIONS, SizedHome, sized_home
from tests.rtsp import Mount, RtspServer

SIZES: Final = (4, 8, 16)
SETTLE: Final = 14.0
"""Seconds after the last connection until each camera's history has started, and start-up is over."""
WINDOW: Final = length(40.0)
"""Seconds that are measured."""
AGAINST_BARE: Final = 2.0
"""CPU against bare stream workers: a snapshot of 1080p every 10 s is decoded, encoded and saved."""
MEMORY: Final = 2_000_000_000
"""Bytes that Home Assistant gets."""
_GROUPS: Final = Path("/sys/fs/cgroup/memory")
"""Memory control groups, version 1: kernel.org, Documentation/admin-guide/cgroup-v1/memory.rst."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures for a number of cameras, of ours or bare ones."""

    cpu: float
    """Milliseconds per second, without those of a Home Assistant without cameras."""
    memory: float
    """Megabytes, of the whole process."""
    lag: dict[str, float]
    limited: bool
    """Whether the memory was limited."""


def hold_to_core(pid: int, core: int) -> None:
    """Hold a process with all its threads to one core; threads begun later inherit it."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(ProcessLookupError):  # ended meanwhile
            os.sched_setaffinity(int(task.name), {core})


@contextmanager
def limited_memory(pid: int) -> Iterator[bool]:
    """Limit the memory of a process, if that is possible here; return whether it is."""
    lines = Path(f"/proc/{pid}/cgroup").read_text(encoding="ascii").splitlines()
    former = next((line.split(":")[2] for line in lines if line.split(":")[1] == "memory"), None)
    group = _GROUPS / f"retrocam-bench-{pid}"
    try:
        if former is None:
            raise FileNotFoundError("no memory control groups of version 1")
        group.mkdir()
    except OSError:
        yield False
        return
    try:
        (group / "memory.limit_in_bytes").write_text(str(MEMORY), encoding="ascii")
        (group / "cgroup.procs").write_text(str(pid), encoding="ascii")
        yield True
    finally:
        (_GROUPS / former[1:] / "cgroup.procs").write_text(str(pid), encoding="ascii")
        group.rmdir()


async def measure(mount: Mount, cameras: int, *, bare: bool, core: int) -> Figures:
    """Run a number of cameras on one core and measure them."""
    options: dict[str, dict[str, Any]] = {**OPTIONS, "tape": {"tape_enabled": True}}
    mine = 0 if bare else cameras
    home: SizedHome
    async with sized_home(mine, mount.url, bare=cameras - mine, options=options) as home:
        pid = home.server.process.pid
        hold_to_core(pid, core)
        with limited_memory(pid) as limited:
            await mount.async_wait_for_watchers(cameras)
            # Nothing reports its end: histories start spread over an interval.
            await asyncio.sleep(SETTLE)
            spent, lag = await window(home, WINDOW)
            if mount.watchers != cameras:
                raise RuntimeError(f"{mount.watchers} of {cameras} cameras are connected")
            return Figures(spent, await home.memory() / 1e6, lag, limited)


async def measure_all(sizes: tuple[int, ...]) -> dict[int, tuple[Figures, Figures]]:
    """Return the figures of ours and of bare stream workers, by number of cameras."""
    core, *others = sorted(os.sched_getaffinity(0))
    if not others:
        raise RuntimeError("the sources need a core of their own")
    # Home Assistant inherits it, until it is held to its own.
    os.sched_setaffinity(0, others)
    with RtspServer() as server:
        mount = server.mount("/camera", width=1920, height=1080, fps=15)
        none = await measure(mount, 0, bare=True, core=core)

        async def beyond(cameras: int, *, bare: bool) -> Figures:
            found = await measure(mount, cameras, bare=bare, core=core)
            return Figures(found.cpu - none.cpu, found.memory, found.lag, found.limited)

        return {
            count: (await beyond(count, bare=False), await beyond(count, bare=True))
            for count in sizes
        }


def details_of(figures: Figures) -> dict[str, Any]:
    """Return the figures as JSON."""
    return {
        "cpu_ms_s": round(figures.cpu),
        "memory_mb": round(figures.memory),
        "memory_limited": figures.limited,
        "lag_ms": {name: round(value, 2) for name, value in figures.lag.items()},
    }


def results(sizes: tuple[int, ...] = SIZES) -> list[Result]:
    """Measure all sizes."""
    figures = asyncio.run(measure_all(sizes))
    found = list[Result]()
    for count, (ours, bare) in figures.items():
        what = f"1080p at 15 fps, {count} cameras with lookback, tape and history on one core"
        details: Details = {"ours": details_of(ours), "bare": details_of(bare)}
        found += [
            Result(
                what=f"{what}: CPU, against bare stream workers",
                ours=ours.cpu,
                peer=bare.cpu,
                ratio=ours.cpu / bare.cpu,
                unit="ms CPU/s",
                bar=AGAINST_BARE,
                details=details,
            ),
            lateness(what, ours.lag, bare.lag),
            Result(
                what=f"{what}: memory of Home Assistant (bare {bare.memory:.0f} MB)",
                ours=ours.memory,
                unit="MB",
                bar=MEMORY / 1e6,
            ),
        ]
    return found


CASE = Case(
    name="small",
    compares="4, 8 and 16 cameras of 1080p on one core, against bare stream workers",
    run=results,
)

if __name__ == "__main__":
    for one in results(tuple(map(int, sys.argv[1:])) or SIZES):
        print(one.what, round(one.value, 3), json.dumps(one.details))
