"""Threads, tasks and streams that must not remain after an unload."""

import asyncio
import threading

from homeassistant.core import HomeAssistant


def own_threads() -> list[str]:
    """Return the names of all threads of Retrocam and of stream workers."""
    return [
        thread.name
        for thread in threading.enumerate()
        if thread.name.startswith(("retrocam", "stream_worker"))
    ]


def own_tasks() -> list[str]:
    """Return the names of Retrocam's tasks."""
    return [task.get_name() for task in asyncio.all_tasks() if "retrocam" in task.get_name()]


def streams(hass: HomeAssistant) -> int:
    """Return the number of Streams that Home Assistant references."""
    return len(hass.data["stream"]["streams"])
