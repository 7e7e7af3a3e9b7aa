"""Recovery of clips after a crash, concurrent with other disk access."""

from pathlib import Path
import threading
from typing import Any

from homeassistant.core import HomeAssistant
import pytest

from custom_components.retrocam.cameras import CameraInstance, media_storage
from custom_components.retrocam.core.clips.recovery import recover
from custom_components.retrocam.core.clips.result import ClipFile
from custom_components.retrocam.core.library.files import partial_path

from ..conftest import LoadEntry
from ..core.clips.clip_checks import Camera, ended
from ..core.clips.footage import cuts_of
from ..waiting import until
from .history.taking import EARLY, options

NAME = "20240102T030405.678Z.mp4"


def unfinished(folder: Path) -> bytes:
    """Return an unfinished, fragmented recording."""
    with Camera(folder) as camera:
        camera.feed(cuts_of(200))
        kept: list[bytes] = []
        writer = camera.writer(
            5,
            0,
            trigger=camera.ring.now - 1,
            on_write=lambda _: kept.extend(
                path.read_bytes() for path in folder.glob("*.partial.mp4")
            ),
        )
        ended(writer)
        return kept[-1]


async def test_recovery_does_not_block_snapshots(
    home: HomeAssistant, load: LoadEntry, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    go, running = threading.Event(), threading.Event()

    def blocked_recover(*given: Any) -> list[ClipFile]:
        running.set()
        go.wait()
        return recover(*given)

    monkeypatch.setattr(media_storage, "recover", blocked_recover)
    event_types: list[str] = []
    home.bus.async_listen(
        "state_changed",
        lambda event: event_types.append(event.data["new_state"].attributes.get("event_type", "")),
    )
    data = {"kind": "demo", "name": "Porch"}
    entry = await load(data, options=options(interval_sec=1), entry_id=EARLY)
    directory = entry.runtime_data.media.directory
    assert await home.config_entries.async_unload(entry.entry_id)
    partial = partial_path(directory / "recordings" / NAME)
    partial.parent.mkdir(parents=True, exist_ok=True)  # it may have been unloaded before
    partial.write_bytes(unfinished(tmp_path / "other"))
    try:
        assert await home.config_entries.async_setup(entry.entry_id)
        instance: CameraInstance = entry.runtime_data
        await until(running.is_set)
        before = instance.media.snapshots.total
        await until(lambda: instance.media.snapshots.total > before + 1)
        assert (await instance.history.async_take()).item.size
        await instance.media.async_refresh()
        assert partial.exists()
    finally:
        go.set()
    await until(lambda: instance.media.recordings.find(NAME))
    await until(lambda: "clip_salvaged" in event_types)
    assert not partial.exists()


async def test_unload_waits_for_recovery(
    home: HomeAssistant, load: LoadEntry, tmp_path: Path
) -> None:
    entry = await load({"kind": "demo", "name": "Porch"}, options=options(), entry_id=EARLY)
    directory = entry.runtime_data.media.directory
    assert await home.config_entries.async_unload(entry.entry_id)
    partial = partial_path(directory / "recordings" / NAME)
    partial.parent.mkdir(parents=True, exist_ok=True)  # it may have been unloaded before
    partial.write_bytes(unfinished(tmp_path / "other"))
    for _ in range(2):
        assert await home.config_entries.async_setup(entry.entry_id)
        await until(lambda: entry.runtime_data.media.loaded)
        assert await home.config_entries.async_unload(entry.entry_id)
    assert (directory / "recordings" / NAME).exists()
    assert not partial.exists()
