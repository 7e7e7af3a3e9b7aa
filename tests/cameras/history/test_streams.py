"""The history of cameras with a stream: one connection, idle between snapshots."""

from collections.abc import Callable
import logging
import os
from typing import Any, Final

from homeassistant.core import HomeAssistant
import pytest

from custom_components.retrocam.core.library.files import parse_name

from ...calling import answer_of
from ...core.frames.stills import listing
from ...rtsp import Mount, RtspServer
from ...waiting import until
from .conftest import FPS
from .taking import CAMERA, calm_interval, collect_saved, folder, pass_time, pictures, take

TAKEN: Final = int(os.environ.get("RETROCAM_SNAPSHOTS", "7"))
"""Number of snapshots, one per second, of which the newest are kept."""
KEPT: Final = min(20, TAKEN - 3)


async def test_newest_snapshots_are_kept_with_one_connection(
    rtsp_camera: Callable[..., Any], mount: Mount, rtsp_server: RtspServer
) -> None:
    camera = await rtsp_camera(interval_sec=1, keep_last=KEPT)
    events = collect_saved(camera)
    await until(lambda: len(events) >= TAKEN, within=TAKEN + 30)
    camera.history.async_set_enabled(enabled=False)
    await until(lambda: camera.media.snapshots.total == KEPT)
    names = [data["filename"] for data in events]
    assert names == sorted(set(names))
    assert listing(folder(camera)) == names[-KEPT:]
    numbers = [number for number in pictures(camera) if number is not None]
    assert len(numbers) == KEPT
    assert numbers == sorted(set(numbers))
    assert mount.watchers_ever == 1
    for name, number in zip(listing(folder(camera)), numbers, strict=True):
        parsed = parse_name(name)
        assert parsed is not None
        # The name has the capture time, apart from delays of camera and worker.
        assert parsed[0] / 1000 == pytest.approx(rtsp_server.epoch + number / FPS, abs=1.0)


async def test_stream_is_idle_during_long_interval(
    home: HomeAssistant, rtsp_camera: Callable[..., Any], mount: Mount
) -> None:
    interval = calm_interval(3600)
    camera = await rtsp_camera(interval_sec=interval)
    events = collect_saved(camera)
    await until(lambda: len(events) == 1)
    await until(lambda: not camera.provider.in_use)
    assert mount.watchers == 1
    for _ in range(3):
        await pass_time(home, 61)
    await until(lambda: mount.watchers == 0)
    # Its last keyframe is no longer current.
    await until(lambda: not camera.stills.is_live)
    await pass_time(home, 2 * interval)
    await until(lambda: len(events) == 2)
    await until(lambda: not camera.provider.in_use)
    assert mount.watchers_ever == 2


async def test_live_stream_is_reused_and_frame_saved_once(
    home: HomeAssistant, rtsp_camera: Callable[..., Any], mount: Mount
) -> None:
    camera = await rtsp_camera(lookback=True, history_enabled=False)
    await until(lambda: camera.ring.newest_keyframe)
    mount.freeze()
    first = await take(home)
    again = await take(home)
    assert again["filename"] == first["filename"]
    assert again["age"] >= first["age"] >= 0
    assert (first["width"], first["height"]) == (320, 180)
    assert camera.media.snapshots.total == 1
    shot = [first["media_content_id"]]
    assert await answer_of(home, "delete_media", CAMERA, media_content_id=shot) == {"deleted": 1}
    assert (await take(home))["filename"] == first["filename"]
    assert listing(folder(camera)) == [first["filename"]]
    assert mount.watchers_ever == 1
    mount.thaw()


async def test_png_has_the_time_of_the_same_jpeg(
    home: HomeAssistant, rtsp_camera: Callable[..., Any], mount: Mount
) -> None:
    camera = await rtsp_camera(lookback=True, history_enabled=False, image_format="png")
    await until(lambda: camera.ring.newest_keyframe)
    mount.freeze()
    shown = await camera.async_still()
    answer = await take(home)
    assert answer["filename"].endswith(".png")
    parsed = parse_name(answer["filename"])
    assert parsed is not None
    assert parsed[0] == round(shown.time * 1000)
    mount.thaw()


async def test_snapshots_resume_after_source_restart(
    home: HomeAssistant,
    rtsp_camera: Callable[..., Any],
    rtsp_server: RtspServer,
    caplog: pytest.LogCaptureFixture,
    socket_enabled: None,
) -> None:
    caplog.set_level(logging.INFO)
    camera = await rtsp_camera(interval_sec=1)
    events = collect_saved(camera)
    await until(lambda: len(events) >= 2)
    rtsp_server.kill()
    await until(lambda: "No snapshots of Porch" in caplog.text)
    kept = len(events)
    await home.async_add_executor_job(rtsp_server.start)
    await until(lambda: len(events) >= kept + 2)
    await until(lambda: "Snapshots of Porch are taken again" in caplog.text)
    camera.history.async_set_enabled(enabled=False)
    numbers = [number for number in pictures(camera) if number is not None]
    assert len(numbers) == len(listing(folder(camera)))
    assert numbers == sorted(set(numbers))
    assert caplog.text.count("No snapshots of Porch") == 1
    assert caplog.text.count("Snapshots of Porch are taken again") == 1


async def test_unload_cancels_capture(
    home: HomeAssistant, rtsp_camera: Callable[..., Any], mount: Mount
) -> None:
    """The fixture asserts that no thread and no task is left."""
    mount.refuse(404)
    interval = calm_interval(3600)
    camera = await rtsp_camera(interval_sec=interval)
    await until(lambda: camera.ring._cursors)
    assert await home.config_entries.async_unload(camera.entry.entry_id)
    assert listing(folder(camera)) == []
