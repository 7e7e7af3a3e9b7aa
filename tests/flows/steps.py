"""Config flows, step by step."""

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
    """Begin a flow, choose `step` in the menu and return the flow's id."""
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
    """Send a form, and return what is shown next."""
    return await hass.config_entries.flow.async_configure(flow_id, data)


async def try_in_flow(hass: HomeAssistant, url: str, **more: str) -> dict[str, Any]:
    """Try a camera that fails in a flow of its own, and return the form with its errors."""
    flow_id = await start(hass, "camera_url")
    result = await submit(hass, flow_id, form(url, **more))
    assert result["type"] is FlowResultType.FORM
    hass.config_entries.flow.async_abort(flow_id)
    return dict(result)
