"""The ASCII stream of any camera, by WebSocket, and the audio of players, by HTTP."""

import asyncio
from collections.abc import AsyncIterator, Callable
import contextlib
from dataclasses import dataclass
import logging
from typing import Final

from aiohttp import WSCloseCode, WSMsgType, hdrs, web

from ..cameras import CameraInstance
from ..cameras.ascii import AsciiStreams
from ..cameras.player import AsciiPlayer
from ..core.ascii.client import AsciiClient
from ..core.ascii.messages import InitMessage, StateMessage, read_ack
from ..core.ascii.presets import PRESETS
from ..core.ascii.wire import SUBPROTOCOL
from ..core.errors import DamagedPacketError
from ..core.player.audio import AudioGoneError
from ..urls import AUDIO_PATH, CELLS_PATH
from .base import RetrocamView, async_stream_chunks

_LOGGER = logging.getLogger(__name__)

type TextMessage = InitMessage | StateMessage

_MAX_MESSAGE: Final = 1024
"""Bytes; clients send acknowledgements only."""
_CLOSE_TIMEOUT: Final = 1.0
"""Seconds for the closing handshake."""


class AsciiStreamView(RetrocamView):
    """The ASCII stream of a camera."""

    url = CELLS_PATH
    name = "api:retrocam:cells"

    async def get(self, request: web.Request, entry_id: str) -> web.StreamResponse:
        """Stream until the client leaves or the instance ends.

        The query may name a `preset` other than the instance's own.
        """
        return await async_stream_ascii(request, self.instance(request, entry_id))

    head = get


@dataclass(frozen=True, slots=True)
class GuestPolicy:
    """Restrictions of an ASCII stream for guests of a share page."""

    ended: asyncio.Event
    """Ends the stream when set."""
    redact: Callable[[TextMessage], TextMessage]
    """Removes from a text message what guests may not see."""


async def async_stream_ascii(
    request: web.Request, instance: CameraInstance, policy: GuestPolicy | None = None
) -> web.StreamResponse:
    """Stream ASCII until the client leaves, the instance ends, or `policy.ended` is set.

    Raises HTTPBadRequest for an unknown preset or HEAD, HTTPNotFound while the instance is closing.
    """
    preset = request.query.get("preset")
    if preset is not None and preset not in PRESETS:
        raise web.HTTPBadRequest(text="no such preset")
    if request.method == hdrs.METH_HEAD:
        raise web.HTTPBadRequest(text="only for WebSocket")
    # Each packet is compressed already, once for all clients.
    socket = web.WebSocketResponse(
        protocols=[SUBPROTOCOL],
        compress=False,
        autoping=False,
        max_msg_size=_MAX_MESSAGE,
        timeout=_CLOSE_TIMEOUT,
    )
    if instance.ascii.closing.is_set():
        raise web.HTTPNotFound
    await socket.prepare(request)
    await _serve(socket, instance.ascii, preset, policy)
    if request.transport is not None and request.transport.get_write_buffer_size():
        # The client does not read, and would keep the buffered data for ever.
        request.transport.abort()
    return socket


async def _serve(
    socket: web.WebSocketResponse,
    streams: AsciiStreams,
    preset: str | None,
    policy: GuestPolicy | None,
) -> None:
    """Send and receive until the client, the instance or the policy ends the stream."""
    client, leave = streams.async_connect(preset)
    jobs = {
        "send": _send(socket, client, policy),
        "receive": _receive(socket, client, streams.heartbeat),
        "closing": streams.closing.wait(),
    }
    if policy is not None:
        jobs["policy"] = policy.ended.wait()
    tasks = [asyncio.create_task(job, name=f"retrocam ascii {name}") for name, job in jobs.items()]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        leave()
    code = WSCloseCode.OK
    if streams.closing.is_set():
        code = WSCloseCode.GOING_AWAY
    elif policy is not None and policy.ended.is_set():
        code = WSCloseCode.POLICY_VIOLATION
    with contextlib.suppress(TimeoutError):
        # A client that does not read does not receive the close frame either.
        async with asyncio.timeout(_CLOSE_TIMEOUT):
            await socket.close(code=code, drain=False)


async def _send(
    socket: web.WebSocketResponse, client: AsciiClient, policy: GuestPolicy | None
) -> None:
    try:
        while (message := await client.next()) is not None:
            if isinstance(message, bytes):
                await socket.send_bytes(message)
            else:
                await socket.send_json(message if policy is None else policy.redact(message))
    except ConnectionError:
        pass  # the client left


async def _receive(socket: web.WebSocketResponse, client: AsciiClient, heartbeat: float) -> None:
    """Receive acknowledgements; ping a silent client, and return if it does not answer.

    aiohttp's own heartbeat would leave a timer behind each socket.
    """
    pinged = False
    while True:
        try:
            message = await socket.receive(timeout=heartbeat)
        except TimeoutError:
            if pinged:
                return
            pinged = True
            try:
                async with asyncio.timeout(heartbeat):
                    await socket.ping()
            except ConnectionError, TimeoutError:
                return
            continue
        pinged = False
        if message.type is WSMsgType.PING:
            await socket.pong(message.data)
        elif message.type is WSMsgType.TEXT:
            try:
                client.ack(read_ack(message.data))
            except DamagedPacketError as err:
                _LOGGER.debug("An ASCII client sent %s", err)
                return
        elif message.type is not WSMsgType.PONG:
            return


class AudioView(RetrocamView):
    """The audio of a player."""

    url = AUDIO_PATH
    name = "api:retrocam:audio"

    async def get(
        self, request: web.Request, entry_id: str, session: str, epoch: str, start_us: str
    ) -> web.StreamResponse:
        """Stream ADTS from a position on, until the epoch's audio ends."""
        instance = self.instance(request, entry_id)
        return await async_stream_audio(request, instance, int(session), int(epoch), int(start_us))

    head = get


async def async_stream_audio(
    request: web.Request, instance: CameraInstance, session: int, epoch: int, start_us: int
) -> web.StreamResponse:
    """Stream ADTS from a position on, until the epoch's audio ends.

    Raises HTTPNotFound if there is none, or no longer.
    """
    if not isinstance(instance, AsciiPlayer):
        raise web.HTTPNotFound
    try:
        ring = instance.session.audio(session, epoch)
        audio = aiter(ring.listen(start_us))
        first = await anext(audio, None)
    except AudioGoneError as err:
        raise web.HTTPNotFound from err
    if first is None:
        raise web.HTTPNotFound

    async def chunks() -> AsyncIterator[bytes]:
        yield first
        # A client that reads so slowly has to request again.
        with contextlib.suppress(AudioGoneError):
            async for chunk in audio:
                yield chunk

    return await async_stream_chunks(request, "audio/aac", chunks())
