"""Actions for an unavailable camera, with its lookback and files."""

import asyncio
from typing import Any

from homeassistant.auth.models import User
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError, Unauthorized
import pytest

from custom_components.retrocam.cameras import CameraInstance
from custom_components.retrocam.const import DOMAIN

from ..calling import answer_of
from ..conftest import LoadEntry
from ..rtsp import RtspServer
from ..viewers import QUIET, SMALL
from ..waiting import until

CAMERA = "camera.porch"


@pytest.fixture
async def camera(home: HomeAssistant, load: LoadEntry, rtsp_server: RtspServer) -> CameraInstance:
    """A camera with some seconds of lookback."""
    url = rtsp_server.mount("/porch", fps=25).url
    entry = await load({"kind": "camera_url", "url": url}, options={"history": QUIET["history"]})
    instance: CameraInstance = entry.runtime_data
    await until(lambda: instance.ring.available > 4)
    return instance


async def cut(home: HomeAssistant, rtsp_server: RtspServer) -> None:
    """Take the camera off the network."""
    rtsp_server.kill()
    await until(lambda: home.states.is_state(CAMERA, "unavailable"))


async def act(home: HomeAssistant, action: str, **data: Any) -> dict[str, Any]:
    return await answer_of(home, action, CAMERA, **data)


async def test_lookback_can_be_saved_listed_and_deleted(
    home: HomeAssistant, camera: CameraInstance, rtsp_server: RtspServer
) -> None:
    await cut(home, rtsp_server)
    assert camera.ring.available > 3
    saved = await act(home, "record", lookback=60, duration=0)
    assert saved["duration"] > 3
    (item,) = (await act(home, "list_recordings"))["items"]
    assert item["media_content_id"] == saved["media_content_id"]
    deleted = await act(home, "delete_media", media_content_id=saved["media_content_id"])
    assert deleted == {"deleted": 1}
    assert (await act(home, "list_snapshots"))["total"] == 0
    with pytest.raises(ServiceValidationError) as caught:
        await act(home, "export_timelapse")
    assert caught.value.translation_key == "timelapse_empty"


async def test_waiting_clip_can_be_stopped(
    home: HomeAssistant, camera: CameraInstance, rtsp_server: RtspServer
) -> None:
    recording = asyncio.create_task(act(home, "record", lookback=3, duration=600))
    await until(lambda: camera.recorder.active)
    await cut(home, rtsp_server)
    await home.services.async_call(DOMAIN, "stop_recording", {"entity_id": CAMERA}, blocking=True)
    assert (await recording)["duration"] < 60
    assert not camera.recorder.active


@pytest.mark.parametrize("answers", [True, False])
async def test_empty_lookback_raises(
    home: HomeAssistant, load: LoadEntry, *, answers: bool
) -> None:
    url = "rtsp://127.0.0.1:9/x"
    entry = await load({"kind": "camera_url", "url": url}, options={"history": QUIET["history"]})
    await until(lambda: not entry.runtime_data.available)
    await until(lambda: home.states.is_state(CAMERA, "unavailable"))
    with pytest.raises(ServiceValidationError) as caught:
        await home.services.async_call(
            DOMAIN, "record", {"entity_id": CAMERA}, blocking=True, return_response=answers
        )
    assert caught.value.translation_key == "camera_unavailable"


async def test_unavailable_camera_is_skipped_among_others(
    home: HomeAssistant, demo: CameraInstance, load: LoadEntry
) -> None:
    away = await load(
        {"kind": "camera_url", "url": "rtsp://127.0.0.1:9/x"},
        title="Away",
        options={"history": QUIET["history"]},
    )
    await until(lambda: not away.runtime_data.available)
    await until(lambda: home.states.is_state("camera.away", "unavailable"))
    # A demo camera that has not begun yet has nothing to record either.
    await until(lambda: demo.ring.available > 1)
    both = {"entity_id": [CAMERA, "camera.away"]}
    answer = await home.services.async_call(
        DOMAIN, "record", {**both, "duration": 0.5}, blocking=True, return_response=True
    )
    assert answer is not None
    assert list(answer) == [CAMERA]
    listed = await home.services.async_call(
        DOMAIN, "list_recordings", both, blocking=True, return_response=True
    )
    assert listed is not None
    assert set(listed) == {CAMERA, "camera.away"}
    with pytest.raises(HomeAssistantError) as caught:
        await answer_of(home, "take_snapshot", "camera.away")
    assert caught.value.translation_key in {"cannot_connect", "timeout"}


async def test_long_gone_camera_does_not_block_recording_others(
    home: HomeAssistant, camera: CameraInstance, load: LoadEntry, rtsp_server: RtspServer
) -> None:
    yard = await load({"kind": "demo", "name": "Yard", "advanced": SMALL}, title="Yard")
    await cut(home, rtsp_server)
    await until(lambda: yard.runtime_data.ring.available > 1)
    clock = camera.ring.clock
    camera.ring.clock = lambda: clock() + 3600
    both = {"entity_id": [CAMERA, "camera.yard"], "duration": 0.5}
    answer = await home.services.async_call(
        DOMAIN, "record", both, blocking=True, return_response=True
    )
    assert answer is not None
    assert list(answer) == ["camera.yard"]
    with pytest.raises(HomeAssistantError) as caught:
        await act(home, "record", duration=0)
    assert caught.value.translation_domain == DOMAIN


async def test_delete_requires_administrator_while_unavailable(
    home: HomeAssistant, demo: CameraInstance, hass_read_only_user: User
) -> None:
    with pytest.raises(Unauthorized):
        await home.services.async_call(
            DOMAIN,
            "delete_media",
            {"entity_id": CAMERA, "media_content_id": []},
            blocking=True,
            return_response=True,
            context=Context(user_id=hass_read_only_user.id),
        )


@pytest.mark.parametrize("template", ["{{ 1 / 0 }}", "{{ nothing.at.all }}"])
async def test_invalid_file_name_is_rejected(
    home: HomeAssistant, demo: CameraInstance, template: str
) -> None:
    with pytest.raises(ServiceValidationError) as caught:
        await act(home, "record", filename=template)
    assert caught.value.translation_key == "invalid_filename"
