"""Helpers for taking and reading snapshots."""

from datetime import timedelta
from itertools import count
from pathlib import Path
import time
from typing import Any, Final

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.retrocam.cameras import CameraInstance
from custom_components.retrocam.cameras.history import next_due, phase_of
from custom_components.retrocam.cameras.media_events import MediaEvent, MediaEventType

from ...calling import answer_of
from ...core.frames.stills import listing, number_in

CAMERA: Final = "camera.porch"
EARLY: Final = "porch_9"
"""Entry id with a phase near 0: its first snapshot is due at once."""
_CALM: Final = 600.0
"""Seconds."""


def calm_interval(least: int) -> int:
    """Return an interval of at least `least` seconds, whose next due time for EARLY is minutes away.

    Due times follow the machine's monotonic clock, and might otherwise fall into any test.
    """
    now, phase = time.monotonic(), phase_of(EARLY)
    return next(
        seconds for seconds in count(least, 7) if next_due(now, seconds, phase) - now > _CALM
    )


def options(*, lookback: bool = False, free: int = 0, **history: Any) -> dict[str, Any]:
    """Return the options of a camera with its history enabled."""
    return {
        "lookback": {"lookback_enabled": lookback},
        "history": {"history_enabled": True, **history},
        "storage": {"min_free_megabytes": free},
    }


def collect_saved(instance: CameraInstance) -> list[dict[str, Any]]:
    """Collect the data of snapshot events from now on."""
    events: list[dict[str, Any]] = []

    def collect(event: MediaEvent) -> None:
        if event.kind is MediaEventType.SNAPSHOT_SAVED:
            events.append(event.data)

    instance.entry.async_on_unload(instance.media_events.listeners.add(collect))
    return events


def folder(instance: CameraInstance) -> Path:
    """Return the directory of the snapshots."""
    return instance.media.snapshots.directory


def pictures(instance: CameraInstance) -> list[int | None]:
    """Read the frame numbers of all snapshots, in the order of their names."""
    return [number_in((folder(instance) / name).read_bytes()) for name in listing(folder(instance))]


async def take(hass: HomeAssistant) -> dict[str, Any]:
    """Call the action `take_snapshot`, and return its response."""
    return await answer_of(hass, "take_snapshot", CAMERA)


async def pass_time(hass: HomeAssistant, seconds: float) -> None:
    """Fire the timers of the next `seconds`."""
    await hass.async_block_till_done(wait_background_tasks=False)
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=seconds))
    await hass.async_block_till_done(wait_background_tasks=False)
