"""The kinds of visits: each reads one thing that Retrocam serves, until its time is over.

A forbidden response is an AssertionError; the loss of Home Assistant or an entry raises other errors.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
import contextlib
from dataclasses import dataclass, field, replace
import random
from typing import Any, Final
from urllib.parse import urljoin

import aiohttp

from custom_components.retrocam.core.ascii.presets import CHARSETS, PRESETS
from custom_components.retrocam.core.ascii.raster import layout_for
from custom_components.retrocam.core.ascii.wire import SUBPROTOCOL
from demo.film import FILM
from tests.core.ascii.ascii_decoder import AsciiDecoder

from .scene import PIN, Instance, Scene

FINE: Final = frozenset({200, 206, 404, 416, 503})
"""Acceptable status codes: 404 and 503 while an entry is not loaded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One visitor and its resources."""

    scene: Scene
    instance: Instance
    session: aiohttp.ClientSession
    manner: str
    chance: random.Random
    saw: Counter[str]
    connections: list[asyncio.Transport] = field(default_factory=list)

    @contextlib.asynccontextmanager
    async def get(self, path: str, *, may_fail: bool = False, **more: Any) -> Any:
        """Request a path; an unacceptable response is an AssertionError.

        A view that `may_fail` is Home Assistant's own: the log tells whether the cause is known.
        """
        async with self.session.get(urljoin(self.scene.url, path), **more) as response:
            self.took(response)
            if may_fail and response.status == 500:
                raise ConnectionError("failed")
            if response.status not in FINE:
                raise AssertionError(f"{path.partition('?')[0]} returned {response.status}")
            if response.status in {404, 503}:
                raise ConnectionError("not loaded")
            yield response

    def took(self, response: aiohttp.ClientResponse | aiohttp.ClientWebSocketResponse) -> None:
        """Note a connection, to drop it without closing it later."""
        connection = getattr(response, "connection", None) or getattr(response, "_conn", None)
        if connection is not None and connection.transport is not None:
            self.connections.append(connection.transport)

    async def act(self, domain: str, action: str, data: dict[str, Any]) -> Any:
        """Call an action with a response; it may be rejected, but with a message."""
        path = f"{self.scene.url}/api/services/{domain}/{action}?return_response"
        async with self.session.post(path, json=data) as response:
            self.took(response)
            if response.status == 500:
                # Home Assistant answers 500 to a HomeAssistantError as well, without its text. The log
                # shows whether it was ours: all others have a traceback there.
                raise ConnectionError("refused")
            if response.status != 200:
                raise ConnectionError(f"{response.status}")
            return (await response.json())["service_response"]

    async def stall(self) -> None:
        """Stop reading until the time is over."""
        await asyncio.Event().wait()


async def _mjpeg(visit: Visit) -> None:
    await _read_mjpeg(visit, f"/api/retrocam/mjpeg/{visit.instance.entry_id}")


async def _read_mjpeg(visit: Visit, path: str) -> None:
    last, length = -1, 0
    async with visit.get(path) as response:
        while line := await response.content.readline():
            name, _, value = line.partition(b":")
            if name == b"X-Frame-Index":
                index = int(value)
                # The first frame is sent twice.
                if index < last:
                    raise AssertionError(f"frame {index} after {last}")
                last = index
                visit.saw["mjpeg frames"] += 1
            if name == b"Content-Length":
                length = int(value)
            if line == b"\r\n" and last >= 0:
                await response.content.readexactly(length + 2)
                if visit.manner == "stalls":
                    await visit.stall()


async def _cells(visit: Visit) -> None:
    url = urljoin(visit.scene.url, f"/api/retrocam/cells/{visit.instance.entry_id}")
    url += visit.chance.choice(["", *(f"?preset={preset}" for preset in PRESETS)])
    await _read_cells(visit, url)


async def _read_cells(visit: Visit, url: str) -> None:
    async with visit.session.ws_connect(url, protocols=[SUBPROTOCOL]) as socket:
        visit.took(socket)
        decoder: AsciiDecoder | None = None
        last = (-1, -1)
        async for message in socket:
            if message.type is aiohttp.WSMsgType.TEXT:
                payload = message.json()
                if payload["type"] == "init":
                    layout = layout_for(
                        payload["cols"], payload["rows"], CHARSETS[payload["charset"]]
                    )
                    decoder = AsciiDecoder(layout, epoch=payload["epoch"])
                    last = (-1, -1)
            elif message.type is aiohttp.WSMsgType.BINARY and decoder is not None:
                packet = decoder.decode(message.data)
                if packet is None:
                    continue
                if packet.seq <= last[0]:
                    raise AssertionError(f"packet {packet.seq} after {last[0]}")
                last = (packet.seq, packet.pts_us)
                visit.saw["cell packets"] += 1
                if visit.manner == "stalls" and visit.chance.random() < 0.1:
                    await visit.stall()
                await socket.send_json({"ack": packet.seq})


async def _hls(visit: Visit) -> None:
    async with visit.session.ws_connect(f"{visit.scene.url}/api/websocket") as socket:
        await socket.receive_json()
        await socket.send_json({"type": "auth", "access_token": visit.scene.token})
        await socket.receive_json()
        data = {"id": 1, "type": "camera/stream", "entity_id": visit.instance.camera}
        await socket.send_json(data)
        answer = await socket.receive_json()
    if not answer["success"]:
        return
    master = answer["result"]["url"]
    # After a source that ended just after a keyframe: see `EXPECTED` of the log.
    async with visit.get(master, may_fail=True) as response:
        playlist = urljoin(master, (await response.text()).strip().splitlines()[-1])
    seen: set[str] = set()
    while True:
        async with visit.get(playlist) as response:
            lines = (await response.text()).splitlines()
        for line in lines:
            if line.startswith("./segment/") and line not in seen:
                seen.add(line)
                async with visit.get(urljoin(playlist, line)) as response:
                    visit.saw["hls bytes"] += len(await response.read())
                if visit.manner == "stalls":
                    await visit.stall()
        await asyncio.sleep(0.5)  # as players reload the playlist


async def _api(visit: Visit) -> None:
    entry_id = visit.instance.entry_id
    async with visit.session.ws_connect(f"{visit.scene.url}/api/websocket") as socket:
        visit.took(socket)
        await socket.receive_json()
        await socket.send_json({"type": "auth", "access_token": visit.scene.token})
        await socket.receive_json()
        asked = [
            {"type": "retrocam/instances"},
            {"type": "retrocam/urls", "entry_id": entry_id},
            {"type": "retrocam/media/subscribe", "entry_id": entry_id},
            {"type": "retrocam/media/list", "entry_id": entry_id, "kind": "snapshots"},
            {"type": "retrocam/media/list", "entry_id": entry_id, "kind": "recordings"},
            {"type": "retrocam/player/subscribe", "entry_id": entry_id},
        ]
        number = 0
        while True:
            number += 1
            await socket.send_json({"id": number, **visit.chance.choice(asked)})
            if visit.manner == "stalls":
                await visit.stall()
            while True:
                answer = await socket.receive_json()
                if answer["id"] == number and answer["type"] == "result":
                    break
                visit.saw["pushes"] += 1
            if not answer["success"] and answer["error"]["code"] == "unknown_error":
                raise AssertionError(f"a command failed: {answer['error']}")
            visit.saw["commands"] += 1
            await asyncio.sleep(visit.chance.uniform(0, 0.5))  # as a person clicks


async def _snapshots(visit: Visit) -> None:
    camera = {"entity_id": visit.instance.camera}
    while True:
        async with visit.session.get(
            f"{visit.scene.url}/api/camera_proxy/{visit.instance.camera}"
        ) as response:
            # Home Assistant's own view: 500 when there is no image.
            visit.saw["stills"] += response.status == 200
            await response.read()
        await visit.act("retrocam", "take_snapshot", camera)
        listed = await visit.act("retrocam", "list_snapshots", camera | {"limit": 5})
        for item in listed[visit.instance.camera]["items"]:
            for url in (item["url"], item["thumbnail_url"]):
                async with visit.get(url) as response:
                    visit.saw["snapshot bytes"] += len(await response.read())
        if visit.manner == "stalls":
            await visit.stall()


async def _ranges(visit: Visit) -> None:
    camera = {"entity_id": visit.instance.camera}
    listed = await visit.act("retrocam", "list_recordings", camera | {"limit": 20})
    items = listed[visit.instance.camera]["items"]
    while items:
        item = visit.chance.choice(items)
        first = visit.chance.randrange(item["size"])
        last = visit.chance.randrange(first, item["size"])
        header = {"Range": f"bytes={first}-{last}"}
        async with visit.get(item["url"], headers=header) as response:
            if visit.manner == "stalls":
                await response.content.readany()
                await visit.stall()
            body = await response.read()
            if response.status != 206 or len(body) != last - first + 1:
                raise AssertionError(f"{header} of {item['size']}: {response.status} {len(body)}")
            visit.saw["range bytes"] += len(body)


async def _player(visit: Visit) -> None:
    player = {"entity_id": visit.scene.player}
    cameras = [one.camera for one in visit.scene.cameras]
    media = visit.chance.choice([FILM, FILM, *cameras])
    await visit.act("retrocam", "play", player | {"media": media})
    while True:
        service = visit.chance.choice(["media_pause", "media_play", "media_stop", "media_seek"])
        data: dict[str, Any] = dict(player)
        if service == "media_seek":
            data["seek_position"] = visit.chance.uniform(0, 20)
        url = f"{visit.scene.url}/api/services/media_player/{service}"
        async with visit.session.post(url, json=data) as response:
            visit.saw["player actions"] += response.status == 200
        await asyncio.sleep(visit.chance.uniform(0.1, 3))  # the same


async def _guest(visit: Visit) -> None:
    """Open the share page by link and PIN, without an account."""
    base = visit.scene.url + visit.instance.share
    jar = aiohttp.CookieJar(unsafe=True)  # the host is an address
    connector = aiohttp.TCPConnector(force_close=True)
    async with aiohttp.ClientSession(connector=connector, cookie_jar=jar) as session:
        own = replace(visit, session=session)
        async with own.get(base) as response:
            await response.read()
        async with session.post(f"{base}/unlock", json={"pin": PIN}) as response:
            if response.status not in {204, 404, 503}:
                raise AssertionError(f"the right PIN got status {response.status}")
        async with own.get(f"{base}/info") as response:
            visit.saw["guests"] += 1
            payload = await response.json()
        match visit.chance.choice(["mjpeg", "cells", "snapshots", "control"]):
            case "mjpeg":
                await _read_mjpeg(own, f"{base}/mjpeg")
            case "cells":
                await _read_cells(own, f"{base}/cells")
            case "snapshots" if payload["history"]:
                async with own.get(f"{base}/snapshots?limit=5") as response:
                    await response.read()
            case _:
                async with session.post(f"{base}/preset", json={"preset": "low"}) as response:
                    if response.status >= 500 and response.status != 503:
                        raise AssertionError(f"a guest's command got status {response.status}")


KINDS: Final[dict[str, Callable[[Visit], Awaitable[None]]]] = {
    "mjpeg": _mjpeg,
    "cells": _cells,
    "hls": _hls,
    "api": _api,
    "snapshots": _snapshots,
    "ranges": _ranges,
    "player": _player,
    "guest": _guest,
}
