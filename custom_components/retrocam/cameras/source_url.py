"""The URL of a camera of another integration, as far as that integration gives it.

It has credentials: for the forms of administrators alone, and for probes.
"""

import asyncio
import threading
from typing import Any, Final

from homeassistant.components.camera import CameraEntityFeature
from homeassistant.components.camera.helper import get_camera_from_entity_id
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError

from ..const import CONF_AUDIO_CODEC, CONF_VIDEO_CODEC
from ..core.errors import RetrocamError
from .url import SESSION_PAUSE, async_probe_and_adapt, data_with_url, url_of

_TIMEOUT: Final = 10.0
"""Seconds in which an integration must give a URL."""


async def async_source_data(hass: HomeAssistant, entity_id: str | None) -> dict[str, Any]:
    """Return a camera's URL, user name and password, as in an entry's data; empty if it gives none."""
    try:
        camera = get_camera_from_entity_id(hass, entity_id or "")
        async with asyncio.timeout(_TIMEOUT):
            url = await camera.stream_source()
        data = data_with_url({}, url or "")
        url_of(data)
    except Exception:  # noqa: BLE001  # another integration may raise anything, with the URL in its text
        return {}
    return data


async def async_source_sound(
    hass: HomeAssistant, entity_id: str, stop: threading.Event
) -> dict[str, Any]:
    """Probe a camera that is about to be read; return its codecs, as in an entry's data.

    Empty if it cannot be opened, and while somebody reads it: a camera may accept a single connection.
    `stop` ends the probe.
    """
    try:
        camera = get_camera_from_entity_id(hass, entity_id)
    except HomeAssistantError:
        return {}
    is_read = camera.stream is not None and bool(camera.stream.outputs())
    if is_read or CameraEntityFeature.STREAM not in camera.supported_features:
        return {}
    if not (data := await async_source_data(hass, entity_id)):
        return {}
    try:
        _, probed = await async_probe_and_adapt(data, "retrocam probe", stop)
    except RetrocamError:
        return {}
    await asyncio.sleep(SESSION_PAUSE)
    return {key: probed[key] for key in (CONF_AUDIO_CODEC, CONF_VIDEO_CODEC)}
