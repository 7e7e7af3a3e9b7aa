"""The image of the last snapshot."""

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.retrocam.cameras import CameraInstance
from custom_components.retrocam.core.library.index import MediaItem
from custom_components.retrocam.core.library.snapshots import save_still
from custom_components.retrocam.media.items import MediaKind

from .conftest import LoadEntry
from .core.frames.stills import NOW, jpeg, number_in, png
from .viewers import SMALL
from .waiting import until

IMAGE = "image.porch_last_snapshot"
PROXY = f"/api/image_proxy/{IMAGE}"


@pytest.fixture
async def camera(load: LoadEntry) -> CameraInstance:
    entry = await load(
        {"kind": "demo", "name": "Porch", "advanced": SMALL},
        options={"storage": {"min_free_megabytes": 0}},
    )
    instance: CameraInstance = entry.runtime_data
    await until(lambda: instance.media.loaded)
    return instance


async def keep(camera: CameraInstance, picture: bytes, number: int) -> MediaItem:
    store = camera.media.snapshots
    return await camera.media.async_run(
        lambda: save_still(store, picture, NOW + number), MediaKind.SNAPSHOTS
    )


async def test_unknown_without_snapshot(
    all_entities: None,
    home: HomeAssistant,
    camera: CameraInstance,
    hass_client: ClientSessionGenerator,
) -> None:
    image = home.states.get(IMAGE)
    assert image is not None
    assert image.state == "unknown"
    # Home Assistant would answer 500: the frontend must not request it.
    assert "entity_picture" not in image.attributes
    assert home.states.get("sensor.porch_snapshots").state == "0"  # type: ignore[union-attr]  # it is there
    client = await hass_client()
    assert (await client.get(PROXY)).status == 500


async def test_newest_snapshot_and_its_time(
    all_entities: None,
    home: HomeAssistant,
    camera: CameraInstance,
    hass_client: ClientSessionGenerator,
) -> None:
    client = await hass_client()
    for number, picture, kind in ((1, jpeg(1), "jpeg"), (2, png(2), "png"), (3, jpeg(3), "jpeg")):
        item = await keep(camera, picture, number)
        state = dt_util.utc_from_timestamp(item.time).isoformat()
        await until(lambda: home.states.get(IMAGE).state == state)  # type: ignore[union-attr]  # noqa: B023  # awaited in this round
        response = await client.get(PROXY)
        assert response.headers["Content-Type"] == f"image/{kind}"
        assert await response.read() == picture
        assert home.states.get(IMAGE).attributes["entity_picture"].startswith(PROXY)  # type: ignore[union-attr]  # it is there
    assert number_in(picture) == 3
    count = home.states.get("sensor.porch_snapshots")
    assert count is not None
    assert count.state == "3"
    last = home.states.get("sensor.porch_last_snapshot")
    assert last is not None
    assert last.state == "2026-01-02T03:04:08+00:00"


async def test_deleted_snapshot_is_an_error(
    home: HomeAssistant, camera: CameraInstance, hass_client: ClientSessionGenerator
) -> None:
    item = await keep(camera, jpeg(1), 1)
    (camera.media.snapshots.directory / item.name).unlink()
    client = await hass_client()
    assert (await client.get(PROXY)).status == 500
    await until(lambda: home.states.get(IMAGE).state == "unknown")  # type: ignore[union-attr]  # it is there
