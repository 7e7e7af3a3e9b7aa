"""A camera over HTTP that sends odd stills shows upright pictures everywhere."""

from collections.abc import Iterator
import io
from pathlib import Path
from typing import Any, Final

import av
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from PIL import Image
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.retrocam.cameras import CameraInstance
from custom_components.retrocam.core.frames.image_codec import decode_still
from custom_components.retrocam.core.library.snapshots import save_still

from ..calling import answer_of
from ..conftest import LoadEntry
from ..core.frames.odd_stills import BEHIND, photo, saved, shown
from ..core.frames.stills import jpeg, number_in, png
from ..core.sources.http_camera import HttpCamera
from ..http.cell_clients import Client, cells_url
from ..made import Made
from ..viewers import QUIET, Viewer, frame_number, mjpeg_url
from ..waiting import until
from .grids import HEIGHT, WIDTH, Shown, load_grid, numbers, watch

CAMERA: Final = "camera.porch"
SENT: Final = Made(
    {
        "padded": lambda: jpeg(5) + BEHIND["zeros"],
        "two JPEGs": lambda: jpeg(5) + BEHIND["a second JPEG"],
        "turned": lambda: saved(photo(5), quality=95, orientation=6) + b"\r\n",
        "PNG": lambda: png(5),
        "turned PNG": lambda: saved(photo(5), "PNG", orientation=8),
        "WebP": lambda: saved(photo(5), "WEBP", quality=95, orientation=3),
        "GIF": lambda: saved(photo(5).quantize(64), "GIF", save_all=True, append_images=[photo(6)]),
        "BMP": lambda: saved(photo(5), "BMP"),
    }
)
odd = pytest.mark.parametrize("kind", SENT)
few = pytest.mark.parametrize("kind", ["two JPEGs", "turned", "WebP"])


@pytest.fixture
def server(socket_enabled: None) -> Iterator[HttpCamera]:
    running = HttpCamera()
    yield running
    running.close()


@pytest.fixture
async def source(home: HomeAssistant, server: HttpCamera) -> str:
    """A camera of Home Assistant's integration `generic` that polls the server."""
    # As cameras do: the declared type says nothing.
    url = server.url("/still", 200, jpeg(1), Content_Type="image/jpeg")
    options = {
        "still_image_url": url,
        "username": None,
        "password": None,
        "content_type": "image/jpeg",
        "advanced": {
            "framerate": 10_000.0,
            "verify_ssl": False,
            "limit_refetch_to_url_change": False,
            "authentication": "basic",
        },
    }
    entry = MockConfigEntry(domain="generic", title="Source", options=options, version=2)
    entry.add_to_hass(home)
    assert await home.config_entries.async_setup(entry.entry_id)
    await home.async_block_till_done()
    return "camera.source"


@pytest.fixture
async def camera(load: LoadEntry, source: str) -> CameraInstance:
    entry = await load(
        {"kind": "camera_entity", "entity_id": source},
        options={**QUIET, "storage": {"min_free_megabytes": 0}},
    )
    instance: CameraInstance = entry.runtime_data
    await until(lambda: instance.media.loaded)
    return instance


def send(server: HttpCamera, kind: str) -> None:
    server.answers["/still"] = 200, SENT[kind]


async def snapshot(home: HomeAssistant, camera: CameraInstance) -> tuple[Path, dict[str, Any]]:
    answer = await answer_of(home, "take_snapshot", CAMERA)
    return camera.media.snapshots.directory / answer["filename"], answer


@odd
async def test_snapshot_is_an_upright_jpeg(
    home: HomeAssistant, camera: CameraInstance, server: HttpCamera, kind: str
) -> None:
    send(server, kind)
    path, answer = await snapshot(home, camera)
    assert (answer["width"], answer["height"]) == (320, 180)
    data = path.read_bytes()
    with Image.open(io.BytesIO(data)) as image:
        # Without EXIF: some viewers ignore it.
        assert (image.format, image.size, image.getexif().get(0x0112, 1)) == ("JPEG", (320, 180), 1)
    assert data.endswith(b"\xff\xd9")
    assert number_in(data) == 5
    # Not encoded again if it is upright.
    assert (data == jpeg(5)) == (kind in ("padded", "two JPEGs"))
    assert number_in(camera.media.snapshots.thumbnail(path.name)) == 5


@few
async def test_png_snapshot_is_upright(
    home: HomeAssistant, load: LoadEntry, source: str, server: HttpCamera, kind: str
) -> None:
    entry = await load(
        {"kind": "camera_entity", "entity_id": source},
        options={
            "history": {"history_enabled": False, "image_format": "png"},
            "storage": {"min_free_megabytes": 0},
        },
    )
    camera: CameraInstance = entry.runtime_data
    await until(lambda: camera.media.loaded)
    send(server, kind)
    path, answer = await snapshot(home, camera)
    assert (path.suffix, answer["width"], answer["height"]) == (".png", 320, 180)
    assert number_in(decode_still(path.read_bytes()).reformat(format="yuvj420p")) == 5
    send(server, "PNG")
    path, _ = await snapshot(home, camera)
    assert path.read_bytes() == SENT["PNG"]


@odd
async def test_mjpeg_frame_and_still_are_upright_jpegs(
    home: HomeAssistant, camera: CameraInstance, server: HttpCamera, kind: str
) -> None:
    send(server, kind)
    async with Viewer.watching(mjpeg_url(home, camera)) as viewer:
        (part,) = await viewer.read(1)
    assert frame_number(part.data) == 5
    assert (await camera.async_still()).data == part.data
    assert camera.frame_size == (320, 180)


@few
async def test_ascii_is_upright(
    home: HomeAssistant, camera: CameraInstance, server: HttpCamera, kind: str
) -> None:
    send(server, kind)
    async with Client.looking(cells_url(home, camera)) as client:
        await client.until(lambda: client.state == "playing" and client.seen)
        assert client.init["aspect"] == pytest.approx(16 / 9)
    picture, _ = await camera.async_ascii_picture()
    assert number_in(picture.reformat(format="yuvj420p")) == 5


@few
async def test_grid_member_is_upright(
    home: HomeAssistant, load: LoadEntry, source: str, server: HttpCamera, kind: str
) -> None:
    send(server, kind)
    grid = await load_grid(load, [source])
    async for frame in watch(grid):
        # The first frames may be drawn before the still has come.
        if shown(frame.data)[HEIGHT // 2, WIDTH // 2].max() > 60:
            break
    members = [Shown(320, 180, float)]
    assert numbers(frame, grid.layout, 0, members) == {0: 5}


async def test_timelapse_of_turned_files_is_upright(
    home: HomeAssistant, camera: CameraInstance
) -> None:
    """Files that were saved before stills were turned keep their EXIF."""
    store = camera.media.snapshots
    for orientation in range(1, 9):
        data = saved(photo(orientation), quality=95, orientation=orientation)
        await home.async_add_executor_job(save_still, store, data, 1_767_323_045.0 + orientation)
    answer = await answer_of(home, "export_timelapse", CAMERA)
    assert answer["skipped"] == 0
    with av.open(answer["path"]) as film:
        frames = list(film.decode(video=0))
    assert [(frame.width, frame.height) for frame in frames] == [(320, 180)] * 8
    assert [number_in(frame) for frame in frames] == list(range(1, 9))


@pytest.mark.parametrize(
    "sent", [jpeg(5)[:-300], b"<svg/>", saved(photo(5), "TIFF")], ids=["cut JPEG", "SVG", "TIFF"]
)
async def test_unreadable_still_is_an_error_and_the_next_one_is_shown(
    home: HomeAssistant, camera: CameraInstance, server: HttpCamera, sent: bytes
) -> None:
    server.answers["/still"] = 200, sent
    with pytest.raises(HomeAssistantError) as error:
        await snapshot(home, camera)
    assert error.value.translation_key == "invalid_frame"
    send(server, "PNG")
    async with Viewer.watching(mjpeg_url(home, camera)) as viewer:
        assert frame_number((await viewer.read(1))[0].data) == 5
