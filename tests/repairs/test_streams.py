"""Sound that is dropped, a lookback that is short, and a player without what it needs."""

from pathlib import Path
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.retrocam.cameras import CameraInstance
from custom_components.retrocam.cameras.extractor_issues import (
    JAVASCRIPT_ISSUE,
    OUTDATED_ISSUE,
    async_check_extractor,
)
from custom_components.retrocam.const import DOMAIN
from custom_components.retrocam.core.errors import BotCheckError, PlayNotFoundError
from custom_components.retrocam.core.player.machine import Phase
from custom_components.retrocam.core.player.status import Status

from ..conftest import LoadEntry
from ..flows.steps import form, start, submit
from ..rtsp import RtspServer
from ..waiting import until
from .dialogs import FIX, Dialog, found


async def test_sound_that_home_assistant_drops_is_told_of_until_the_camera_is_changed(
    home: HomeAssistant,
    load: LoadEntry,
    rtsp_server: RtspServer,
    hass_client: ClientSessionGenerator,
) -> None:
    mount = rtsp_server.mount("/porch", telephone=True)
    flow_id = await start(home, "camera_url")
    await submit(home, flow_id, form(mount.url))
    result = await submit(home, flow_id, {})
    entry: Any = result["result"]
    assert entry.data["audio_codec"] == "pcm_alaw"
    await home.async_block_till_done()
    instance: CameraInstance = entry.runtime_data
    await until(lambda: instance.ring.available > 0)
    instance.async_tell()
    issue = found(home, "audio_dropped", entry)
    assert issue is not None
    assert issue.translation_placeholders == {"name": "Porch", "codec": "pcm_alaw"}
    dialog = await Dialog.of(hass_client, "audio_dropped", entry)
    assert (await dialog.submit())["errors"] == {"base": "not_yet"}
    rtsp_server.unmount(mount)
    rtsp_server.mount("/porch", audio=True)
    assert (await dialog.submit())["type"] == "create_entry"
    await home.async_block_till_done()
    assert entry.data["audio_codec"] == "aac"
    entry.runtime_data.async_tell()
    assert found(home, "audio_dropped", entry) is None


async def run_short(camera: CameraInstance) -> None:
    """Let a lookback fill the little memory that it has, long before its seconds."""
    camera.lookback.async_set_megabytes(1)
    await until(lambda: camera.ring.size > 900_000 and len(camera.ring.segments) > 1)
    camera.async_tell()


async def test_a_lookback_that_runs_out_of_memory_can_be_given_more(
    home: HomeAssistant, demo: CameraInstance, hass_client: ClientSessionGenerator
) -> None:
    await run_short(demo)
    assert found(home, "lookback_short", demo.entry) is not None
    dialog = await Dialog.of(hass_client, "lookback_short", demo.entry)
    suggested = dialog.suggested()
    assert suggested["lookback_seconds"] == 60
    assert suggested["lookback_megabytes"] >= 8
    assert (await dialog.submit(**suggested))["type"] == "create_entry"
    assert demo.ring.limits[0] == 60
    assert demo.ring.limits[1] == suggested["lookback_megabytes"] * 1_000_000
    assert demo.entry.options["lookback"]["lookback_megabytes"] == suggested["lookback_megabytes"]
    demo.async_tell()
    assert found(home, "lookback_short", demo.entry) is None


async def test_a_runtime_is_looked_for_again(
    home: HomeAssistant,
    hass_client: ClientSessionGenerator,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    async_check_extractor(home, status(needs_javascript=True))
    client = await hass_client()
    issue = {"handler": DOMAIN, "issue_id": JAVASCRIPT_ISSUE}
    dialog = Dialog(client, await (await client.post(FIX, json=issue)).json())
    assert dialog.answer["step_id"] == "confirm"
    assert (await dialog.submit())["errors"] == {"base": "not_yet"}
    # What QuickJS is called on the disk.
    program = tmp_path / "qjs"
    program.touch(mode=0o755)
    assert (await dialog.submit())["type"] == "create_entry"
    assert ir.async_get(home).async_get_issue(DOMAIN, JAVASCRIPT_ISSUE) is None


def status(**changes: Any) -> Status:
    return Status(**changes)


async def test_an_old_extractor_is_told_of_once_it_fails(home: HomeAssistant) -> None:
    registry = ir.async_get(home)
    error = PlayNotFoundError("no such video")
    async_check_extractor(home, status(error=error, state=Phase.ERROR))
    assert registry.async_get_issue(DOMAIN, OUTDATED_ISSUE) is None
    robot = BotCheckError("are you one?")
    robot.outdated = True
    async_check_extractor(home, status(error=robot, state=Phase.ERROR))
    assert registry.async_get_issue(DOMAIN, OUTDATED_ISSUE) is not None
    page = "https://www.youtube.com/watch?v=aqz-KE-bpKQ"
    async_check_extractor(home, status(state=Phase.PLAYING, page=page))
    assert registry.async_get_issue(DOMAIN, OUTDATED_ISSUE) is None


async def test_a_dialog_changes_the_instance_that_there_is_now(
    home: HomeAssistant, demo: CameraInstance, hass_client: ClientSessionGenerator
) -> None:
    await run_short(demo)
    dialog = await Dialog.of(hass_client, "lookback_short", demo.entry)
    suggested = dialog.suggested()
    assert await home.config_entries.async_reload(demo.entry.entry_id)
    assert (await dialog.submit(**suggested))["type"] == "create_entry"
    assert not demo.supply.held
    now = demo.entry.runtime_data
    assert now is not demo
    assert now.lookback.megabytes == suggested["lookback_megabytes"]


async def test_a_dialog_of_an_entry_that_was_unloaded_only_ends(
    home: HomeAssistant, demo: CameraInstance, hass_client: ClientSessionGenerator
) -> None:
    await run_short(demo)
    dialog = await Dialog.of(hass_client, "lookback_short", demo.entry)
    assert await home.config_entries.async_unload(demo.entry.entry_id)
    assert (await dialog.submit(**dialog.suggested()))["type"] == "create_entry"
    assert demo.entry.options["lookback"]["lookback_megabytes"] == 1
