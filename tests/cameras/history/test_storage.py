"""The history on storage that is full, missing or faulty."""

import logging
import os
from pathlib import Path
import shutil

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.retrocam.cameras import CameraInstance
from custom_components.retrocam.const import DOMAIN
from custom_components.retrocam.core.library.retention import Limits
from custom_components.retrocam.core.library.store import MediaLibrary

from ...conftest import LoadEntry
from ...core.frames.stills import listing
from ...viewers import QUIET
from ...waiting import until
from .taking import collect_saved, folder, options, take


async def issue(hass: HomeAssistant, code: str, camera: CameraInstance) -> ir.IssueEntry:
    issue_id = f"{code}_{camera.entry.entry_id}"
    registry = ir.async_get(hass)
    await until(lambda: registry.async_get_issue(DOMAIN, issue_id))
    repair_issue = registry.async_get_issue(DOMAIN, issue_id)
    assert repair_issue is not None
    return repair_issue


async def test_missing_directory_creates_issue_until_restored(
    home: HomeAssistant, demo_camera: CameraInstance, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    directory = demo_camera.media.directory
    away = directory.with_name("unplugged")
    directory.rename(away)
    repair_issue = await issue(home, "storage_missing", demo_camera)
    assert repair_issue.translation_placeholders == {"name": "Porch", "directory": str(directory)}
    assert not directory.exists()
    with pytest.raises(HomeAssistantError) as error:
        await take(home)
    assert error.value.translation_key == "storage_missing"
    before = len(listing(away / "snapshots"))
    away.rename(directory)
    again = "Snapshots of Porch are taken again"
    await until(lambda: again in caplog.text)
    assert demo_camera.media.snapshots.total > before
    assert not ir.async_get(home).issues
    assert caplog.text.count("No snapshots of Porch") == 1
    assert caplog.text.count(again) == 1


async def test_deleted_snapshot_folder_is_recreated(
    home: HomeAssistant, demo_camera: CameraInstance
) -> None:
    shutil.rmtree(folder(demo_camera))
    await until(lambda: folder(demo_camera).is_dir() and listing(folder(demo_camera)))
    # A snapshot written at that moment may have failed, the next has not.
    await until(lambda: not ir.async_get(home).issues)


async def test_full_disk_creates_issue_until_repaired(
    home: HomeAssistant, demo_camera: CameraInstance, hass_client: ClientSessionGenerator
) -> None:
    assert demo_camera.history.enabled
    limits = {library: library.limits for library in demo_camera.media.libraries.values()}
    for library in limits:
        library.limits = Limits(min_free=10**18)
    repair_issue = await issue(home, "storage_full", demo_camera)
    # A successful read does not clear the problem.
    demo_camera.history.async_set_enabled(enabled=False)
    await demo_camera.media.async_refresh()
    assert ir.async_get(home).async_get_issue(DOMAIN, repair_issue.issue_id) is not None
    client = await hass_client()
    path = "/api/repairs/issues/fix"
    response = await client.post(path, json={"handler": DOMAIN, "issue_id": repair_issue.issue_id})
    menu = await response.json()
    assert menu["menu_options"] == ["confirm", "keep_less"]
    step = f"{path}/{menu['flow_id']}"
    form = await (await client.post(step, json={"next_step_id": "confirm"})).json()
    assert form["description_placeholders"]["name"] == "Porch"
    assert (await (await client.post(step, json={})).json())["errors"] == {"base": "not_yet"}
    kept = listing(folder(demo_camera))
    for library, before in limits.items():
        library.limits = before
    assert (await (await client.post(step, json={})).json())["type"] == "create_entry"
    assert not ir.async_get(home).issues
    for library in limits:
        assert not list(library.directory.glob("*.mp4"))
    assert listing(folder(demo_camera)) == kept


async def test_directories_without_time_stamps_are_reread(
    home: HomeAssistant, load: LoadEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = await load({"kind": "demo", "name": "Porch"}, options=QUIET)
    camera: CameraInstance = entry.runtime_data
    await take(home)
    await camera.media.async_refresh()
    stamps = folder(camera).stat()
    for path in folder(camera).glob("*.jpg"):
        path.unlink()
    os.utime(folder(camera), ns=(stamps.st_atime_ns, stamps.st_mtime_ns))
    await camera.media.async_refresh()
    assert camera.media.snapshots.total == 1
    monkeypatch.setattr("custom_components.retrocam.cameras.media_storage.REREAD_INTERVAL", 0.0)
    await camera.media.async_refresh()
    assert camera.media.snapshots.total == 0


async def test_unload_deletes_issue(home: HomeAssistant, demo_camera: CameraInstance) -> None:
    shutil.rmtree(demo_camera.media.directory)
    await issue(home, "storage_missing", demo_camera)
    assert await home.config_entries.async_unload(demo_camera.entry.entry_id)
    assert not ir.async_get(home).issues


async def test_unexpected_storage_error_does_not_stop_the_history(
    home: HomeAssistant,
    load: LoadEntry,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    looked: list[str] = []
    refresh, read = MediaLibrary.refresh, MediaLibrary.load

    def fail_to_load(library: MediaLibrary) -> list[Path]:
        if library.directory.name == "recordings":
            raise ValueError("a file like no other")
        return read(library)

    def fail(library: MediaLibrary, *, force: bool = False) -> bool:
        looked.append(library.directory.name)
        if library.directory.name == "snapshots" and looked.count("snapshots") < 3:
            raise ValueError("a file like no other")
        return refresh(library, force=force)

    monkeypatch.setattr(MediaLibrary, "load", fail_to_load)
    monkeypatch.setattr(MediaLibrary, "refresh", fail)
    entry = await load({"kind": "demo", "name": "Porch"}, options=options(interval_sec=1))
    camera = entry.runtime_data
    await until(lambda: "Reading the recordings of Porch failed" in caplog.text)
    for _ in range(3):
        await camera.media.async_refresh()
    # An error of one kind does not prevent maintenance of the next.
    assert looked.count("timelapses") >= 3
    errors = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert errors.count("Maintaining the snapshots of Porch failed") == 1
    events = collect_saved(camera)
    await until(lambda: events)
