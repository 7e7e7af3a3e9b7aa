"""What an unloaded integration must not leave behind."""

import asyncio
import threading

from homeassistant.core import HomeAssistant


def own_threads() -> list[str]:
    """Return the names of all threads that Retrocam or Home Assistant's stream runs."""
    return [
        thread.name
        for thread in threading.enumerate()
        if thread.name.startswith(("retrocam", "stream_worker"))
    ]


def own_tasks() -> list[str]:
    """Return the names of Retrocam's tasks."""
    return [task.get_name() for task in asyncio.all_tasks() if "retrocam" in task.get_name()]


def streams(hass: HomeAssistant) -> int:
    """Return how many Streams Home Assistant keeps."""
    return len(hass.data["stream"]["streams"])
