"""JSON from guests, ASCII clients, Home Assistant's WebSocket, and look-ups."""

import json
import logging
from typing import Any

import aiohttp
from homeassistant.core import HomeAssistant
from homeassistant.helpers.json import json_bytes
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.retrocam.cameras.share_auth import SHARE_AUTH
from custom_components.retrocam.core.ascii.messages import read_ack
from custom_components.retrocam.core.ascii.wire import SUBPROTOCOL
from custom_components.retrocam.core.errors import DamagedPacketError, PlayError
from custom_components.retrocam.core.player.lookup.answers import load_answer
from custom_components.retrocam.core.player.net.fetch import page_link

from ...conftest import LoadEntry
from ...http.cell_clients import cells_url
from ...share.guests import FAST, Browser, page_path, sharing
from ...viewers import QUIET
from ...waiting import until
from .limits import bounded, case_random, cases, try_all
from .mutations import mutated, mutated_json, no_pieces
from .seeds import answer

POSTS = {
    "play": {"media": "http://192.0.2.1/film.mp4"},
    "pause": {},
    "stop": {},
    "seek": {"position": 1.5},
    "preset": {"preset": "low"},
    "layout": {"layout": "quad", "main": "0"},
    "unlock": {"pin": "246801"},
}
COMMANDS = (
    {"type": "retrocam/media/list", "entry_id": "{id}", "kind": "snapshots", "limit": 5,
     "before": "2026-01-01T00:00:00+00:00", "after": "2025-01-01T00:00:00+00:00"},
    {"type": "retrocam/lookback/subscribe", "entry_id": "{id}"},
    {"type": "retrocam/media/subscribe", "entry_id": "{id}"},
    {"type": "retrocam/player/subscribe", "entry_id": "{id}"},
    {"type": "retrocam/urls", "entry_id": "{id}"},
    {"type": "retrocam/instances"},
)  # fmt: skip
ACKS = ('{"ack": 1}', '{"ack": 4294967295}')


@pytest.fixture(autouse=True)
def no_errors(caplog: pytest.LogCaptureFixture) -> Any:
    """No error may be logged, since every unexpected exception is."""
    yield
    told = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert [record.getMessage()[:300] for record in told] == []


def written(value: Any) -> bytes:
    """Return JSON of anything that Python can serialize, or a truncated one."""
    return json.dumps(value).encode("utf-8", "surrogatepass")


async def test_look_up_results_are_serializable_or_rejected() -> None:
    def attempt(data: bytes) -> None:
        found = load_answer(data)
        # Everything reported of it must be valid JSON for all readers.
        told = [found.title, page_link(found.page), found.thumbnail, found.duration, found.expires]
        json_bytes(told)
        json.dumps(told, allow_nan=False)
        for each in found.inputs:
            each.url.encode()
            for name, value in each.headers.items():
                assert f"{name}{value}".encode("latin-1").isascii() or value

    found = []
    for number in cases(600):
        rng = case_random("answer", number)
        data = written(mutated_json(answer(), rng))
        found.append(mutated(data, rng, no_pieces) if rng.random() < 0.2 else data)
    async with bounded():
        assert await try_all(attempt, found, (PlayError,))


async def test_acknowledgements_are_read_or_rejected() -> None:
    found = []
    for number in cases(300):
        rng = case_random("ack", number)
        data = mutated(rng.choice(ACKS).encode(), rng, no_pieces)
        if rng.random() < 0.5:
            data = written(mutated_json({"ack": 1}, rng))
        found.append(data.decode("utf-8", "replace"))
    found += ["[" * 500_000, '{"ack":' * 100_000]
    async with bounded():
        assert await try_all(read_ack, found, (DamagedPacketError,))


@pytest.fixture
async def screen(load: LoadEntry) -> MockConfigEntry:
    """A shared player, which guests may control."""
    data = {"kind": "ascii_player", "name": "Screen"}
    return await load(data, title="Screen", options=sharing(share_control=True))


async def test_guest_posts_are_answered(home: HomeAssistant, screen: MockConfigEntry) -> None:
    home.data[SHARE_AUTH].cost = FAST
    found = []
    for number in cases(100):
        rng = case_random("post", number)
        action = rng.choice(sorted(POSTS))
        data = written(mutated_json(POSTS[action], rng))
        found.append((action, mutated(data, rng, no_pieces) if rng.random() < 0.3 else data))
    statuses = set()
    async with Browser.at(home, page_path(screen)) as guest:
        assert (await guest.unlock()).status == 204
        async with bounded():
            for action, data in found:
                headers = {"Content-Type": "application/json"}
                url = f"{guest.root}/{action}"
                async with guest.session.post(url, data=data, headers=headers) as response:
                    await response.read()
                assert response.status < 500, (action, data[:1000])
                statuses.add(response.status)
    assert {200, 400} <= statuses


async def test_user_messages_are_answered(
    home: HomeAssistant, screen: MockConfigEntry, hass_ws_client: WebSocketGenerator
) -> None:
    client = await hass_ws_client()
    codes = set()
    async with bounded():
        for number in cases(250):
            rng = case_random("message", number)
            command = dict(rng.choice(COMMANDS))
            if "entry_id" in command:
                command["entry_id"] = screen.entry_id
            kind = command.pop("type")
            message = mutated_json(command, rng)
            message = {**message, "type": kind} if isinstance(message, dict) else {"type": kind}
            message.pop("id", None)
            try:
                json_bytes(message)
            except TypeError, ValueError:
                continue  # what Home Assistant's own client cannot send
            await client.send_json_auto_id(message)
            said = await client.receive_json()
            while said["type"] == "event":
                said = await client.receive_json()
            codes.add("ok" if said["success"] else said["error"]["code"])
    assert codes == {"ok", "not_found", "invalid_format"}


async def test_malformed_ascii_messages_close_at_most_their_connection(
    home: HomeAssistant, load: LoadEntry
) -> None:
    entry = await load({"kind": "demo", "name": "Porch"}, options=QUIET)
    connector = aiohttp.TCPConnector(force_close=True)
    async with aiohttp.ClientSession(connector=connector) as session, bounded():
        for number in cases(30):
            rng = case_random("cells", number)
            url = cells_url(home, entry.runtime_data)
            async with session.ws_connect(url, protocols=[SUBPROTOCOL]) as socket:
                await socket.receive_json()
                for _ in range(3):
                    data = mutated(rng.choice(ACKS).encode(), rng, no_pieces)
                    if rng.random() < 0.3:
                        await socket.send_bytes(data)
                    else:
                        await socket.send_str(data.decode("utf-8", "replace"))
    await until(lambda: entry.runtime_data.ascii.viewers == 0)
