"""Scale: cost of the 64th camera, and the latency of Home Assistant's event loop.

Each size is a new Home Assistant process whose cameras all open one mount of a real RTSP server,
320x180 at 15 fps, each with its own connection, lookback and a snapshot every 10 s. CPU is that of
Home Assistant's process; the server and its encoder are excluded. The peer is the same number of Home
Assistant's own stream workers without Retrocam.
"""

import asyncio
from dataclasses import dataclass
from typing import Final

from benchmarks.measuring import Case, Details, Result, length
from benchmarks.sized_home import SizedHome, sized_home
from tests.rtsp import Mount, RtspServer

SIZES: Final = (1, 4, 16, 64)
FEW: Final = 4
MANY: Final = 64
SETTLE: Final = 14.0
"""Seconds after the last connection until each camera's history has started, and start-up is over."""
WINDOW: Final = length(16.0)
LONG_WINDOW: Final = length(64.0)
"""Longer for few cameras and none: a difference of some ms per second needs it."""
LINEAR: Final = 1.1
BARE: Final = 1.8
"""Limit of 64 cameras against 64 stream workers: the rest is a snapshot every 10 s, decoded, encoded
and saved."""
LAG: Final = 20.0
"""Milliseconds."""
MEMORY: Final = 10.0
"""Megabytes per camera; a minute of this video is 1.5, and a bare stream worker takes most."""
LOAD: Final = 0.25
"""Most seconds per camera that start-up takes longer, and that unloading takes."""


@dataclass(frozen=True, slots=True)
class Size:
    """Figures for a number of cameras."""

    cameras: int
    cpu: float
    """Milliseconds per second."""
    memory: float
    """Megabytes."""
    lag: dict[str, float]
    started: float
    unloaded: float


async def measure(mount: Mount, cameras: int, *, bare: bool = False) -> Size:
    """Run a number of cameras and measure them."""
    mine = 0 if bare else cameras
    async with sized_home(mine, mount.url, bare=cameras if bare else 0) as home:
        await mount.async_wait_for_watchers(cameras)
        # Nothing reports its end: histories start spread over an interval.
        await asyncio.sleep(SETTLE)
        spent, lag = await window(home, WINDOW if cameras > FEW else LONG_WINDOW)
        if mount.watchers != cameras:
            raise RuntimeError(f"{mount.watchers} of {cameras} cameras are connected")
        memory = await home.memory() / 1e6
        unloaded = await home.unload()
        return Size(cameras, spent, memory, lag, home.started, unloaded)


async def window(home: SizedHome, seconds: float) -> tuple[float, dict[str, float]]:
    """Return CPU in ms per second, and the lateness of the event loop."""
    loop = asyncio.get_running_loop()
    began, before = loop.time(), home.cpu
    lag = await home.lag(seconds)
    return (home.cpu - before) / (loop.time() - began) * 1000, lag


@dataclass(frozen=True, slots=True)
class ScaleFigures:
    """Figures for all sizes."""

    none: Size
    bare: Size
    bare_few: Size
    sizes: dict[int, Size]

    def each(self, size: Size) -> float:
        """Return the CPU of a camera beyond a Home Assistant without any, in ms per second."""
        return (size.cpu - self.none.cpu) / size.cameras


async def measure_all() -> ScaleFigures:
    with RtspServer() as server:
        mount = server.mount("/camera")
        return ScaleFigures(
            await measure(mount, 0),
            await measure(mount, MANY, bare=True),
            await measure(mount, FEW, bare=True),
            {count: await measure(mount, count) for count in SIZES},
        )


def details_of(figures: ScaleFigures) -> Details:
    details: Details = {
        f"cameras_{size.cameras}": {
            "cpu_ms_s": round(size.cpu),
            "cpu_ms_s_each": round(figures.each(size), 2),
            "memory_mb": round(size.memory),
            "lag_ms": {name: round(value, 2) for name, value in size.lag.items()},
            "started_s": round(size.started, 1),
            "unloaded_s": round(size.unloaded, 2),
        }
        for size in figures.sizes.values()
    }
    none, bare = figures.none, figures.bare
    details["bare"] = {
        "cpu_ms_s": round(bare.cpu),
        "cpu_ms_s_each": round(figures.each(bare), 2),
        "cpu_ms_s_each_of_few": round(figures.each(figures.bare_few), 2),
        "lag_p99_ms": round(bare.lag["p99_ms"], 2),
    }
    details["none"] = {"cpu_ms_s": round(none.cpu), "memory_mb": round(none.memory)}
    return details


def cost(figures: ScaleFigures, what: str) -> list[Result]:
    """Return the CPU results per camera."""
    many, few = figures.each(figures.sizes[MANY]), figures.each(figures.sizes[FEW])
    bare, bare_few = figures.each(figures.bare), figures.each(figures.bare_few)
    return [
        Result(
            what=f"{what}: CPU per camera, against {FEW} cameras "
            f"(bare stream workers {bare / bare_few:.2f})",
            ours=many,
            peer=few,
            ratio=many / few,
            unit="ms CPU/s",
            bar=LINEAR,
            details=details_of(figures),
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


def lateness(what: str, ours: dict[str, float], bare: dict[str, float]) -> Result:
    """Return the result of the event loop's lateness, beside that of bare stream workers."""
    return Result(
        what=f"{what}: lateness of the event loop, 99th percentile (bare workers "
        f"{bare['p99_ms']:.1f} ms)",
        ours=ours["p99_ms"],
        unit="ms",
        bar=LAG,
    )


def burden(figures: ScaleFigures, what: str) -> list[Result]:
    """Return the other results."""
    none, bare, many = figures.none, figures.bare, figures.sizes[MANY]
    return [
        lateness(what, many.lag, bare.lag),
        Result(
            what=f"{what}: memory per camera (bare {(bare.memory - none.memory) / MANY:.1f} MB)",
            ours=(many.memory - none.memory) / MANY,
            unit="MB",
            bar=MEMORY,
        ),
        Result(
            what=f"{what}: longer start-up, per camera",
            ours=(many.started - none.started) / MANY,
            unit="s",
            bar=LOAD,
        ),
        Result(
            what=f"{what}: unloading, per camera", ours=many.unloaded / MANY, unit="s", bar=LOAD
        ),
    ]


def results() -> list[Result]:
    figures = asyncio.run(measure_all())
    what = f"320x180 at 15 fps, {MANY} cameras"
    return [*cost(figures, what), *burden(figures, what)]


CASE = Case(
    name="scale",
    compares="64 cameras against 4, and against bare stream workers",
    run=results,
)
