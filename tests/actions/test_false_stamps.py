"""Clips and snapshots of cameras whose stamps do not follow time, compared with the user's clock.

The frame numbers of the source tell when each frame was taken, whatever its stamp was.
"""

from functools import partial
import time
from typing import Any

from homeassistant.core import HomeAssistant
import pytest

from custom_components.retrocam.cameras import CameraInstance
from custom_components.retrocam.cameras.recorder import ActiveRecording
from custom_components.retrocam.core.frames import jpeg

from ..calling import answer_of
from ..conftest import LoadEntry
from ..pattern_reader import read_frame_number
from ..rtsp import Mount, RtspServer
from ..waiting import WITHIN, until
from ..windows import TOLERANCE, check_clip, dated

CAMERA = "camera.porch"
FPS = 10
GOP = 1.0
LEARNING = 13.0
"""Seconds in which the rate of a camera is noticed."""
FILLING = 9.0
"""Seconds for a lookback, and so that stamps do not fall back below 0."""


@pytest.fixture
def mount(request: pytest.FixtureRequest, rtsp_server: RtspServer) -> Mount:
    """A camera; the parameter is the rate of its stamps."""
    return rtsp_server.mount("/porch", fps=FPS, gop=GOP, stamp_rate=getattr(request, "param", 1.0))


@pytest.fixture
async def camera(load: LoadEntry, mount: Mount) -> CameraInstance:
    """The camera, watched for as long as it takes to notice its rate."""
    entry = await load(
        {"kind": "camera_url", "url": mount.url, "rtsp_transport": "tcp"},
        options={
            "lookback": {"lookback_seconds": 70},
            "history": {"history_enabled": False},
            "storage": {"min_free_megabytes": 0},
        },
    )
    camera: CameraInstance = entry.runtime_data
    await until(lambda: camera.ring.last_arrival)
    await passed(LEARNING if mount.options.stamp_rate != 1 else FILLING)
    return camera


@pytest.fixture
def calls(camera: CameraInstance, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """When each clip was begun (UNIX s): later than the call on a busy machine."""
    times: list[float] = []
    begin = camera.recorder.async_begin

    def note(**arguments: Any) -> ActiveRecording:
        times.append(time.time())
        return begin(**arguments)

    monkeypatch.setattr(camera.recorder, "async_begin", note)
    return times


async def passed(seconds: float) -> None:
    """Return after some seconds of the source's time."""
    end = time.monotonic() + seconds
    await until(lambda: time.monotonic() >= end, within=seconds + WITHIN)


def taken(server: RtspServer, number: int) -> float:
    """Return the UNIX time when the camera took a frame."""
    return server.epoch + number / FPS


def check(server: RtspServer, answer: dict[str, Any], call: float, until_time: float) -> None:
    """Check that a clip shows the time from its lookback before `call` to `until_time`."""
    check_clip(answer, partial(taken, server), call, until_time, gop=GOP)


async def check_snapshot(hass: HomeAssistant, camera: CameraInstance, server: RtspServer) -> None:
    """Check that a snapshot is of the present, and dated by the time of its frame."""
    answer = await answer_of(hass, "take_snapshot", CAMERA)
    path = camera.media.snapshots.directory / answer["filename"]
    picture = jpeg.decode(path.read_bytes())
    number = read_frame_number(jpeg.planes(picture)[0])
    assert number is not None
    assert dated(path) == pytest.approx(taken(server, number), abs=TOLERANCE)


@pytest.mark.parametrize("mount", [0.5, pytest.param(2.0, marks=pytest.mark.long)], indirect=True)
async def test_clip_of_slow_and_fast_stamps_shows_the_seconds_asked_for(
    home: HomeAssistant, camera: CameraInstance, rtsp_server: RtspServer, calls: list[float]
) -> None:
    await check_snapshot(home, camera, rtsp_server)
    answer = await answer_of(home, "record", CAMERA, lookback=5, duration=3)
    assert answer["complete"]
    check(rtsp_server, answer, calls[0], calls[0] + 3)


@pytest.mark.parametrize("seconds", [-3, pytest.param(-8, marks=pytest.mark.long)])
async def test_clip_across_stamps_that_fall_back(
    home: HomeAssistant,
    camera: CameraInstance,
    mount: Mount,
    rtsp_server: RtspServer,
    calls: list[float],
    *,
    seconds: float,
) -> None:
    duration = 5 - seconds
    recording = home.async_create_task(
        answer_of(home, "record", CAMERA, lookback=4, duration=duration)
    )
    await passed(0.5)
    mount.shift_stamps(seconds)
    answer = await recording
    # Home Assistant drops what has no later stamp than before.
    assert answer["reason"] == "interrupted"
    check(rtsp_server, answer, calls[0], calls[0] + duration)
    await check_snapshot(home, camera, rtsp_server)


async def test_clip_goes_on_when_stamps_leap_ahead(
    home: HomeAssistant,
    camera: CameraInstance,
    mount: Mount,
    rtsp_server: RtspServer,
    calls: list[float],
) -> None:
    recording = home.async_create_task(answer_of(home, "record", CAMERA, lookback=4, duration=5))
    await passed(0.5)
    mount.shift_stamps(20)
    answer = await recording
    assert answer["complete"]
    check(rtsp_server, answer, calls[0], calls[0] + 5)
    await check_snapshot(home, camera, rtsp_server)


@pytest.mark.long
async def test_lookback_over_stamps_that_fell_back_by_25_s(
    home: HomeAssistant,
    camera: CameraInstance,
    mount: Mount,
    rtsp_server: RtspServer,
    calls: list[float],
) -> None:
    await passed(20)
    mount.shift_stamps(-25)
    await passed(25 + 8)
    answer = await answer_of(home, "record", CAMERA, lookback=38, duration=2)
    check(rtsp_server, answer, calls[0], calls[0] + 2)
