"""MJPEG viewers over real connections."""

import asyncio
from collections.abc import AsyncIterator, Mapping
import contextlib
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, Self

import aiohttp
from aiohttp import ClientResponse, StreamReader
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.retrocam.cameras import CameraInstance
from custom_components.retrocam.core.frames import jpeg
from custom_components.retrocam.urls import MJPEG_PATH, signed

from .leaks import own_threads
from .pattern_reader import read_frame_number
from .waiting import WITHIN

QUIET: Final[dict[str, dict[str, Any]]] = {
    "lookback": {"lookback_enabled": False},
    "history": {"history_enabled": False},
}
"""Options of a camera that runs only for its viewers."""

SMALL: Final = {"width": 320, "height": 180, "fps": 25}
"""The picture of a demo camera whose size a test does not look at. It is encoded while the test waits:
what users get, 1280x720, takes ten times the CPU time."""


def frame_number(data: bytes) -> int:
    """Read the frame number of a JPEG of the test pattern."""
    number = read_frame_number(jpeg.planes(jpeg.decode(data))[0])
    assert number is not None
    return number


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a multipart stream."""

    headers: Mapping[str, str]
    data: bytes

    @property
    def index(self) -> int:
        """The index of the frame, the same for all viewers."""
        return int(self.headers["X-Frame-Index"])


async def read_part(content: StreamReader) -> Part:
    """Read one part; strict about the multipart format."""
    assert await content.readuntil(b"\r\n") == b"--frame\r\n"
    headers: dict[str, str] = {}
    while (line := await content.readuntil(b"\r\n")) != b"\r\n":
        name, _, value = line.decode().strip().partition(": ")
        headers[name] = value
    data = await content.readexactly(int(headers["Content-Length"]))
    assert await content.readexactly(2) == b"\r\n"
    return Part(headers, data)


class Viewer:
    """A viewer with a connection of its own."""

    def __init__(self, response: ClientResponse) -> None:
        """Read the stream from a response."""
        self.response = response

    @classmethod
    @contextlib.asynccontextmanager
    async def watching(cls, url: str) -> AsyncIterator[Self]:
        """Watch during a `with` block."""
        connector = aiohttp.TCPConnector(force_close=True)
        async with (
            aiohttp.ClientSession(connector=connector) as session,
            session.get(url) as response,
        ):
            assert response.status == 200
            yield cls(response)

    async def read(self, count: int) -> list[Part]:
        """Read `count` frames; the first of a stream is sent twice and returned once."""
        parts: list[Part] = []
        async with asyncio.timeout(WITHIN):
            while len(parts) < count:
                part = await read_part(self.response.content)
                if not parts or part.index != parts[-1].index:
                    parts.append(part)
        return parts


def mjpeg_url(hass: HomeAssistant, instance: CameraInstance) -> str:
    """Return the signed URL of an instance's MJPEG stream."""
    return url_of(hass, signed(hass, MJPEG_PATH.format(entry_id=instance.entry.entry_id)))


def url_of(hass: HomeAssistant, path: str) -> str:
    """Return the URL of a path of the Home Assistant under test."""
    assert hass.config.api is not None
    return f"http://127.0.0.1:{hass.config.api.port}{path}"


async def idle(hass: HomeAssistant) -> None:
    """Advance the time beyond the idle timeout of streams."""
    for _ in range(3):
        async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=61))
        await hass.async_block_till_done(wait_background_tasks=False)


def working_threads() -> list[str]:
    """Return the names of Retrocam's threads and the stream workers, without disk threads.

    An instance has a disk thread while it is loaded.
    """
    return sorted(name for name in own_threads() if not name.startswith("retrocam disk"))


def open_sockets() -> int:
    """Return the number of open sockets of this process, FFmpeg's included; 0 without /proc."""
    count = 0
    for path in Path("/proc/self/fd").glob("*"):
        with contextlib.suppress(OSError):
            count += str(path.readlink()).startswith("socket:")
    return count
