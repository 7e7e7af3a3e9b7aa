"""Dropped audio, a short lookback, and missing requirements of the player."""

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


async def dropped(load: LoadEntry, url: str) -> Any:
    """Load a camera of an earlier version, which did not save the video codec; wait for its stream."""
    entry: Any = await load({"kind": "camera_url", "url": url, "audio_codec": "pcm_alaw"})
    await until(lambda: entry.runtime_data.ring.available > 0)
    entry.runtime_data.async_update_listeners()
    return entry


async def test_dropped_audio_is_converted_by_its_repair(
    home: HomeAssistant,
    load: LoadEntry,
    rtsp_server: RtspServer,
    hass_client: ClientSessionGenerator,
) -> None:
    mount = rtsp_server.mount("/porch", telephone=True)
    entry = await dropped(load, mount.url)
    issue = found(home, "audio_dropped", entry)
    assert issue is not None
    assert issue.translation_placeholders == {"name": "Porch", "codec": "G.711 A-law"}
    dialog = await Dialog.of(hass_client, "audio_dropped", entry)
    assert (await dialog.submit())["type"] == "create_entry"
    await home.async_block_till_done()
    camera: CameraInstance = entry.runtime_data
    await until(lambda: len(camera.ring.segments) > 0)
    assert [track.codec for track in camera.ring.segments[-1].tracks] == ["avc1", "mp4a"]
    camera.async_update_listeners()
    assert found(home, "audio_dropped", entry) is None


async def test_repair_sees_a_camera_that_was_set_to_aac(
    home: HomeAssistant,
    load: LoadEntry,
    rtsp_server: RtspServer,
    hass_client: ClientSessionGenerator,
) -> None:
    mount = rtsp_server.mount("/porch", telephone=True)
    entry = await dropped(load, mount.url)
    dialog = await Dialog.of(hass_client, "audio_dropped", entry)
    rtsp_server.unmount(mount)
    rtsp_server.mount("/porch", audio=True)
    assert (await dialog.submit())["type"] == "create_entry"
    await home.async_block_till_done()
    assert entry.data["audio_codec"] == "aac"
    assert entry.runtime_data.relay is None
    entry.runtime_data.async_update_listeners()
    assert found(home, "audio_dropped", entry) is None


async def test_new_camera_has_its_sound_converted(
    home: HomeAssistant, rtsp_server: RtspServer
) -> None:
    mount = rtsp_server.mount("/porch", telephone=True)
    flow_id = await start(home, "camera_url")
    preview = await submit(home, flow_id, form(mount.url))
    assert preview["step_id"] == "preview_sound"
    placeholders = preview["description_placeholders"]
    assert placeholders is not None
    assert placeholders["sound"] == "G.711 A-law"
    result: Any = await submit(home, flow_id, {})
    await home.async_block_till_done()
    entry = result["result"]
    await until(lambda: entry.runtime_data.ring.available > 0)
    entry.runtime_data.async_update_listeners()
    assert found(home, "audio_dropped", entry) is None
    assert [track.codec for track in entry.runtime_data.ring.segments[-1].tracks] == [
        "avc1",
        "mp4a",
    ]


@pytest.fixture
async def demo(load: LoadEntry) -> CameraInstance:
    """A demo camera of the size that users get, which soon fills a megabyte."""
    entry = await load({"kind": "demo", "name": "Porch"})
    instance: CameraInstance = entry.runtime_data
    return instance


async def run_short(camera: CameraInstance) -> None:
    """Fill the memory of a lookback long before its seconds."""
    camera.lookback.async_set_megabytes(1)
    await until(lambda: camera.ring.size > 900_000 and len(camera.ring.segments) > 1)
    camera.async_update_listeners()


async def test_short_lookback_can_be_given_more_memory(
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
    demo.async_update_listeners()
    assert found(home, "lookback_short", demo.entry) is None


async def test_runtime_is_checked_again(
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
    # The file name of QuickJS.
    program = tmp_path / "qjs"
    program.touch(mode=0o755)
    assert (await dialog.submit())["type"] == "create_entry"
    assert ir.async_get(home).async_get_issue(DOMAIN, JAVASCRIPT_ISSUE) is None


def status(**changes: Any) -> Status:
    return Status(**changes)


async def test_outdated_extractor_raises_issue_after_failure(home: HomeAssistant) -> None:
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


async def test_dialog_changes_current_instance(
    home: HomeAssistant, demo: CameraInstance, hass_client: ClientSessionGenerator
) -> None:
    await run_short(demo)
    dialog = await Dialog.of(hass_client, "lookback_short", demo.entry)
    suggested = dialog.suggested()
    assert await home.config_entries.async_reload(demo.entry.entry_id)
    assert (await dialog.submit(**suggested))["type"] == "create_entry"
    assert not demo.provider.in_use
    now = demo.entry.runtime_data
    assert now is not demo
    assert now.lookback.megabytes == suggested["lookback_megabytes"]


async def test_dialog_of_unloaded_entry_ends(
    home: HomeAssistant, demo: CameraInstance, hass_client: ClientSessionGenerator
) -> None:
    await run_short(demo)
    dialog = await Dialog.of(hass_client, "lookback_short", demo.entry)
    assert await home.config_entries.async_unload(demo.entry.entry_id)
    assert (await dialog.submit(**dialog.suggested()))["type"] == "create_entry"
    assert demo.entry.options["lookback"]["lookback_megabytes"] == 1
