"""Clients of the ASCII stream over real connections."""

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

from ..core.ascii.ascii_decoder import AsciiDecoder, DecodedPacket
from ..viewers import url_of

PATIENCE = 60.0


@dataclass(slots=True)
class Seen:
    """A packet and its time of arrival."""

    packet: DecodedPacket
    time: float
    size: int


@dataclass(slots=True)
class Client:
    """A client that decodes and acknowledges all packets."""

    socket: aiohttp.ClientWebSocketResponse
    inits: list[dict[str, Any]] = field(default_factory=list)
    states: list[dict[str, Any]] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    layout: PlaneLayout | None = None
    _decoder: AsciiDecoder | None = None

    @classmethod
    @contextlib.asynccontextmanager
    async def looking(cls, url: str) -> AsyncIterator[Self]:
        """Connect for the block."""
        connector = aiohttp.TCPConnector(force_close=True)
        async with (
            aiohttp.ClientSession(connector=connector) as session,
            session.ws_connect(url, protocols=[SUBPROTOCOL], compress=15) as socket,
        ):
            yield cls(socket)

    @property
    def init(self) -> dict[str, Any]:
        """The last init message."""
        return self.inits[-1]

    @property
    def state(self) -> str:
        """The last state of the player."""
        return str(self.states[-1]["state"]) if self.states else ""

    async def read(self) -> bool:
        """Receive one message; return False if the server has closed the connection."""
        message = await self.socket.receive()
        if message.type is aiohttp.WSMsgType.TEXT:
            self._receive_text(message.json())
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
        """Receive until a condition holds."""
        async with asyncio.timeout(PATIENCE):
            while not condition():
                assert await self.read()

    def _receive_text(self, message: dict[str, Any]) -> None:
        if message["type"] == "state":
            self.states.append(message)
            return
        assert message["type"] == "init"
        self.inits.append(message)
        self.layout = layout_for(message["cols"], message["rows"], CHARSETS[message["charset"]])
        assert message["planes"] == self.layout.names
        self._decoder = AsciiDecoder(self.layout, epoch=message["epoch"])


def cells_url(hass: HomeAssistant, instance: CameraInstance, query: str = "") -> str:
    """Return the signed URL of an instance's ASCII stream."""
    path = signed(hass, CELLS_PATH.format(entry_id=instance.entry.entry_id) + query)
    return url_of(hass, path)
