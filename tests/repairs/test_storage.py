"""Issues of the storage, and their repairs."""

from functools import partial
from pathlib import Path
import shutil

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.retrocam.cameras import CameraInstance
from custom_components.retrocam.core.errors import StorageFullError, StorageReadOnlyError
from custom_components.retrocam.core.files import free_space
from custom_components.retrocam.core.library.snapshots import save_still
from custom_components.retrocam.media.items import MediaKind

from ..calling import answer_of
from ..conftest import LoadEntry
from ..core.frames.stills import jpeg
from ..viewers import QUIET
from ..waiting import until
from .dialogs import Dialog, found


@pytest.fixture
async def scarce(load: LoadEntry) -> MockConfigEntry:
    """A demo camera with ten snapshots, on a disk that is nearly full."""
    entry = await load({"kind": "demo", "name": "Porch"}, options=QUIET)
    media = entry.runtime_data.media
    for second in range(10):
        await media.async_run(
            partial(save_still, media.snapshots, jpeg(second), 1e9 + second), MediaKind.SNAPSHOTS
        )
    media._min_free = free_space(media.directory) / 1.05
    await media.async_refresh()
    return entry


async def test_low_disk_is_repaired_by_keeping_less(
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


async def test_failed_repair_is_offered_again(
    home: HomeAssistant, scarce: MockConfigEntry, hass_client: ClientSessionGenerator
) -> None:
    instance: CameraInstance = scarce.runtime_data
    instance.history.async_set_enabled(enabled=True)
    dialog = await Dialog.of(hass_client, "storage_low", scarce)
    await dialog.submit(next_step_id="history_off")
    assert (await dialog.submit())["type"] == "create_entry"
    assert not instance.history.enabled
    instance.async_update_listeners()
    assert found(home, "storage_low", scarce) is not None


async def test_issue_stays_while_one_library_fails(
    home: HomeAssistant, demo: CameraInstance
) -> None:
    media, entry = demo.media, demo.entry
    await until(lambda: media.loaded)
    media.async_set_problem(MediaKind.RECORDINGS, StorageReadOnlyError("no"))
    await media.async_run(
        partial(save_still, media.snapshots, jpeg(1), 1e9), MediaKind.SNAPSHOTS, writes=True
    )
    assert found(home, "storage_read_only", entry) is not None
    media.async_set_problem(MediaKind.SNAPSHOTS, StorageFullError("full"))
    assert found(home, "storage_full", entry) is not None
    assert found(home, "storage_read_only", entry) is None
    assert await media.async_check() is None
    assert found(home, "storage_full", entry) is None


@pytest.mark.parametrize("step", ["keep_less", "history_off"])
async def test_dialog_of_unloaded_entry_deletes_nothing(
    home: HomeAssistant, load: LoadEntry, hass_client: ClientSessionGenerator, step: str
) -> None:
    options = {**QUIET, "history": {"history_enabled": True, "interval_sec": 3600}}
    entry = await load({"kind": "demo", "name": "Porch"}, options=options)
    media = entry.runtime_data.media
    await answer_of(home, "take_snapshot", "camera.porch")
    media._min_free = free_space(media.directory) / 1.05
    await media.async_refresh()
    dialog = await Dialog.of(hass_client, "storage_low", entry)
    dialog.answer = await dialog.submit(next_step_id=step)
    data = {"keep_last": 1, "recordings_keep_last": 1} if step == "keep_less" else {}
    assert await home.config_entries.async_unload(entry.entry_id)
    assert (await dialog.submit(**data))["type"] == "create_entry"
    assert dict(entry.options) == options


async def test_storage_repairs_succeed_after_fix(
    home: HomeAssistant,
    load: LoadEntry,
    hass_client: ClientSessionGenerator,
    media_directory: Path,
) -> None:
    drive = media_directory / "drive"
    here = {"directory": str(drive), "min_free_megabytes": 0}
    entry = await load({"kind": "demo", "name": "Porch"}, options={**QUIET, "storage": here})
    await answer_of(home, "take_snapshot", "camera.porch")
    shutil.rmtree(drive)
    drive.touch()
    with pytest.raises(HomeAssistantError):
        await answer_of(home, "take_snapshot", "camera.porch")
    dialog = await Dialog.of(hass_client, "storage_missing", entry)
    assert (await dialog.submit())["errors"] == {"base": "not_yet"}
    home.config_entries.async_update_entry(
        entry, options={**entry.options, "storage": {**here, "directory": ""}}
    )
    await home.config_entries.async_reload(entry.entry_id)
    assert (await dialog.submit())["type"] == "create_entry"
