"""Issues, from what raises them to the repair that ends them, in the dialog that users see."""

from datetime import timedelta
from functools import partial
from pathlib import Path
import time
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.retrocam.const import DOMAIN
from custom_components.retrocam.core.errors import (
    BotCheckError,
    PlayNotFoundError,
    StorageFullError,
    StorageReadOnlyError,
)
from custom_components.retrocam.core.files import free_space
from custom_components.retrocam.core.player.machine import Phase
from custom_components.retrocam.core.player.status import Status
from custom_components.retrocam.instances import CameraInstance
from custom_components.retrocam.instances.extractor_issues import (
    JAVASCRIPT_ISSUE,
    OUTDATED_ISSUE,
    async_check_extractor,
)
from custom_components.retrocam.instances.outages import (
    KEPT_AFTER,
    OUTAGES,
    SAVE_DELAY,
    STORE_KEY,
    Outages,
)
from custom_components.retrocam.issues import GONE_AFTER
from custom_components.retrocam.media_items import MediaKind
from custom_components.retrocam.repairs import async_create_fix_flow

from .conftest import LoadEntry
from .core.stills import jpeg
from .rtsp import RtspServer
from .test_config_flow import form, start, submit
from .viewers import QUIET
from .waiting import until

FIX = "/api/repairs/issues/fix"


def found(hass: HomeAssistant, key: str, entry: MockConfigEntry) -> ir.IssueEntry | None:
    return ir.async_get(hass).async_get_issue(DOMAIN, f"{key}_{entry.entry_id}")


class Dialog:
    """The dialog of a repair, over HTTP as the frontend has it."""

    def __init__(self, client: Any, answer: dict[str, Any]) -> None:
        self.client = client
        self.answer = answer

    @classmethod
    async def of(
        cls, hass_client: ClientSessionGenerator, key: str, entry: MockConfigEntry
    ) -> Dialog:
        client = await hass_client()
        issue_id = f"{key}_{entry.entry_id}"
        response = await client.post(FIX, json={"handler": DOMAIN, "issue_id": issue_id})
        return cls(client, await response.json())

    async def submit(self, **data: Any) -> dict[str, Any]:
        flow_id = self.answer["flow_id"]
        response = await self.client.post(f"{FIX}/{flow_id}", json=data)
        answer: dict[str, Any] = await response.json()
        return answer

    def suggested(self) -> dict[str, Any]:
        return {
            field["name"]: field.get("description", {}).get("suggested_value")
            for field in self.answer["data_schema"]
        }


@pytest.fixture
async def scarce(load: LoadEntry) -> MockConfigEntry:
    """A demo camera with ten snapshots, on a disk that is nearly full."""
    entry = await load({"kind": "demo", "name": "Porch"}, options=QUIET)
    media = entry.runtime_data.media
    for second in range(10):
        await media.async_run(
            partial(media.snapshots.save, jpeg(second), 1e9 + second), MediaKind.SNAPSHOTS
        )
    media._min_free = free_space(media.directory) / 1.05
    await media.async_refresh()
    return entry


async def test_a_disk_that_is_nearly_full_can_be_relieved_by_keeping_less(
    home: HomeAssistant, scarce: MockConfigEntry, hass_client: ClientSessionGenerator
) -> None:
    media = scarce.runtime_data.media
    issue = found(home, "storage_low", scarce)
    assert issue is not None
    assert issue.severity is ir.IssueSeverity.WARNING
    dialog = await Dialog.of(hass_client, "storage_low", scarce)
    assert dialog.answer["menu_options"] == ["confirm", "keep_less"]
    dialog.answer = await dialog.submit(next_step_id="keep_less")
    assert dialog.suggested() == {"keep_last": 5, "recordings_keep_last": 0}
    done = await dialog.submit(keep_last=3, recordings_keep_last=7)
    assert done["type"] == "create_entry"
    assert media.snapshots.total == 3
    assert scarce.options["history"]["keep_last"] == 3
    assert scarce.options["recordings"]["recordings_keep_last"] == 7
    media._min_free = 0
    await media.async_refresh()
    assert found(home, "storage_low", scarce) is None


async def test_a_repair_that_did_not_help_is_offered_again(
    home: HomeAssistant, scarce: MockConfigEntry, hass_client: ClientSessionGenerator
) -> None:
    instance: CameraInstance = scarce.runtime_data
    instance.history.async_set_enabled(enabled=True)
    dialog = await Dialog.of(hass_client, "storage_low", scarce)
    await dialog.submit(next_step_id="history_off")
    assert (await dialog.submit())["type"] == "create_entry"
    assert not instance.history.enabled
    instance.async_tell()
    assert found(home, "storage_low", scarce) is not None


async def test_a_fault_of_one_library_is_not_taken_back_by_another(
    home: HomeAssistant, demo: CameraInstance
) -> None:
    media, entry = demo.media, demo.entry
    media.async_set_problem(MediaKind.RECORDINGS, StorageReadOnlyError("no"))
    await media.async_run(
        partial(media.snapshots.save, jpeg(1), 1e9), MediaKind.SNAPSHOTS, writes=True
    )
    assert found(home, "storage_read_only", entry) is not None
    media.async_set_problem(MediaKind.SNAPSHOTS, StorageFullError("full"))
    assert found(home, "storage_full", entry) is not None
    assert found(home, "storage_read_only", entry) is None
    assert await media.async_check() is None
    assert found(home, "storage_full", entry) is None


async def test_a_camera_that_is_gone_for_a_day_can_be_given_its_new_address(
    home: HomeAssistant,
    load: LoadEntry,
    rtsp_server: RtspServer,
    hass_client: ClientSessionGenerator,
) -> None:
    mount = rtsp_server.mount("/porch", username="keeper", password="hunter2")
    entry = await load(
        {
            "kind": "camera_url",
            "url": "rtsp://127.0.0.1:9/x",
            "username": "keeper",
            "password": "hunter2",
        }
    )
    instance: CameraInstance = entry.runtime_data
    await until(lambda: not instance.available)
    instance.async_tell()
    assert found(home, "source_gone", entry) is None
    assert instance.supply._lost_at is not None
    instance.supply._lost_at -= GONE_AFTER
    instance.async_tell()
    assert found(home, "source_gone", entry) is not None
    dialog = await Dialog.of(hass_client, "source_gone", entry)
    assert dialog.suggested() == {"url": "rtsp://127.0.0.1:9/x"}
    assert (await dialog.submit(url="file:///x"))["errors"] == {"url": "unsupported_scheme"}
    assert (await dialog.submit(url="rtsp://127.0.0.1:9/x"))["errors"] == {"base": "cannot_connect"}
    assert (await dialog.submit(url=mount.url))["type"] == "create_entry"
    assert entry.data["url"] == mount.url
    assert entry.data["password"] == "hunter2"
    await home.async_block_till_done()
    await until(lambda: entry.runtime_data.ring.available > 0)
    assert found(home, "source_gone", entry) is None


async def kept(hass: HomeAssistant, hass_storage: dict[str, Any]) -> dict[str, float]:
    """Return what is kept of outages, once it is written."""
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=SAVE_DELAY + 1))
    await hass.async_block_till_done()
    data: dict[str, float] = hass_storage.get(STORE_KEY, {}).get("data", {})
    return data


async def test_a_restart_does_not_begin_the_day_anew(
    home: HomeAssistant, load: LoadEntry, rtsp_server: RtspServer, hass_storage: dict[str, Any]
) -> None:
    mount = rtsp_server.mount("/porch")
    mount.refuse(404)
    entry = await load({"kind": "camera_url", "url": mount.url})
    instance: CameraInstance = entry.runtime_data
    await until(lambda: not instance.available)
    instance.async_tell()
    # What is short is not worth a write.
    assert await kept(home, hass_storage) == {}
    assert instance.supply._lost_at is not None
    instance.supply._lost_at -= GONE_AFTER / 2
    instance.async_tell()
    assert found(home, "source_gone", entry) is None
    assert (await kept(home, hass_storage)).keys() == {entry.entry_id}
    assert await home.config_entries.async_unload(entry.entry_id)
    outages = Outages(home, clock=lambda: time.time() + GONE_AFTER / 2)
    await outages.async_load()
    home.data[OUTAGES] = outages
    assert await home.config_entries.async_setup(entry.entry_id)
    renewed: CameraInstance = entry.runtime_data
    await until(lambda: not renewed.available)
    renewed.async_tell()
    assert found(home, "source_gone", entry) is not None
    mount.refuse(0)
    await until(lambda: renewed.available)
    renewed.async_tell()
    assert found(home, "source_gone", entry) is None
    assert await kept(home, hass_storage) == {}


async def test_another_outage_begins_anew(home: HomeAssistant, load: LoadEntry) -> None:
    entry = await load({"kind": "camera_url", "url": "rtsp://127.0.0.1:9/x"}, options=QUIET)
    supply = entry.runtime_data.supply
    outages = home.data[OUTAGES]
    supply._lost_at = time.monotonic() - 2 * KEPT_AFTER
    assert outages.async_lost_for("x", supply) == pytest.approx(2 * KEPT_AFTER, abs=60)
    # It was there, and went again, between two looks.
    supply._seen, supply._lost_at = True, time.monotonic() - 60
    assert outages.async_lost_for("x", supply) < KEPT_AFTER


async def test_a_broken_store_of_outages_does_not_keep_retrocam_from_starting(
    home: HomeAssistant, hass_storage: dict[str, Any]
) -> None:
    hass_storage[STORE_KEY] = {"version": 1, "data": {"x": "long ago"}}
    outages = Outages(home)
    await outages.async_load()
    assert outages._since == {}


@pytest.fixture
async def orphan(home: HomeAssistant, load: LoadEntry) -> MockConfigEntry:
    """A camera that wraps one which is removed."""
    registry = er.async_get(home)
    entity = registry.async_get_or_create("camera", "other", "1", suggested_object_id="shed")
    entry = await load({"kind": "camera_entity", "entity_id": entity.id}, options=QUIET)
    assert found(home, "camera_removed", entry) is None
    registry.async_remove(entity.entity_id)
    await home.async_block_till_done()
    return entry


async def test_another_camera_takes_the_place_of_one_that_was_removed(
    home: HomeAssistant,
    load: LoadEntry,
    orphan: MockConfigEntry,
    hass_client: ClientSessionGenerator,
) -> None:
    home.states.async_set("camera.other", "idle")
    home.states.async_set("camera.taken", "idle")
    await load({"kind": "camera_entity", "entity_id": "camera.taken"}, title="B", options=QUIET)
    dialog = await Dialog.of(hass_client, "camera_removed", orphan)
    assert dialog.answer["menu_options"] == ["confirm", "remove"]
    await dialog.submit(next_step_id="confirm")
    for wrong, error in (("camera.none", "not_found"), ("camera.taken", "already_configured")):
        assert (await dialog.submit(entity_id=wrong))["errors"] == {"entity_id": error}
    # Two of ours that show each other would show nothing.
    assert "entity_id" in (await dialog.submit(entity_id="camera.b"))["errors"]
    assert (await dialog.submit(entity_id="camera.other"))["type"] == "create_entry"
    await home.async_block_till_done()
    assert orphan.data["entity_id"] == "camera.other"
    assert found(home, "camera_removed", orphan) is None


async def test_the_entry_of_a_removed_camera_can_be_removed(
    home: HomeAssistant, orphan: MockConfigEntry, hass_client: ClientSessionGenerator
) -> None:
    dialog = await Dialog.of(hass_client, "camera_removed", orphan)
    asked = await dialog.submit(next_step_id="remove")
    assert asked["description_placeholders"] == {"name": "Porch"}
    assert (await dialog.submit())["type"] == "create_entry"
    await home.async_block_till_done()
    assert home.config_entries.async_get_entry(orphan.entry_id) is None
    assert not ir.async_get(home).issues


async def test_a_wrapped_camera_that_is_unavailable_for_a_day_is_an_issue(
    home: HomeAssistant, load: LoadEntry
) -> None:
    home.states.async_set("camera.other", "idle")
    entry = await load({"kind": "camera_entity", "entity_id": "camera.other"}, options=QUIET)
    home.states.async_set("camera.other", "unavailable")
    await home.async_block_till_done()
    instance: CameraInstance = entry.runtime_data
    assert found(home, "camera_gone", entry) is None
    assert instance.supply._lost_at is not None
    instance.supply._lost_at -= GONE_AFTER
    instance.async_tell()
    assert found(home, "camera_gone", entry) is not None
    home.states.async_set("camera.other", "idle")
    await home.async_block_till_done()
    assert found(home, "camera_gone", entry) is None


async def test_a_removed_member_can_be_taken_out_of_its_grid(
    home: HomeAssistant, load: LoadEntry, hass_client: ClientSessionGenerator
) -> None:
    registry = er.async_get(home)
    entity = registry.async_get_or_create("camera", "other", "1", suggested_object_id="shed")
    home.states.async_set("camera.kept", "idle")
    entry = await load({"kind": "grid", "cameras": [entity.id, "camera.kept"]}, options=QUIET)
    registry.async_remove(entity.entity_id)
    await home.async_block_till_done()
    dialog = await Dialog.of(hass_client, "grid_member_removed", entry)
    assert dialog.answer["description_placeholders"] == {"name": "Porch", "count": "1"}
    assert dialog.suggested() == {"cameras": ["camera.kept"]}
    assert (await dialog.submit(cameras=[]))["errors"] == {"cameras": "no_cameras"}
    assert (await dialog.submit(cameras=["camera.porch"]))["errors"] == {"cameras": "grid_loop"}
    assert (await dialog.submit(cameras=["camera.kept"]))["type"] == "create_entry"
    await home.async_block_till_done()
    assert entry.data["cameras"] == ["camera.kept"]
    assert found(home, "grid_member_removed", entry) is None


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


async def test_a_lookback_that_runs_out_of_memory_can_be_given_more(
    home: HomeAssistant, demo: CameraInstance, hass_client: ClientSessionGenerator
) -> None:
    demo.lookback.async_set_megabytes(1)
    await until(lambda: demo.ring.size > 900_000 and len(demo.ring.segments) > 1)
    demo.async_tell()
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


@pytest.mark.parametrize("data", [None, {}, {"entry_id": "none", "issue": "source_gone"}])
async def test_the_repair_of_what_has_just_gone_only_puts_it_away(
    home: HomeAssistant, data: dict[str, Any] | None
) -> None:
    flow: Any = await async_create_fix_flow(home, "source_gone_none", data)
    flow.hass, flow.handler, flow.context = home, DOMAIN, {"issue_id": "source_gone_none"}
    assert (await flow.async_step_init())["step_id"] == "confirm"


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
