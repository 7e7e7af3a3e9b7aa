"""System health: how Retrocam is, at a glance."""

from importlib.metadata import version
from typing import Any

import av
from homeassistant.components.system_health import SystemHealthRegistration
from homeassistant.core import HomeAssistant, callback

from .const import DOMAIN
from .core.player.lookup.runtimes import javascript_runtime
from .settings import MEGABYTE


@callback
def async_register(hass: HomeAssistant, register: SystemHealthRegistration) -> None:
    """Register what is shown."""
    register.async_register_info(_async_info)


async def _async_info(hass: HomeAssistant) -> dict[str, Any]:
    instances = [entry.runtime_data for entry in hass.config_entries.async_loaded_entries(DOMAIN)]
    connected = sum(instance.connected for instance in instances)
    ring = sum(instance.ring.size for instance in instances)
    media = sum(instance.media.total_bytes for instance in instances)
    problems = {instance.media.problem.code for instance in instances if instance.media.problem}
    return {
        "connected": f"{connected} / {len(instances)}",
        "recording": sum(instance.recorder.active for instance in instances),
        "viewers": sum(instance.watchers for instance in instances),
        "lookback_memory": f"{ring / MEGABYTE:.0f} MB",
        "media_stored": f"{media / MEGABYTE:.0f} MB",
        "storage": ", ".join(sorted(problems)) or "ok",
        "ffmpeg": av.ffmpeg_version_info,
        **await hass.async_add_executor_job(_installed),
    }


def _installed() -> dict[str, str]:
    """Look for what plays videos; blocks."""
    return {"yt_dlp": version("yt-dlp"), "javascript": javascript_runtime() or "-"}
