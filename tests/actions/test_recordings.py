"""Recording with lookback, through the actions, on a real RTSP source."""

import asyncio
from collections.abc import Iterator
from itertools import pairwise
import os
from pathlib import Path
from typing import Any

import av
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
import pytest
from pytest_homeassistant_custom_component.typing import (
    ClientSessionGenerator,
    WebSocketGenerator,
)
import voluptuous as vol

from custom_components.retrocam.cameras import CameraInstance
from custom_components.retrocam.core.frames.jpeg import planes
from custom_components.retrocam.core.library.files import parse_name
from custom_components.retrocam.core.library.retention import Limits
from custom_components.retrocam.datetimes import iso

from ..calling import answer_of
from ..conftest import LoadEntry
from ..core.hearing import beeps
from ..pattern_reader import read_frame_number
from ..rtsp import RtspServer
from ..viewers import QUIET
from ..waiting import WITHIN, until

CAMERA = "camera.porch"
FPS = 25
LOOKBACK = int(os.environ.get("RETROCAM_LOOKBACK", "6"))
DURATION = int(os.environ.get("RETROCAM_DURATION", "4"))
"""Seconds; a minute and 10 s take as long."""
GOP = 1.0
"""Seconds between the source's keyframes."""


def numbers(path: Path) -> list[int]:
    """Read the frame numbers of a clip in presentation order."""
    with av.open(str(path)) as container:
        frame_numbers = [read_frame_number(planes(frame)[0]) for frame in container.decode(video=0)]
    assert None not in frame_numbers
    return [number for number in frame_numbers if number is not None]


def decode_times(path: Path) -> Iterator[float]:
    with av.open(str(path)) as container:
        for packet in container.demux(video=0):
            if packet.dts is not None and packet.size:
                yield float(packet.dts * packet.time_base)


def seconds_shown(path: Path) -> list[float]:
    """Return the presentation times of frames of whole seconds, which have a beep."""
    with av.open(str(path)) as container:
        return [
            frame.time
            for frame in container.decode(video=0)
            if (read_frame_number(planes(frame)[0]) or 1) % FPS == 0
        ]


async def act(hass: HomeAssistant, action: str, **data: Any) -> dict[str, Any]:
    return await answer_of(hass, action, CAMERA, **data)


@pytest.fixture
async def camera(load: LoadEntry, rtsp_server: RtspServer) -> CameraInstance:
    """A camera with some seconds of lookback."""
    mount = rtsp_server.mount("/porch", fps=FPS, audio=True)
    entry = await load(
        {"kind": "camera_url", "url": mount.url, "rtsp_transport": "tcp"},
        options={
            "lookback": {"lookback_seconds": 70},
            "storage": {"min_free_megabytes": 0},
        },
    )
    instance: CameraInstance = entry.runtime_data
    await until(lambda: instance.ring.available > 3)
    return instance


async def test_clip_includes_lookback_without_gaps(
    home: HomeAssistant, camera: CameraInstance
) -> None:
    await until(lambda: camera.ring.available > LOOKBACK + 2, within=LOOKBACK + WITHIN)
    answer = await act(home, "record", lookback=LOOKBACK, duration=DURATION)
    assert answer["complete"]
    assert answer["requested_lookback"] == LOOKBACK
    assert LOOKBACK <= answer["lookback"] <= LOOKBACK + GOP + 0.1
    frame_numbers = numbers(Path(answer["path"]))
    assert frame_numbers == list(range(frame_numbers[0], frame_numbers[-1] + 1))
    assert answer["duration"] == pytest.approx(len(frame_numbers) / FPS, abs=0.1)
    asked = LOOKBACK + DURATION
    assert asked <= answer["duration"] <= asked + GOP + 0.2
    times = list(decode_times(Path(answer["path"])))
    steps = [after - before for before, after in pairwise(times)]
    assert min(steps) > 0
    assert max(steps) < 2 / FPS
    with av.open(answer["path"]) as container:
        assert len(container.streams.audio) == 1
        assert container.metadata["title"] == "Porch"
    time_ms, _ = parse_name(Path(answer["path"]).name) or (0, "")
    assert answer["start"] == iso(time_ms / 1000)


async def test_audio_is_in_sync(home: HomeAssistant, camera: CameraInstance) -> None:
    answer = await act(home, "record", lookback=3, duration=1)
    shown, heard = seconds_shown(Path(answer["path"])), beeps(Path(answer["path"]))
    assert len(shown) >= 3
    # The first and last may lack audio, which is cut at packets and not at frames.
    for at in shown[1:-1]:
        assert min(abs(at - beep) for beep in heard) < 0.040


async def test_overlapping_clips(home: HomeAssistant, camera: CameraInstance) -> None:
    # None is older than a minute, so all are kept for now.
    camera.media.recordings.limits = Limits(count=1)
    answers = await asyncio.gather(
        act(home, "record", lookback=3, duration=1),
        act(home, "record", lookback=1, duration=3),
        act(home, "record", lookback=2, duration=2),
    )
    assert len({answer["path"] for answer in answers}) == 3
    for answer in answers:
        frame_numbers = numbers(Path(answer["path"]))
        assert frame_numbers == list(range(frame_numbers[0], frame_numbers[-1] + 1))
        assert answer["complete"]
    assert answers[1]["duration"] > answers[1]["lookback"] + 2.9


async def test_button_saves_lookback(home: HomeAssistant, camera: CameraInstance) -> None:
    held = camera.ring.available
    await home.services.async_call(
        "button", "press", {"entity_id": "button.porch_save_lookback"}, blocking=True
    )
    await until(lambda: camera.media.recordings.total == 1)
    newest = camera.media.recordings.newest
    assert newest is not None
    assert held - 2.5 <= newest.duration <= camera.ring.available + 2.5


async def test_clip_can_be_extended_and_stopped(
    home: HomeAssistant, camera: CameraInstance
) -> None:
    recording = asyncio.create_task(act(home, "record", lookback=1, duration=600))
    await until(lambda: camera.recorder.active)
    state = home.states.get("binary_sensor.porch_recording")
    assert state is not None
    assert state.state == "on"
    assert home.states.get(CAMERA).state == "recording"  # type: ignore[union-attr]  # it is there
    extended = await act(home, "extend_recording", duration=60)
    assert 600 < extended["recordings"][0]["ends_in"] <= 660
    stopped = await act(home, "stop_recording")
    answer = await recording
    assert stopped["recordings"][0]["path"] == answer["path"]
    assert answer["duration"] < 100
    with pytest.raises(ServiceValidationError):
        await act(home, "stop_recording")


async def test_library_lists_serves_and_deletes(
    home: HomeAssistant,
    camera: CameraInstance,
    hass_client_no_auth: ClientSessionGenerator,
    hass_ws_client: WebSocketGenerator,
) -> None:
    entry_id = camera.entry.entry_id
    socket = await hass_ws_client()
    await socket.send_json_auto_id({"type": "retrocam/media/subscribe", "entry_id": entry_id})
    assert (await socket.receive_json())["success"]
    answer = await act(home, "record", lookback=2, duration=0)
    pushed = (await socket.receive_json())["event"]
    assert pushed["type"] == "saved"
    assert pushed["item"]["media_content_id"] == answer["media_content_id"]

    listed = await act(home, "list_recordings")
    assert listed["total"] == 1
    item = listed["items"][0]
    assert item["duration"] == pytest.approx(answer["duration"], abs=0.01)
    client = await hass_client_no_auth()
    response = await client.get(item["url"], headers={"Range": "bytes=0-99"})
    assert response.status == 206
    assert (await response.read())[4:8] == b"ftyp"
    assert response.headers["Content-Type"] == "video/mp4"
    thumbnail = await client.get(item["thumbnail_url"])
    assert (await thumbnail.read()).startswith(b"\xff\xd8")
    assert (await client.get(item["url"].partition("?")[0])).status == 403

    deleted = await act(home, "delete_media", media_content_id=[item["media_content_id"]])
    assert deleted == {"deleted": 1}
    assert (await socket.receive_json())["event"]["type"] == "deleted"
    assert not Path(answer["path"]).exists()
    assert (await client.get(item["url"])).status == 404


async def test_invalid_file_names_are_rejected(
    home: HomeAssistant, camera: CameraInstance, media_directory: Path
) -> None:
    home.config.allowlist_external_dirs = {str(media_directory)}
    there = media_directory / "there.mp4"
    there.write_bytes(b"mine")
    names = ["clip.mp4", "/etc/clip.mp4", "{m}/../../etc/x.mp4", "{m}/a\nb.mp4", "{m}/clip.txt"]
    for name in [*names, "{m}/there.mp4"]:
        with pytest.raises(ServiceValidationError):
            await act(home, "record", filename=name.replace("{m}", str(media_directory)))
    assert camera.recorder.active == 0
    assert sorted(media_directory.rglob("*.mp4")) == [there]
    assert there.read_bytes() == b"mine"


async def test_path_in_media_directory_is_rejected(
    home: HomeAssistant, camera: CameraInstance, load: LoadEntry, media_directory: Path
) -> None:
    """A library would list and serve the clip, and delete it by its limits."""
    chosen = media_directory / "Chosen"
    home.config.allowlist_external_dirs = {str(media_directory)}
    data = {"kind": "demo", "name": "Yard"}
    await load(data, title="Yard", options={**QUIET, "storage": {"directory": str(chosen)}})
    gone = await load({**data, "slug": "gone"}, title="Gone", options=QUIET)
    assert await home.config_entries.async_unload(gone.entry_id)
    (media_directory / "link").symlink_to(chosen)
    (media_directory / "up").symlink_to(media_directory / "retrocam")
    own = camera.media.directory
    name = "20260101T000000.000Z.mp4"
    for folder in (
        *(own / kind for kind in ("snapshots", "recordings", "timelapses", "tape", "new/er")),
        own,
        own / "recordings" / ".thumbnails",
        chosen,
        chosen / "recordings",
        media_directory / "CHOSEN" / "recordings",
        media_directory / "link" / "recordings",
        media_directory / "up" / "gone" / "recordings",
        media_directory / "retrocam" / "gone" / "recordings",
        media_directory / "retrocam" / "not_there_yet" / "recordings",
        media_directory / "retrocam",
    ):
        for path in (folder / name, folder / "mine.mp4"):
            with pytest.raises(ServiceValidationError) as raised:
                await act(home, "record", lookback=1, duration=0, filename=str(path))
            assert raised.value.translation_key == "path_taken", path
    assert camera.recorder.active == 0
    assert list(media_directory.rglob("*.mp4")) == []
    beside = media_directory / "Chosen too" / name
    answer = await act(home, "record", lookback=1, duration=0, filename=str(beside))
    assert answer["path"] == str(beside)


async def test_clip_is_written_to_given_path(
    home: HomeAssistant, camera: CameraInstance, media_directory: Path
) -> None:
    home.config.allowlist_external_dirs = {str(media_directory)}
    path = media_directory / "mine.mp4"
    answer = await act(home, "record", lookback=2, duration=0, filename=str(path))
    assert answer["path"] == str(path)
    assert answer["media_content_id"] is None
    assert numbers(path)


async def test_out_of_range_numbers_are_rejected(
    home: HomeAssistant, camera: CameraInstance
) -> None:
    for data in ({"lookback": -1}, {"duration": 1e9}, {"lookback": "soon"}):
        with pytest.raises(vol.Invalid):
            await act(home, "record", **data)
    with pytest.raises(ServiceValidationError):
        await act(home, "record", lookback=0, duration=0)
    assert camera.recorder.active == 0


async def test_unload_keeps_active_clip(home: HomeAssistant, camera: CameraInstance) -> None:
    recording = asyncio.create_task(act(home, "record", lookback=3, duration=600))
    await until(lambda: camera.recorder.active)
    directory = camera.media.recordings.directory
    assert await home.config_entries.async_reload(camera.entry.entry_id)
    answer = await recording
    assert not answer["complete"]
    frame_numbers = numbers(Path(answer["path"]))
    assert frame_numbers == list(range(frame_numbers[0], frame_numbers[-1] + 1))
    assert len(frame_numbers) >= 2 * FPS
    assert list(directory.glob("*.partial*")) == []


async def test_lost_source_ends_clip_on_time(
    home: HomeAssistant, camera: CameraInstance, rtsp_server: RtspServer
) -> None:
    recording = asyncio.create_task(act(home, "record", lookback=3, duration=4))
    await until(lambda: camera.recorder.active)
    rtsp_server.kill()
    async with asyncio.timeout(WITHIN):
        answer = await recording
    assert not answer["complete"]
    assert answer["reason"]
    assert numbers(Path(answer["path"]))


async def test_switch_and_number_change_the_ring(
    all_entities: None, home: HomeAssistant, camera: CameraInstance
) -> None:
    await home.services.async_call(
        "number",
        "set_value",
        {"entity_id": "number.porch_lookback_length", "value": 5},
        blocking=True,
    )
    assert camera.ring.limits[0] == 5
    assert camera.entry.options["lookback"]["lookback_seconds"] == 5
    assert camera.ring.available > 3
    await home.services.async_call(
        "switch", "turn_off", {"entity_id": "switch.porch_lookback"}, blocking=True
    )
    assert not camera.provider.in_use
    assert camera.entry.options["lookback"]["lookback_enabled"] is False
