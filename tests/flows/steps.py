"""Steps of config flows."""

from typing import Any

from homeassistant.config_entries import SOURCE_USER, ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType

from custom_components.retrocam.const import DOMAIN

ADVANCED = {"verify_ssl": False, "use_wallclock_as_timestamps": False}


def form(url: str, **more: Any) -> dict[str, Any]:
    """Fill in the form of a camera by URL."""
    return {"name": "Porch", "url": url, "rtsp_transport": "tcp", "advanced": ADVANCED, **more}


async def start(hass: HomeAssistant, step: str) -> str:
    """Start a flow, choose `step` in the menu and return the flow's id."""
    result = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    assert result["type"] is FlowResultType.MENU
    assert step in result["menu_options"]
    result = await hass.config_entries.flow.async_configure(
        result["flow_id"], {"next_step_id": step}
    )
    assert result["step_id"] == step
    assert not result["errors"]
    return result["flow_id"]


async def submit(hass: HomeAssistant, flow_id: str, data: dict[str, Any]) -> ConfigFlowResult:
    """Submit a form, and return the next result."""
    return await hass.config_entries.flow.async_configure(flow_id, data)


async def add_camera(hass: HomeAssistant, url: str, **more: Any) -> ConfigFlowResult:
    """Set up a camera by URL in a new flow, confirm its preview, and return the result.

    The entry is loaded; the camera may have changed its data since, but not those of the result.
    """
    flow_id = await start(hass, "camera_url")
    await submit(hass, flow_id, form(url, **more))
    result = await submit(hass, flow_id, {})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    return result


async def try_in_flow(hass: HomeAssistant, url: str, **more: str) -> dict[str, Any]:
    """Submit a failing camera in a new flow, and return the form with its errors."""
    flow_id = await start(hass, "camera_url")
    result = await submit(hass, flow_id, form(url, **more))
    assert result["type"] is FlowResultType.FORM
    hass.config_entries.flow.async_abort(flow_id)
    return dict(result)
