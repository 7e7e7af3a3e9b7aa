"""Views of the ASCII player, of any camera: cells by WebSocket, and sound by HTTP."""

import asyncio
from collections.abc import AsyncIterator, Callable
import contextlib
from dataclasses import dataclass
import logging
from typing import Final

from aiohttp import WSCloseCode, WSMsgType, web

from ..cameras import CameraInstance
from ..cameras.ascii import Cells
from ..cameras.player import PlayerInstance
from ..core.ascii.client import CellClient
from ..core.ascii.messages import InitMessage, StateMessage, read_ack
from ..core.ascii.presets import PRESETS
from ..core.ascii.wire import SUBPROTOCOL
from ..core.errors import DamagedPacketError
from ..core.player.audio import AudioGoneError
from ..urls import AUDIO_PATH, CELLS_PATH
from .base import RetrocamView

_LOGGER = logging.getLogger(__name__)

type Told = InitMessage | StateMessage

MOST_BYTES_IN: Final = 1024
"""A client has little to say: acknowledgements."""
CLOSE_TIMEOUT: Final = 1.0
"""Seconds that a client has to say goodbye."""


class CellsView(RetrocamView):
    """An instance's pictures as cells."""

    url = CELLS_PATH
    name = "api:retrocam:cells"

    async def get(self, request: web.Request, entry_id: str) -> web.StreamResponse:
        """Speak the cell stream until the client leaves or the instance ends.

        The query may name a `preset` other than the instance's own.
        """
        self.check_authenticated(request)
        instance = self.instance(request, entry_id)
        return await async_stream_cells(request, instance)


@dataclass(frozen=True, slots=True)
class Terms:
    """Under which cells are given to somebody who is no user of Home Assistant."""

    ended: asyncio.Event
    """Set when they are not to be given any longer."""
    told: Callable[[Told], Told]
    """Takes from each text message what is not for everybody."""


async def async_stream_cells(
    request: web.Request, instance: CameraInstance, terms: Terms | None = None
) -> web.StreamResponse:
    """Speak the cell stream until the client leaves, or the instance or the `terms` end.

    Raises HTTPBadRequest for an unknown preset, HTTPNotFound when the instance is closing.
    """
    preset = request.query.get("preset")
    if preset is not None and preset not in PRESETS:
        raise web.HTTPBadRequest(text="no such preset")
    # Each packet is compressed already, once for all clients.
    socket = web.WebSocketResponse(
        protocols=[SUBPROTOCOL],
        compress=False,
        autoping=False,
        max_msg_size=MOST_BYTES_IN,
        timeout=CLOSE_TIMEOUT,
    )
    if instance.cells.closing.is_set():
        raise web.HTTPNotFound
    await socket.prepare(request)
    await _serve(socket, instance.cells, preset, terms)
    if request.transport is not None and request.transport.get_write_buffer_size():
        # It does not read: what waits for it would wait on.
        request.transport.abort()
    return socket


async def _serve(
    socket: web.WebSocketResponse, cells: Cells, preset: str | None, terms: Terms | None
) -> None:
    """Send and listen until one of both ends, or the instance does."""
    client, leave = cells.async_enter(preset)
    jobs = {
        "send": _send(socket, client, terms),
        "listen": _listen(socket, client, cells.heartbeat),
        "end": cells.closing.wait(),
    }
    if terms is not None:
        jobs["terms"] = terms.ended.wait()
    tasks = [asyncio.create_task(job, name=f"retrocam cells {name}") for name, job in jobs.items()]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        leave()
    code = WSCloseCode.OK
    if cells.closing.is_set():
        code = WSCloseCode.GOING_AWAY
    elif terms is not None and terms.ended.is_set():
        code = WSCloseCode.POLICY_VIOLATION
    with contextlib.suppress(TimeoutError):
        # Who does not read does not take the goodbye either.
        async with asyncio.timeout(CLOSE_TIMEOUT):
            await socket.close(code=code, drain=False)


async def _send(socket: web.WebSocketResponse, client: CellClient, terms: Terms | None) -> None:
    try:
        while (message := await client.next()) is not None:
            if isinstance(message, bytes):
                await socket.send_bytes(message)
            else:
                await socket.send_json(message if terms is None else terms.told(message))
    except ConnectionError:
        pass  # the client left


async def _listen(socket: web.WebSocketResponse, client: CellClient, heartbeat: float) -> None:
    """Take acknowledgements; ask a silent client whether it is there, and leave one that is not.

    aiohttp's own heartbeat would leave a timer behind each socket.
    """
    asked = False
    while True:
        try:
            message = await socket.receive(timeout=heartbeat)
        except TimeoutError:
            if asked or not await _ping(socket, heartbeat):
                return
            asked = True
            continue
        asked = False
        if message.type is WSMsgType.PING:
            await socket.pong(message.data)
        elif message.type is WSMsgType.TEXT:
            try:
                client.ack(read_ack(message.data))
            except DamagedPacketError as err:
                _LOGGER.debug("A client of cells sent %s", err)
                return
        elif message.type is not WSMsgType.PONG:
            return


async def _ping(socket: web.WebSocketResponse, timeout: float) -> bool:  # noqa: ASYNC109  # that of a ping
    """Ask whether the client is there; tell whether the question could be sent."""
    try:
        async with asyncio.timeout(timeout):
            await socket.ping()
    except ConnectionError, TimeoutError:
        return False
    return True


class AudioView(RetrocamView):
    """The sound of what a player plays."""

    url = AUDIO_PATH
    name = "api:retrocam:audio"

    async def get(
        self, request: web.Request, entry_id: str, session: str, epoch: str, start_us: str
    ) -> web.StreamResponse:
        """Answer with ADTS from a position on, until the epoch's sound ends."""
        self.check_authenticated(request)
        instance = self.instance(request, entry_id)
        return await async_stream_sound(request, instance, int(session), int(epoch), int(start_us))


async def async_stream_sound(
    request: web.Request, instance: CameraInstance, session: int, epoch: int, start_us: int
) -> web.StreamResponse:
    """Answer with ADTS from a position on, until the epoch's sound ends.

    Raises HTTPNotFound when there is none, or no longer.
    """
    if not isinstance(instance, PlayerInstance):
        raise web.HTTPNotFound
    try:
        ring = instance.session.audio(session, epoch)
        sound = aiter(ring.listen(start_us))
        first = await anext(sound, None)
    except AudioGoneError as err:
        raise web.HTTPNotFound from err
    if first is None:
        raise web.HTTPNotFound
    response = web.StreamResponse(
        headers={"Content-Type": "audio/aac", "Cache-Control": "no-store"}
    )
    await response.prepare(request)
    await _write(response, first, sound)
    return response


async def _write(response: web.StreamResponse, first: bytes, sound: AsyncIterator[bytes]) -> None:
    try:
        await response.write(first)
        async for chunk in sound:
            await response.write(chunk)
    except ConnectionError, AudioGoneError:
        pass  # the listener left, or reads so slowly that it has to ask again
