"""The history of cameras with a stream: one connection, which sleeps in between."""

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
from .taking import CAMERA, calm_interval, folder, pass_time, pictures, saved, take

TAKEN: Final = int(os.environ.get("RETROCAM_SNAPSHOTS", "7"))
"""Snapshots, one a second, of which the newest are kept; 60 take a minute."""
KEPT: Final = min(20, TAKEN - 3)


async def test_exactly_the_newest_remain_over_one_connection(
    rtsp_camera: Callable[..., Any], mount: Mount, rtsp_server: RtspServer
) -> None:
    camera = await rtsp_camera(interval_sec=1, keep_last=KEPT)
    told = saved(camera)
    await until(lambda: len(told) >= TAKEN, within=TAKEN + 30)
    camera.history.async_set_enabled(enabled=False)
    await until(lambda: camera.media.snapshots.total == KEPT)
    names = [data["filename"] for data in told]
    assert names == sorted(set(names))
    assert listing(folder(camera)) == names[-KEPT:]
    numbers = [number for number in pictures(camera) if number is not None]
    assert len(numbers) == KEPT
    assert numbers == sorted(set(numbers))
    assert mount.watchers_ever == 1
    for name, number in zip(listing(folder(camera)), numbers, strict=True):
        parsed = parse_name(name)
        assert parsed is not None
        # The name says when the frame was taken, but for the camera's and the worker's delay.
        assert parsed[0] / 1000 == pytest.approx(rtsp_server.epoch + number / FPS, abs=1.0)


async def test_a_long_interval_lets_the_stream_sleep(
    home: HomeAssistant, rtsp_camera: Callable[..., Any], mount: Mount
) -> None:
    interval = calm_interval(3600)
    camera = await rtsp_camera(interval_sec=interval)
    told = saved(camera)
    await until(lambda: len(told) == 1)
    await until(lambda: not camera.supply.held)
    assert mount.watchers == 1
    for _ in range(3):
        await pass_time(home, 61)
    await until(lambda: mount.watchers == 0)
    # Two hours in which its last picture has become old.
    await until(lambda: not camera.stills.fresh)
    await pass_time(home, 2 * interval)
    await until(lambda: len(told) == 2)
    await until(lambda: not camera.supply.held)
    assert mount.watchers_ever == 2


async def test_a_live_stream_is_not_woken_and_a_frame_is_kept_once(
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


async def test_png_of_a_stream_has_the_time_of_the_same_jpeg(
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


async def test_a_killed_source_is_waited_for(
    home: HomeAssistant,
    rtsp_camera: Callable[..., Any],
    rtsp_server: RtspServer,
    caplog: pytest.LogCaptureFixture,
    socket_enabled: None,
) -> None:
    caplog.set_level(logging.INFO)
    camera = await rtsp_camera(interval_sec=1)
    told = saved(camera)
    await until(lambda: len(told) >= 2)
    rtsp_server.kill()
    await until(lambda: "No snapshots of Porch" in caplog.text)
    kept = len(told)
    await home.async_add_executor_job(rtsp_server.start)
    await until(lambda: len(told) >= kept + 2)
    await until(lambda: "Snapshots of Porch are taken again" in caplog.text)
    camera.history.async_set_enabled(enabled=False)
    numbers = [number for number in pictures(camera) if number is not None]
    assert len(numbers) == len(listing(folder(camera)))
    assert numbers == sorted(set(numbers))
    assert caplog.text.count("No snapshots of Porch") == 1
    assert caplog.text.count("Snapshots of Porch are taken again") == 1


async def test_unloading_in_the_midst_of_a_capture_ends_it(
    home: HomeAssistant, rtsp_camera: Callable[..., Any], mount: Mount
) -> None:
    """The fixture asserts that no thread and no task is left."""
    mount.refuse(404)
    interval = calm_interval(3600)
    camera = await rtsp_camera(interval_sec=interval)
    await until(lambda: camera.ring._cursors)
    assert await home.config_entries.async_unload(camera.entry.entry_id)
    assert listing(folder(camera)) == []
