"""A camera that switches its encoder inside the connection, as at nightfall."""

from pathlib import Path

import av
from homeassistant.components.camera import async_get_image
from homeassistant.core import HomeAssistant
import pytest

from custom_components.retrocam.cameras import CameraInstance
from custom_components.retrocam.core.frames import jpeg

from ..calling import answer_of
from ..conftest import LoadEntry
from ..core.clips.clip_checks import numbers_in
from ..core.reformats import believed
from ..rtsp import Mount, RtspServer
from ..viewers import Viewer, frame_number, mjpeg_url
from ..waiting import until

CAMERA = "camera.porch"
DAY, NIGHT = (320, 180), (640, 360)


@pytest.fixture(params=["h264", "h265"])
def mount(rtsp_server: RtspServer, request: pytest.FixtureRequest) -> Mount:
    return rtsp_server.mount(
        "/porch", fps=25, gop=1.0, width=DAY[0], height=DAY[1], codec=request.param
    )


@pytest.fixture
async def camera(load: LoadEntry, mount: Mount) -> CameraInstance:
    entry = await load(
        {"kind": "camera_url", "url": mount.url, "rtsp_transport": "tcp"},
        options={"storage": {"min_free_megabytes": 0}},
    )
    instance: CameraInstance = entry.runtime_data
    await until(lambda: instance.ring.available > 3)
    return instance


def size_of(path: Path) -> tuple[int, int]:
    with av.open(str(path)) as container:
        video = container.streams.video[0]
        return video.width, video.height


def jpeg_size(data: bytes) -> tuple[int, int]:
    frame = jpeg.decode(data)
    return frame.width, frame.height


async def night(camera: CameraInstance, mount: Mount) -> None:
    mount.reformat(width=NIGHT[0], height=NIGHT[1], preset="superfast")
    await until(lambda: camera.ring.frame_size == NIGHT)


async def test_all_readers_follow_a_change(
    home: HomeAssistant,
    camera: CameraInstance,
    mount: Mount,
) -> None:
    async with Viewer.watching(mjpeg_url(home, camera)) as viewer:
        (picture,) = await viewer.read(1)
        assert jpeg_size(picture.data) == DAY
        await night(camera, mount)
        await answer_of(home, "take_snapshot", CAMERA)
        snapshot = camera.media.snapshots.newest
        assert snapshot is not None
        assert jpeg_size(camera.media.snapshots.read(snapshot.name)) == NIGHT
        while jpeg_size(picture.data) != NIGHT:
            (picture,) = await viewer.read(1)
        assert frame_number(picture.data) > 0
    assert jpeg_size((await async_get_image(home, CAMERA)).content) == NIGHT
    # All of the lookback: nobody knows how long ago the change is by now.
    answer = await answer_of(home, "record", CAMERA, lookback=600, duration=2)
    paths = [Path(path) for path in answer["parts"]]
    assert [size_of(path) for path in paths] == [DAY, NIGHT]
    numbers = numbers_in(*paths)
    assert numbers == list(range(numbers[0] or 0, (numbers[0] or 0) + len(numbers)))
    # A player that takes the parameter sets of the header shows the same.
    assert [number for path in paths for number in believed(path)] == numbers
    assert answer["complete"]
    h264 = mount.options.codec == "h264"
    assert answer["codec"] == ("h264" if h264 else "hevc")
    assert answer["plays_in"] == ("browsers" if h264 else "some_browsers")
    assert answer["duration"] == pytest.approx(len(numbers) / 25, abs=0.1)
    later = await answer_of(home, "record", CAMERA, lookback=1, duration=1)
    assert [size_of(Path(later["path"]))] == [NIGHT]
    assert believed(Path(later["path"])) == numbers_in(Path(later["path"]))
    # All of it inside one connection.
    assert mount.watchers_ever == 1
