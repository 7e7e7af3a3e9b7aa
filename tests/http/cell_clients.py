"""Clients of the cell stream over real connections."""

import asyncio
from collections.abc import AsyncIterator, Callable
import contextlib
from dataclasses import dataclass, field
import time
from typing import Any, Self

import aiohttp
from homeassistant.core import HomeAssistant

from custom_components.retrocam.cameras import CameraInstance
from custom_components.retrocam.core.ascii.planes import PlaneLayout
from custom_components.retrocam.core.ascii.presets import CHARSETS
from custom_components.retrocam.core.ascii.raster import layout_for
from custom_components.retrocam.core.ascii.wire import SUBPROTOCOL
from custom_components.retrocam.urls import CELLS_PATH, signed

from ..core.ascii.cell_decoder import CellDecoder, DecodedPacket
from ..viewers import url_of

PATIENCE = 30.0


@dataclass(slots=True)
class Seen:
    """A packet, and when it came."""

    packet: DecodedPacket
    time: float
    size: int


@dataclass(slots=True)
class Client:
    """One who looks: decodes all, acknowledges all."""

    socket: aiohttp.ClientWebSocketResponse
    inits: list[dict[str, Any]] = field(default_factory=list)
    states: list[dict[str, Any]] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    layout: PlaneLayout | None = None
    _decoder: CellDecoder | None = None

    @classmethod
    @contextlib.asynccontextmanager
    async def looking(cls, url: str) -> AsyncIterator[Self]:
        """Look for the time of a `with` block."""
        connector = aiohttp.TCPConnector(force_close=True)
        async with (
            aiohttp.ClientSession(connector=connector) as session,
            session.ws_connect(url, protocols=[SUBPROTOCOL], compress=15) as socket,
        ):
            yield cls(socket)

    @property
    def init(self) -> dict[str, Any]:
        """What was told last of what is shown."""
        return self.inits[-1]

    @property
    def state(self) -> str:
        """What the player does, as was told last."""
        return str(self.states[-1]["state"]) if self.states else ""

    async def read(self) -> bool:
        """Take one message; False when the server has hung up."""
        message = await self.socket.receive()
        if message.type is aiohttp.WSMsgType.TEXT:
            self._told(message.json())
        elif message.type is aiohttp.WSMsgType.BINARY:
            assert self._decoder is not None
            packet = self._decoder.decode(message.data)
            assert packet is not None  # the server sends nothing of an old epoch after an init
            self.seen.append(Seen(packet, time.monotonic(), len(message.data)))
            await self.socket.send_json({"ack": packet.seq})
        else:
            return False
        return True

    async def until(self, condition: Callable[[], object]) -> None:
        """Read until a condition holds."""
        async with asyncio.timeout(PATIENCE):
            while not condition():
                assert await self.read()

    def _told(self, message: dict[str, Any]) -> None:
        if message["type"] == "state":
            self.states.append(message)
            return
        assert message["type"] == "init"
        self.inits.append(message)
        self.layout = layout_for(message["cols"], message["rows"], CHARSETS[message["charset"]])
        assert message["planes"] == self.layout.names
        self._decoder = CellDecoder(self.layout, epoch=message["epoch"])


def cells_url(hass: HomeAssistant, instance: CameraInstance, query: str = "") -> str:
    """Return where to look at an instance without logging in."""
    path = signed(hass, CELLS_PATH.format(entry_id=instance.entry.entry_id) + query)
    return url_of(hass, path)
