"""Tests of the ASCII stream over real WebSockets: access, content and cost."""

import asyncio
import contextlib
from itertools import pairwise
import socket as sockets

import aiohttp
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.translation import async_load_integrations
import numpy as np
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator
from yarl import URL

from custom_components.retrocam.cameras import CameraInstance
from custom_components.retrocam.cameras.generated import GeneratedCamera
from custom_components.retrocam.cameras.player import AsciiPlayer
from custom_components.retrocam.const import DOMAIN
from custom_components.retrocam.core.ascii.wire import PacketType
from custom_components.retrocam.core.frames.feed import Picture

from ..cameras.players import play
from ..conftest import LoadEntry
from ..core.frames.stills import jpeg
from ..core.player.server import MediaServer
from ..foreign import StillCamera, add
from ..leaks import own_tasks, own_threads
from ..rtsp import RtspServer
from ..viewers import QUIET, open_sockets, url_of, working_threads
from ..waiting import until
from .cell_clients import Client, cells_url

CLIENTS = 50


@pytest.fixture
def camera(quiet_demo: GeneratedCamera) -> CameraInstance:
    return quiet_demo


def encoded(camera: CameraInstance) -> int:
    return camera.ascii.views[None].broadcast.encoded


async def test_camera_streams_ascii_and_releases_everything(
    home: HomeAssistant, camera: CameraInstance
) -> None:
    before = open_sockets()
    assert working_threads() == []
    async with Client.looking(cells_url(home, camera)) as client:
        await client.until(lambda: client.state == "playing" and len(client.seen) > 30)
        assert working_threads() == ["retrocam ascii Porch", "retrocam drawing Porch"]
        assert camera.diagnostics()["ascii"][0]["clients"] == 1
    init = client.init
    assert (init["cols"], init["rows"], init["charset"]) == (120, 50, "ramp")
    assert init["live"]
    assert init["audio"] is None
    assert init["aspect"] == pytest.approx(16 / 9)
    assert client.states[0]["state"] == "buffering"
    assert client.seen[0].packet.type is PacketType.KEY
    times = [seen.packet.pts_us for seen in client.seen]
    assert all(later > earlier for earlier, later in pairwise(times))
    assert np.mean([seen.size for seen in client.seen]) < 1500
    await until(lambda: working_threads() == [])
    await until(lambda: camera.ascii.viewers == 0)
    await until(lambda: open_sockets() <= before)


async def test_fifty_clients_cost_one_encode(home: HomeAssistant, camera: CameraInstance) -> None:
    url = cells_url(home, camera)
    async with contextlib.AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(Client.looking(url)) for _ in range(CLIENTS)]

        async def look(client: Client) -> None:
            await client.until(lambda: len(client.seen) >= 40)

        await asyncio.gather(*map(look, clients))
        assert camera.ascii.viewers == CLIENTS
        made = encoded(camera)
    packets: dict[int, bytes] = {}
    for client in clients:
        for seen in client.seen:
            codes = seen.packet.codes.tobytes()
            assert packets.setdefault(seen.packet.seq, codes) == codes
        sequence = [seen.packet.seq for seen in client.seen]
        assert sequence == sorted(set(sequence))
    # One encode a frame; some came before the last client connected, or after the first left.
    assert len(packets) <= made <= max(packets) + 1 + 100


async def test_late_client_starts_with_a_key_packet(
    home: HomeAssistant, camera: CameraInstance
) -> None:
    url = cells_url(home, camera)
    async with Client.looking(url) as first:
        await first.until(lambda: len(first.seen) > 40)
        async with Client.looking(url) as late:
            await late.until(lambda: late.seen)
            newest = first.seen[-1].packet.pts_us
            assert late.seen[0].packet.type is PacketType.KEY
            # From memory: it did not wait for the next one.
            assert late.seen[0].packet.pts_us <= newest + 200_000
            await late.until(lambda: late.seen[-1].packet.pts_us > newest + 300_000)
            await first.until(lambda: first.seen[-1].packet.seq >= late.seen[-1].packet.seq)
    same = {seen.packet.seq: seen.packet.codes for seen in first.seen}
    both = [seen for seen in late.seen if seen.packet.seq in same]
    assert len(both) > 5
    for seen in both:
        assert np.array_equal(same[seen.packet.seq], seen.packet.codes)


async def stuck_client(url: str) -> sockets.socket:
    """Connect, and never read after the handshake."""
    there = URL(url)
    assert there.host is not None
    assert there.port is not None
    # A small window: otherwise the kernel's buffers absorb the data for long.
    client = sockets.socket()
    client.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)
    client.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(client, (there.host, there.port))
    request = (
        f"GET {there.raw_path_qs} HTTP/1.1\r\nHost: {there.host}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Protocol: retrocam.cells.v1\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    await loop.sock_sendall(client, request.encode())
    assert b"101" in await loop.sock_recv(client, 64)
    return client


async def test_client_that_does_not_read_does_not_delay_others(
    home: HomeAssistant, camera: CameraInstance
) -> None:
    camera.ascii.heartbeat = 1.0
    stuck = await stuck_client(cells_url(home, camera, "?preset=high"))
    await until(lambda: camera.ascii.viewers == 1)
    (slow,) = camera.ascii.views["high"].broadcast._clients
    async with Client.looking(cells_url(home, camera, "?preset=high")) as client:
        await client.until(lambda: len(client.seen) > 75)
        sequence = [seen.packet.seq for seen in client.seen]
        assert sequence == list(range(sequence[0], sequence[0] + len(sequence)))
        # It skipped to the next key, which it never read; little data is buffered.
        assert slow.skips == 1
        assert slow._next_offset - slow._acked_offset < 1_000_000
        # It does not answer pings either, and is disconnected.
        while camera.ascii.viewers == 2:
            assert await client.read()
    stuck.close()
    await until(lambda: working_threads() == [])


async def test_silent_client_that_answers_pings_stays(
    home: HomeAssistant, camera: CameraInstance
) -> None:
    camera.ascii.heartbeat = 0.05
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(cells_url(home, camera), autoping=False) as socket,
    ):
        questions = 0
        async for message in socket:
            if message.type is aiohttp.WSMsgType.PING:
                questions += 1
                await socket.pong(message.data)
                if questions == 3:
                    await socket.ping(b"there?")
            if message.type is aiohttp.WSMsgType.PONG:
                assert message.data == b"there?"
                break
        assert questions == 3


@pytest.mark.parametrize("nonsense", ["what?", '{"ack": -1}', "x" * 5000])
async def test_malformed_message_closes_the_websocket(
    home: HomeAssistant, camera: CameraInstance, nonsense: str
) -> None:
    async with Client.looking(cells_url(home, camera)) as client:
        await client.socket.send_str(nonsense)
        async with asyncio.timeout(30):
            while await client.read():
                pass
    await until(lambda: camera.ascii.viewers == 0)


async def test_unauthorized_and_unknown_requests_are_refused(
    home: HomeAssistant,
    camera: CameraInstance,
    hass_client: ClientSessionGenerator,
    hass_client_no_auth: ClientSessionGenerator,
) -> None:
    path = f"/api/retrocam/cells/{camera.entry.entry_id}"
    stranger, friend = await hass_client_no_auth(), await hass_client()
    for url in (url_of(home, path), cells_url(home, camera) + "x"):
        async with aiohttp.ClientSession() as session:
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await session.ws_connect(url)
            assert refused.value.status == 403
    assert (await stranger.get(path)).status == 403
    assert (await friend.get(f"{path}?preset=huge")).status == 400
    assert (await friend.get(path)).status == 400  # no upgrade
    assert (await friend.get("/api/retrocam/cells/nobody")).status == 404
    audio = f"/api/retrocam/audio/{camera.entry.entry_id}/1/1/0.aac"
    assert (await friend.get(audio)).status == 404
    assert camera.ascii.viewers == 0


async def test_unloading_closes_all_clients(home: HomeAssistant, camera: CameraInstance) -> None:
    url = cells_url(home, camera)
    stuck = await stuck_client(url)
    async with Client.looking(url) as client:
        await client.until(lambda: client.seen)
        assert await home.config_entries.async_unload(camera.entry.entry_id)
        assert own_threads() == []
        async with asyncio.timeout(30):
            while await client.read():
                pass
        assert client.socket.close_code == 1001
        await until(lambda: own_tasks() == [])
    stuck.close()
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await session.ws_connect(url)
        assert refused.value.status == 404


async def test_network_camera_is_woken_and_reports_its_loss(
    home: HomeAssistant, load: LoadEntry, rtsp_server: RtspServer
) -> None:
    mount = rtsp_server.mount("/porch", fps=25)
    entry = await load({"kind": "camera_url", "url": mount.url}, options=QUIET)
    camera = entry.runtime_data
    assert not camera.provider.in_use
    async with Client.looking(cells_url(home, camera)) as client:
        assert camera.provider.in_use
        await client.until(lambda: client.state == "playing" and len(client.seen) > 20)
        assert client.init["aspect"] == pytest.approx(16 / 9, rel=0.02)
        rtsp_server.kill()
        await client.until(lambda: client.state == "error")
        assert client.states[-1]["error"]["code"] == "cannot_connect"
    await until(lambda: not camera.provider.in_use)


async def test_late_frame_does_not_reset_the_error_state(
    home: HomeAssistant, load: LoadEntry, rtsp_server: RtspServer
) -> None:
    mount = rtsp_server.mount("/porch", fps=25)
    camera = (await load({"kind": "camera_url", "url": mount.url}, options=QUIET)).runtime_data
    pictures: list[Picture] = []
    async with Client.looking(cells_url(home, camera)) as client:
        leave = camera.subscribe(pictures.append)
        await client.until(lambda: client.state == "playing" and pictures)
        rtsp_server.kill()
        await until(lambda: not camera.connected)
        # Frames are shown when due, up to a second after they came.
        camera.feed._emit(pictures[-1])
        await client.until(lambda: client.state == "error")
        await home.async_block_till_done(wait_background_tasks=False)
        assert camera.ascii.views[None]._state["state"] == "error"
        leave()


async def test_camera_with_only_stills_streams_ascii(home: HomeAssistant, load: LoadEntry) -> None:
    count = iter(range(1, 1000))

    def picture() -> bytes:
        number = next(count)
        return b"\xff\xd8 no picture \xff\xd9" if number == 2 else jpeg(number * 7)

    await add(home, StillCamera(picture, "Door"))
    entry = await load({"kind": "camera_entity", "entity_id": "camera.door"}, options=QUIET)
    camera = entry.runtime_data
    async with Client.looking(cells_url(home, camera)) as client:
        await client.until(lambda: client.state == "playing" and len(client.seen) > 3)
        assert client.init["aspect"] == pytest.approx(16 / 9)
    assert len({seen.packet.codes.tobytes() for seen in client.seen}) > 2
    await until(lambda: working_threads() == [])


async def test_errors_are_translated_to_the_language_of_home_assistant(
    home: HomeAssistant, load: LoadEntry, player: AsciiPlayer, server: MediaServer
) -> None:
    home.config.language = "de"
    await async_load_integrations(home, {DOMAIN})
    entry = await load({"kind": "camera_url", "url": "rtsp://127.0.0.1:1/porch"}, options=QUIET)
    async with Client.looking(cells_url(home, entry.runtime_data)) as client:
        await client.until(lambda: client.state == "error")
        assert client.states[-1]["error"] == {
            "code": "cannot_connect",
            "message": "Porch ist nicht erreichbar.",
        }
    async with Client.looking(cells_url(home, player)) as client:
        with pytest.raises(HomeAssistantError):
            await play(home, f"{server.root}/gone.mp4?token=hunter2")
        await client.until(lambda: client.state == "error")
        said = client.states[-1]["error"]
        assert (said["code"], said["message"]) == ("not_found", "Für Screen wurde nichts gefunden.")
