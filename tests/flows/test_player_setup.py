"""Config flow, translations and WebSocket subscription of a player."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from homeassistant.config_entries import SOURCE_RECONFIGURE, SOURCE_USER, ConfigFlowContext
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.retrocam.cameras.extractor_issues import JAVASCRIPT_ISSUE
from custom_components.retrocam.cameras.player import AsciiPlayer
from custom_components.retrocam.const import DOMAIN
from custom_components.retrocam.core.ascii.presets import CHARSETS, PRESETS
from custom_components.retrocam.core.errors import BotCheckError, PlayError
from custom_components.retrocam.core.player.ascii_source import AsciiStyle
from custom_components.retrocam.core.player.machine import Phase
from custom_components.retrocam.flows.options_flow import options_schema

from ..cameras.players import act, play, state_of
from ..conftest import LoadEntry
from ..house import ENGLISH
from ..http.cell_clients import Client, cells_url
from ..leaks import own_threads
from ..viewers import QUIET, url_of, working_threads


async def test_player_uses_options(home: HomeAssistant, load: LoadEntry) -> None:
    options = {**QUIET, "player": {"preset": "high", "charset": "nonsense", "loop": True}}
    entry = await load({"kind": "ascii_player", "name": "Screen"}, title="Screen", options=options)
    assert state_of(home, "select.screen_grid").state == "high"
    assert state_of(home, "select.screen_characters").state == "ramp"
    async with Client.looking(cells_url(home, entry.runtime_data)) as client:
        await client.until(lambda: client.states)
    assert (client.init["cols"], client.init["rows"]) == (320, 120)
    assert client.state == "idle"


async def test_flow_creates_idle_player(home: HomeAssistant) -> None:
    flow = home.config_entries.flow
    result = await flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    result = await flow.async_configure(result["flow_id"], {"next_step_id": "ascii_player"})
    assert result["step_id"] == "ascii_player"
    result = await flow.async_configure(result["flow_id"], {"name": " Screen ", "preset": "medium"})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["title"] == "Screen"
    entry = result["result"]
    await home.async_block_till_done()
    player = entry.runtime_data
    assert player.style.preset == "medium"
    assert not player.lookback.enabled
    assert not player.history.enabled
    registry = er.async_get(home)
    entities = er.async_entries_for_config_entry(registry, entry.entry_id)
    assert sorted(entity.entity_id for entity in entities) == [
        "camera.screen",
        "media_player.screen",
        "select.screen_characters",
        "select.screen_grid",
    ]
    assert working_threads() == []

    again = await flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    again = await flow.async_configure(again["flow_id"], {"next_step_id": "ascii_player"})
    again = await flow.async_configure(again["flow_id"], {"name": "Screen", "preset": "low"})
    assert again["reason"] == "already_configured"

    context = ConfigFlowContext(source=SOURCE_RECONFIGURE, entry_id=entry.entry_id)
    result = await flow.async_init(DOMAIN, context=context)
    result = await flow.async_configure(result["flow_id"], {"name": "Cinema"})
    assert result["reason"] == "reconfigure_successful"
    await home.async_block_till_done()
    assert entry.title == "Cinema"
    assert entry.runtime_data.style.preset == "medium"

    options = home.config_entries.options
    result = await options.async_init(entry.entry_id)
    assert result["data_schema"] is not None
    sections: dict[str, Any] = {str(key): {} for key in result["data_schema"].schema}
    wishes = {"preset": "tall", "max_source_height": 480, "charset": "blocks", "loop": True}
    result = await options.async_configure(
        result["flow_id"], {**sections, **QUIET, "player": wishes}
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await home.async_block_till_done()
    assert entry.runtime_data.style == AsciiStyle("tall", "blocks")
    assert await home.config_entries.async_unload(entry.entry_id)
    assert own_threads() == []


def play_errors() -> Iterator[type[PlayError]]:
    waiting = [PlayError]
    while waiting:
        yield (kind := waiting.pop())
        waiting += kind.__subclasses__()


def test_every_play_error_and_option_is_translated() -> None:
    for kind in play_errors():
        assert ENGLISH["exceptions"][f"play_{kind.code}"]["message"]
    for key, choices in (("preset", PRESETS), ("charset", CHARSETS)):
        assert ENGLISH["selector"][key]["options"].keys() == choices.keys()
        assert ENGLISH["entity"]["select"][key]["state"].keys() == choices.keys()
    section = ENGLISH["options"]["step"]["init"]["sections"]["player"]
    fields = {str(field) for field in options_schema("ascii_player").schema["player"].schema.schema}
    assert section["data"].keys() == section["data_description"].keys() == fields


async def test_websocket_pushes_player_state(
    home: HomeAssistant, player: AsciiPlayer, film: str, hass_ws_client: WebSocketGenerator
) -> None:
    entry_id = player.entry.entry_id
    socket = await hass_ws_client()
    await socket.send_json_auto_id({"type": "retrocam/player/subscribe", "entry_id": entry_id})
    assert (await socket.receive_json())["success"]
    assert (await socket.receive_json())["event"]["state"] == "idle"
    await play(home, film)
    events = [(await socket.receive_json())["event"]]
    while events[-1]["state"] != "playing":
        events.append((await socket.receive_json())["event"])
    # The idle state may be pushed once more.
    states = [event["state"] for event in events if event["state"] != "idle"]
    assert states[0] == "resolving"
    assert events[-1]["has_audio"]
    other = await hass_ws_client()
    await other.send_json_auto_id({"type": "retrocam/urls", "entry_id": entry_id})
    urls = (await other.receive_json())["result"]
    assert all("authSig" in urls[key] for key in ("cells", "mjpeg", "audio"))
    async with Client.looking(url_of(home, urls["cells"])) as client:
        await client.until(lambda: client.seen)
    await act(home, "media_stop")
    await other.send_json_auto_id({"type": "retrocam/urls", "entry_id": entry_id})
    assert (await other.receive_json())["result"]["audio"] is None


async def test_websocket_subscription_survives_reload(
    home: HomeAssistant, player: AsciiPlayer, hass_ws_client: WebSocketGenerator
) -> None:
    entry = player.entry
    socket = await hass_ws_client()
    command = {"type": "retrocam/player/subscribe", "entry_id": entry.entry_id}
    await socket.send_json_auto_id(command)
    assert (await socket.receive_json())["success"]
    assert (await socket.receive_json())["event"]["preset"] == "low"
    options = {**entry.options, "player": {"preset": "high"}}
    home.config_entries.async_update_entry(entry, options=options)
    assert await home.config_entries.async_reload(entry.entry_id)
    while (await socket.receive_json())["event"]["preset"] != "high":
        pass
    renewed = entry.runtime_data
    assert isinstance(renewed, AsciiPlayer)
    renewed.async_set_style(preset="medium")
    while (await socket.receive_json())["event"]["preset"] != "medium":
        pass


async def test_websocket_subscription_begins_before_the_player_is_loaded(
    home: HomeAssistant, player: AsciiPlayer, load: LoadEntry, hass_ws_client: WebSocketGenerator
) -> None:
    entry, other = player.entry, await load({"kind": "demo", "name": "Door"}, title="Door")
    assert await home.config_entries.async_unload(entry.entry_id)
    socket = await hass_ws_client()
    command = {"type": "retrocam/player/subscribe"}
    await socket.send_json_auto_id({**command, "entry_id": other.entry_id})
    assert (await socket.receive_json())["error"]["code"] == "not_found"
    await socket.send_json_auto_id({**command, "entry_id": entry.entry_id})
    assert (await socket.receive_json())["success"]
    assert await home.config_entries.async_setup(entry.entry_id)
    assert (await socket.receive_json())["event"]["state"] == "idle"


async def test_missing_runtime_raises_issue_until_youtube_works(
    home: HomeAssistant, player: AsciiPlayer
) -> None:
    registry = ir.async_get(home)
    error = BotCheckError("no runtime")
    error.needs_javascript = True
    status = player.session.status
    player._async_changed(_with(status, error=error))
    assert registry.async_get_issue(DOMAIN, JAVASCRIPT_ISSUE) is not None
    playing = _with(status, state=Phase.PLAYING, page="https://example.com/film")
    player._async_changed(playing)
    assert registry.async_get_issue(DOMAIN, JAVASCRIPT_ISSUE) is not None
    player._async_changed(_with(playing, page="https://www.youtube.com/watch?v=aqz-KE-bpKQ"))
    assert registry.async_get_issue(DOMAIN, JAVASCRIPT_ISSUE) is None


def _with(status: Any, **changes: Any) -> Any:
    return replace(status, **changes)
