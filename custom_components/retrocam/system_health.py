"""System health information."""

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
    """Register the information callback."""
    register.async_register_info(_async_info)


async def _async_info(hass: HomeAssistant) -> dict[str, Any]:
    instances = [entry.runtime_data for entry in hass.config_entries.async_loaded_entries(DOMAIN)]
    connected = sum(instance.connected for instance in instances)
    ring = sum(instance.ring.size for instance in instances)
    media = sum(instance.media.total_bytes for instance in instances)
    tape = sum(instance.tape.size for instance in instances)
    problems = {
        problem.code
        for instance in instances
        for problem in (instance.media.problem, instance.tape.problem)
        if problem is not None
    }
    return {
        "connected": f"{connected} / {len(instances)}",
        "recording": sum(instance.recorder.active for instance in instances),
        "viewers": sum(instance.viewers.count for instance in instances),
        "lookback_memory": f"{ring / MEGABYTE:.0f} MB",
        "media_stored": f"{media / MEGABYTE:.0f} MB",
        "tape_stored": f"{tape / MEGABYTE:.0f} MB",
        "storage": ", ".join(sorted(problems)) or "ok",
        "ffmpeg": av.ffmpeg_version_info,
        **await hass.async_add_executor_job(_installed),
    }


def _installed() -> dict[str, str]:
    """Return the versions of what plays web videos. Blocks."""
    return {"yt_dlp": version("yt-dlp"), "javascript": javascript_runtime() or "-"}
