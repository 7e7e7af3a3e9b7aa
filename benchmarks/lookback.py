"""Lookback: CPU of 16 armed streams, against Home Assistant's stream workers alone.

One process runs 16 of Home Assistant's own Streams, each with a connection to a real RTSP server that
sends 720p at 25 fps and AAC, and with an HLS output that is kept alive, as with a viewer. In every
second window each stream also has Retrocam's tap with a ring of a minute. The rings are full before
the first window, so that they drop as much as they take in. CPU is that of the process, user and
system.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
import statistics
from typing import Final

from homeassistant.components.camera.prefs import DynamicStreamSettings
from homeassistant.components.stream import HLS_PROVIDER, Stream, create_stream
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import async_test_home_assistant

from benchmarks.measuring import Case, Result, cpu, length, paired, repeats, scratch, spent_in
from custom_components.retrocam.core.segments.ring import SegmentRing
from custom_components.retrocam.stream.tap import StreamTap, async_release, attach
from tests.rtsp import RtspServer
from tests.waiting import until

STREAMS: Final = 16
WINDOW: Final = length(20.0)
"""Seconds of one side."""
RUNS: Final = repeats(5)
LOOKBACK: Final = 60.0
MAX_BYTES: Final = 64_000_000
BAR: Final = 1.05


@asynccontextmanager
async def home() -> AsyncIterator[HomeAssistant]:
    """Run a Home Assistant with only its stream component."""
    with scratch() as directory:
        async with async_test_home_assistant(config_dir=directory) as hass:
            if not await async_setup_component(hass, "stream", {}):
                raise RuntimeError("the stream component was not set up")
            yield hass
            await hass.async_stop(force=True)


class Watched:
    """A Stream with an HLS viewer, whose lookback can be armed."""

    def __init__(self, hass: HomeAssistant, url: str, number: int) -> None:
        """Create the Stream without starting it."""
        self.ring = SegmentRing(LOOKBACK, MAX_BYTES)
        self._tap: StreamTap | None = None
        self._stream: Stream = create_stream(
            hass, url, {}, DynamicStreamSettings(), f"camera {number}"
        )

    async def start(self) -> None:
        """Start streaming; returns when the first part has arrived."""
        hls = self._stream.add_provider(HLS_PROVIDER)
        await self._stream.start()
        async with asyncio.timeout(60):
            await hls.part_recv()
        # A viewer's requests would keep it alive; their cost does not matter here. The first segment has
        # started the timer, and later ones do not restart it.
        hls.idle_timer.clear()

    def arm(self) -> None:
        """Start to fill the ring."""
        self._tap = attach(self._stream, self.ring)

    async def disarm(self) -> None:
        """Remove the tap."""
        if self._tap is not None:
            await async_release(self._stream, self._tap, self.ring, at_once=True)
            self._tap = None

    async def stop(self) -> None:
        """Stop the worker."""
        await self.disarm()
        for output in self._stream.outputs().values():
            await self._stream.remove_provider(output)


async def fill(cameras: list[Watched]) -> None:
    """Wait until all rings drop old segments."""
    for camera in cameras:
        camera.arm()
    await until(
        lambda: all(camera.ring.available >= LOOKBACK for camera in cameras), within=2 * LOOKBACK
    )


async def measure(cameras: list[Watched], runs: int) -> list[tuple[float, float]]:
    """Return pairs of the workers' CPU, alone and armed, in ms per second."""
    pairs = []
    for _ in range(runs):
        for camera in cameras:
            await camera.disarm()
        alone = await spent_in(WINDOW, cpu)
        newest = [camera.ring.last_arrival for camera in cameras]
        for camera in cameras:
            camera.arm()
        armed = await spent_in(WINDOW, cpu)
        pairs.append((alone.cpu, armed.cpu))
        if any(
            camera.ring.last_arrival == was for camera, was in zip(cameras, newest, strict=True)
        ):
            raise RuntimeError("a ring was not filled")
    return pairs


async def compare() -> list[Result]:
    with RtspServer() as server:
        mount = server.mount("/camera", width=1280, height=720, fps=25, audio=True)
        async with home() as hass:
            cameras = [Watched(hass, mount.url, number) for number in range(STREAMS)]
            try:
                await asyncio.gather(*(camera.start() for camera in cameras))
                await fill(cameras)
                pairs = await measure(cameras, RUNS)
                held = statistics.mean(camera.ring.size for camera in cameras)
                connections = mount.watchers
            finally:
                await asyncio.gather(*(camera.stop() for camera in cameras))
    if connections != STREAMS:
        raise RuntimeError(f"{connections} connections instead of {STREAMS}")
    details = {"streams": STREAMS, "window_s": WINDOW, "held_bytes_a_stream": round(held)}
    what = f"{STREAMS} streams of 720p25 with lookback, against without"
    return [paired(pairs).result(what, unit="ms CPU/s", bar=BAR, details=details)]


CASE = Case(
    name="lookback",
    compares="16 streams with lookback armed, against Home Assistant's stream workers alone",
    run=lambda: asyncio.run(compare()),
)
