"""What the target of an action leaves out: `exclude`, which Home Assistant 2026.11 has."""

from typing import Any, Final

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import (
    area_registry as ar,
    config_validation as cv,
    device_registry as dr,
    entity_registry as er,
)
import pytest

from custom_components.retrocam.cameras import CameraInstance
from custom_components.retrocam.const import DOMAIN

from ..conftest import LoadEntry
from ..viewers import QUIET

if "exclude" not in map(str, cv.ENTITY_SERVICE_FIELDS):
    pytest.skip("targets of Home Assistant before 2026.11 know no exclude", allow_module_level=True)

PORCH: Final = "camera.porch"
SHED: Final = "camera.shed"


@pytest.fixture
async def garden(home: HomeAssistant, quiet_demo: CameraInstance, load: LoadEntry) -> str:
    """The id of an area that has the porch, and the shed, which is unavailable."""
    data = {"kind": "camera_url", "url": "rtsp://127.0.0.1:9/x"}
    await load(data, title="Shed", options=QUIET)
    area = ar.async_get(home).async_create("Garden")
    for entity_id in (PORCH, SHED):
        device_id = er.async_get(home).entities[entity_id].device_id
        assert device_id is not None
        dr.async_get(home).async_update_device(device_id, area_id=area.id)
    return area.id


async def listed(home: HomeAssistant, **target: Any) -> set[str]:
    answer = await home.services.async_call(
        DOMAIN, "list_recordings", blocking=True, return_response=True, target=target
    )
    assert answer is not None
    return set(answer)


async def test_excluded_cameras_are_left_out(home: HomeAssistant, garden: str) -> None:
    assert await listed(home, area_id=garden) == {PORCH, SHED}
    assert await listed(home, area_id=garden, exclude={"entity_id": PORCH}) == {SHED}
    assert await listed(home, entity_id=[PORCH, SHED], exclude={"entity_id": [SHED]}) == {PORCH}
    assert await listed(home, entity_id="all", exclude={"entity_id": SHED}) == {PORCH}
    device = er.async_get(home).entities[SHED].device_id
    assert await listed(home, entity_id="all", exclude={"device_id": device}) == {PORCH}


async def test_only_camera_excluded_matches_nothing(home: HomeAssistant, garden: str) -> None:
    """A camera that is the only target is called even while it is away, but not one that is excluded."""
    with pytest.raises(HomeAssistantError, match="did not match any entities"):
        await listed(home, entity_id=SHED, exclude={"area_id": garden})
