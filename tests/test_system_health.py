"""System health, as the page asks for it."""

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import get_system_health_info

from custom_components.retrocam.cameras import CameraInstance
from custom_components.retrocam.const import DOMAIN
from custom_components.retrocam.core.errors import StorageFullError
from custom_components.retrocam.media.items import MediaKind

from .house import ENGLISH
from .viewers import Viewer, mjpeg_url


async def test_system_health_figures_and_problems(
    home: HomeAssistant, demo: CameraInstance
) -> None:
    assert await async_setup_component(home, "system_health", {})
    async with Viewer.watching(mjpeg_url(home, demo)) as viewer:
        await viewer.read(1)
        info = await get_system_health_info(home, DOMAIN)
    assert info["connected"] == "1 / 1"
    assert info["viewers"] == 1
    assert info["storage"] == "ok"
    assert info["yt_dlp"][:2] == "20"
    assert info.keys() == ENGLISH["system_health"]["info"].keys()
    demo.media.async_set_problem(MediaKind.RECORDINGS, StorageFullError("full"))
    assert (await get_system_health_info(home, DOMAIN))["storage"] == "storage_full"
