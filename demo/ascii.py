"""The demo's job of the ASCII player: frames and sound of a film, as received by a viewer."""

import asyncio
import sys
import time
from typing import Any, Final

import aiohttp

from custom_components.retrocam.core.ascii.planes import PlaneLayout
from custom_components.retrocam.core.ascii.wire import SUBPROTOCOL
from tests.core.ascii.ascii_decoder import AsciiDecoder

from .client import Client
from .film import FILM
from .setting import PLAYER_NAME

WATCHED: Final = 4.0
"""Seconds that the job watches and listens."""
COLUMNS: Final = 78


async def ascii_player(client: Client, _entry_id: str) -> dict[str, Any]:
    """Play the film by the resolver, watch and listen, and print one frame to the terminal."""
    entry_id, player, answer = await play_film(client)
    camera = await client.entity_id(entry_id, "camera")
    url = f"{client.url}/api/retrocam/cells/{entry_id}"
    async with client.session.ws_connect(
        url, headers=client.headers, protocols=[SUBPROTOCOL], compress=0
    ) as socket:
        watched = await _watch(client, socket)
    wanted = {"entity_id": camera, "columns": COLUMNS}
    picture = (await client.call_action("retrocam", "ascii_frame", wanted))[camera]
    print(picture["text"], file=sys.stderr)
    await client.post("/api/services/media_player/media_stop", {"entity_id": player})
    return {"ascii_title": answer["title"], **watched, "ascii_text_rows": picture["rows"]}


async def play_film(client: Client) -> tuple[str, str, dict[str, Any]]:
    """Play the film; return the player's entry, its entity and the action's response."""
    entries = {entry["title"]: entry["entry_id"] for entry in await client.entries()}
    entry_id = entries[PLAYER_NAME]
    player = await client.entity_id(entry_id, "media_player")
    await client.wait_for_state(player)
    data = {"entity_id": player, "media": FILM}
    answer: dict[str, Any] = (await client.call_action("retrocam", "play", data))[player]
    return entry_id, player, answer


async def _watch(client: Client, socket: aiohttp.ClientWebSocketResponse) -> dict[str, Any]:
    """Decode the ASCII stream for some seconds, and its sound."""
    init: dict[str, Any] = {}
    sizes: list[int] = []
    decoder: AsciiDecoder | None = None
    sound: asyncio.Task[float] | None = None
    first = last = 0.0
    while not sizes or last - first < WATCHED:
        message = await socket.receive()
        if message.type is aiohttp.WSMsgType.TEXT:
            payload = message.json()
            if payload["type"] == "init":
                init = payload
                decoder = AsciiDecoder(PlaneLayout(init["cols"], init["rows"]), epoch=init["epoch"])
            continue
        if message.type is not aiohttp.WSMsgType.BINARY or decoder is None:
            raise RuntimeError(f"the ASCII stream ended: {message}")
        packet = decoder.decode(message.data)
        if packet is None:
            continue
        await socket.send_json({"ack": packet.seq})
        sizes.append(len(message.data))
        last = time.monotonic()
        if sound is None:
            first = last
            path = init["audio"].format(start_us=packet.pts_us)
            sound = asyncio.create_task(_listen(client, path))
    return {
        "ascii_fps": round((len(sizes) - 1) / (last - first), 2),
        "ascii_bytes_a_frame": round(sum(sizes) / len(sizes)),
        "ascii_audio_seconds": round(await sound, 2) if sound else 0.0,
    }


async def _listen(client: Client, path: str) -> float:
    """Read sound while frames are watched; return its duration in s."""
    data = bytearray()
    async with client.session.get(client.url + path, headers=client.headers) as response:
        response.raise_for_status()
        try:
            async with asyncio.timeout(WATCHED):
                async for chunk in response.content.iter_any():
                    data += chunk
        except TimeoutError:
            pass  # the stream continues
    return _seconds(bytes(data))


def _seconds(adts: bytes) -> float:
    """Count whole ADTS frames at 48 kHz, ISO/IEC 13818-7, 6.2."""
    frames = position = 0
    while position + 7 <= len(adts):
        if adts[position] != 0xFF:
            raise RuntimeError("the sound is not ADTS")
        length = (adts[position + 3] & 3) << 11 | adts[position + 4] << 3 | adts[position + 5] >> 5
        position += length
        frames += position <= len(adts)
    return frames * 1024 / 48_000
