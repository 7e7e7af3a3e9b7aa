"""Scale: what the 64th camera costs, and what it does to Home Assistant's event loop.

Each size is a new process of Home Assistant whose cameras all open one mount of a real RTSP server,
320x180 at 15 fps, with lookback and a snapshot every 10 s each, over a connection each. CPU is that of
Home Assistant's process; the server and its encoder are apart. The peer are as many of Home
Assistant's own stream workers with nothing of ours.
"""

import asyncio
from dataclasses import dataclass
from typing import Final

from benchmarks.measuring import Case, Details, Result
from benchmarks.sized_home import SizedHome, sized_home
from tests.rtsp import Mount, RtspServer

SIZES: Final = (1, 4, 16, 64)
FEW: Final = 4
MANY: Final = 64
SETTLE: Final = 14.0
"""Seconds after the last connection until each camera has begun its history, and start-up is over."""
WINDOW: Final = 16.0
LONG_WINDOW: Final = 64.0
"""For few cameras and for none: a difference of some milliseconds a second drowns in a shorter one."""
LINEAR: Final = 1.1
BARE: Final = 1.8
"""What 64 cameras may take to what 64 stream workers take: the rest is a picture each 10 s, decoded,
encoded and saved."""
LAG: Final = 20.0
"""Milliseconds."""
MEMORY: Final = 10.0
"""Megabytes an instance; a minute of this video is 1.5, and a stream worker without us takes most."""
LOAD: Final = 0.25
"""Seconds an instance that start-up may take longer, and as long to unload it."""


@dataclass(frozen=True, slots=True)
class Size:
    """What so many cameras take."""

    cameras: int
    cpu: float
    """Milliseconds a second."""
    memory: float
    """Megabytes."""
    lag: dict[str, float]
    started: float
    unloaded: float


async def measure(mount: Mount, cameras: int, *, bare: bool = False) -> Size:
    """Run so many and take their figures."""
    mine = 0 if bare else cameras
    async with sized_home(mine, mount.url, bare=cameras if bare else 0) as home:
        await mount.async_wait_for_watchers(cameras)
        # Nothing tells of its end: histories begin spread over an interval.
        await asyncio.sleep(SETTLE)
        spent, lag = await window(home, WINDOW if cameras > FEW else LONG_WINDOW)
        if mount.watchers != cameras:
            raise RuntimeError(f"{mount.watchers} of {cameras} cameras are connected")
        memory = await home.memory() / 1e6
        unloaded = await home.unload()
        return Size(cameras, spent, memory, lag, home.started, unloaded)


async def window(home: SizedHome, seconds: float) -> tuple[float, dict[str, float]]:
    """Return the CPU in ms a second, and how late the event loop was meanwhile."""
    loop = asyncio.get_running_loop()
    began, before = loop.time(), home.cpu
    lag = await home.lag(seconds)
    return (home.cpu - before) / (loop.time() - began) * 1000, lag


@dataclass(frozen=True, slots=True)
class Found:
    """What all sizes take."""

    none: Size
    bare: Size
    bare_few: Size
    sizes: dict[int, Size]

    def each(self, size: Size) -> float:
        """Return what a camera takes beyond a Home Assistant without any, ms a second."""
        return (size.cpu - self.none.cpu) / size.cameras


async def measure_all() -> Found:
    with RtspServer() as server:
        mount = server.mount("/camera")
        return Found(
            await measure(mount, 0),
            await measure(mount, MANY, bare=True),
            await measure(mount, FEW, bare=True),
            {count: await measure(mount, count) for count in SIZES},
        )


def details_of(found: Found) -> Details:
    details: Details = {
        f"cameras_{size.cameras}": {
            "cpu_ms_s": round(size.cpu),
            "cpu_ms_s_each": round(found.each(size), 2),
            "memory_mb": round(size.memory),
            "lag_ms": {name: round(value, 2) for name, value in size.lag.items()},
            "started_s": round(size.started, 1),
            "unloaded_s": round(size.unloaded, 2),
        }
        for size in found.sizes.values()
    }
    none, bare = found.none, found.bare
    details["bare"] = {
        "cpu_ms_s": round(bare.cpu),
        "cpu_ms_s_each": round(found.each(bare), 2),
        "cpu_ms_s_each_of_few": round(found.each(found.bare_few), 2),
        "lag_p99_ms": round(bare.lag["p99_ms"], 2),
    }
    details["none"] = {"cpu_ms_s": round(none.cpu), "memory_mb": round(none.memory)}
    return details


def cost(found: Found, what: str) -> list[Result]:
    """Judge the CPU of each camera."""
    many, few = found.each(found.sizes[MANY]), found.each(found.sizes[FEW])
    bare, bare_few = found.each(found.bare), found.each(found.bare_few)
    return [
        Result(
            what=f"{what}: each, against each of {FEW} (bare stream workers {bare / bare_few:.2f})",
            ours=many,
            peer=few,
            ratio=many / few,
            unit="ms CPU/s",
            bar=LINEAR,
            details=details_of(found),
        ),
        Result(
            what=f"{what}, against {MANY} bare stream workers",
            ours=many,
            peer=bare,
            ratio=many / bare,
            unit="ms CPU/s",
            bar=BARE,
        ),
    ]


def burden(found: Found, what: str) -> list[Result]:
    """Judge what else Home Assistant bears."""
    none, bare, many = found.none, found.bare, found.sizes[MANY]
    return [
        Result(
            what=f"{what}: lateness of the event loop, 99 of 100 (bare workers "
            f"{bare.lag['p99_ms']:.1f} ms)",
            ours=many.lag["p99_ms"],
            unit="ms",
            bar=LAG,
        ),
        Result(
            what=f"{what}: memory of each (bare {(bare.memory - none.memory) / MANY:.1f} MB)",
            ours=(many.memory - none.memory) / MANY,
            unit="MB",
            bar=MEMORY,
        ),
        Result(
            what=f"{what}: start-up longer than without, by each",
            ours=(many.started - none.started) / MANY,
            unit="s",
            bar=LOAD,
        ),
        Result(what=f"{what}: unload, each", ours=many.unloaded / MANY, unit="s", bar=LOAD),
    ]


def results() -> list[Result]:
    found = asyncio.run(measure_all())
    what = f"320x180 at 15 fps, {MANY} cameras"
    return [*cost(found, what), *burden(found, what)]


CASE = Case(
    name="scale",
    compares="64 cameras against 4, and against bare stream workers",
    run=results,
)
