"""MJPEG: CPU of 50 viewers against one.

Home Assistant runs in a process of its own, whose whole CPU is read, user and system, including the
drawing of the demo camera. The viewers, in this process, are plain connections that read and count
frames. Lookback and history are off, since they would add the same to both sides.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
import statistics
from typing import Final, override

from benchmarks.home import Home, demo_camera
from benchmarks.measuring import Case, Result, length, paired, repeats, spent_in
from demo.client import Client

VIEWERS: Final = 50
FPS: Final = 10
"""The default frame rate of an MJPEG stream."""
WINDOW: Final = length(15.0)
"""Seconds of one side."""
RUNS: Final = repeats(4)
BAR: Final = 1.4

MARK: Final = b"\r\nX-Frame-Index:"


class Viewer(asyncio.Protocol):
    """A connection that reads an MJPEG stream and discards it."""

    def __init__(self, request: bytes) -> None:
        """Send `request` when connected."""
        self.frames = 0
        self.size = 0
        self.watching = asyncio.Event()
        self._request = request
        self._tail = b""
        self._transport: asyncio.Transport | None = None

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._transport = transport
            transport.write(self._request)

    @override
    def data_received(self, data: bytes) -> None:
        self.size += len(data)
        # A mark may span two reads.
        self.frames += (self._tail + data).count(MARK)
        self._tail = (self._tail + data)[-len(MARK) + 1 :]
        # The first frame is sent twice.
        if self.frames > 2:
            self.watching.set()

    def close(self) -> None:
        """Disconnect."""
        if self._transport is not None:
            self._transport.abort()


def request_for(client: Client, path: str) -> bytes:
    """Return the bytes of a GET of `path`."""
    headers = {"Host": "127.0.0.1", **client.headers}
    lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()


@asynccontextmanager
async def viewer(home: Home) -> AsyncIterator[Viewer]:
    """Watch the demo camera during a `with` block, which starts once frames arrive."""
    loop = asyncio.get_running_loop()
    request = request_for(home.client, f"/api/retrocam/mjpeg/{home.entry_id}")
    _, one = await loop.create_connection(lambda: Viewer(request), "127.0.0.1", home.server.port)
    try:
        async with asyncio.timeout(30):
            await one.watching.wait()
        yield one
    finally:
        one.close()


async def window(home: Home, viewers: int) -> tuple[float, float, float]:
    """Return CPU in ms per second, frames per second of the slowest viewer, and bytes per frame."""
    async with AsyncExitStack() as stack:
        watching = [await stack.enter_async_context(viewer(home)) for _ in range(viewers)]
        frames, size = [one.frames for one in watching], watching[0].size
        spent = await spent_in(WINDOW, home.cpu)
        seen = [one.frames - had for one, had in zip(watching, frames, strict=True)]
        return spent.cpu, min(seen) / spent.seconds, (watching[0].size - size) / seen[0]


async def compare() -> list[Result]:
    async with demo_camera() as home:
        await window(home, 1)  # excludes one-time work
        nobody = await home.rest()
        one, many = [], []
        for _ in range(RUNS):
            one.append(await window(home, 1))
            many.append(await window(home, VIEWERS))
    worst = min(fps for _, fps, _ in many)
    if worst < 0.9 * FPS:
        raise RuntimeError(f"a viewer got {worst:.1f} frames per second: the machine is too busy")
    pairs = paired([(few[0], all_[0]) for few, all_ in zip(one, many, strict=True)])
    details = {
        "fps_of_worst_viewer": round(worst, 2),
        "bytes_a_frame": round(statistics.median(size for _, _, size in many)),
        "nobody_ms_a_s": round(nobody, 1),
    }
    what = f"{VIEWERS} viewers against 1, demo camera at {FPS} fps"
    return [pairs.result(what, unit="ms CPU/s", bar=BAR, details=details)]


CASE = Case(
    name="mjpeg",
    compares="50 MJPEG viewers against one, CPU of Home Assistant",
    run=lambda: asyncio.run(compare()),
)
