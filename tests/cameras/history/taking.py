"""Taking snapshots, and what is found of them."""

from datetime import timedelta
from itertools import count
from pathlib import Path
import time
from typing import Any, Final

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.retrocam.cameras import CameraInstance
from custom_components.retrocam.cameras.history import next_beat, phase_of
from custom_components.retrocam.cameras.media_events import Happening, MediaEvent

from ...calling import answer_of
from ...core.frames.stills import listing, number_in

CAMERA: Final = "camera.porch"
EARLY: Final = "porch_9"
"""The id of an entry whose phase is near 0, so that it begins at once."""
_CALM: Final = 600.0
"""Seconds."""


def calm_interval(least: int) -> int:
    """Return an interval of so many seconds or a few more, whose next beat for EARLY is minutes away.

    The beat is that of the machine's monotonic clock, so that it may else fall into any test.
    """
    now, phase = time.monotonic(), phase_of(EARLY)
    return next(
        seconds for seconds in count(least, 7) if next_beat(now, seconds, phase) - now > _CALM
    )


def options(*, lookback: bool = False, free: int = 0, **history: Any) -> dict[str, Any]:
    """Return the options of a camera that keeps a history."""
    return {
        "lookback": {"lookback_enabled": lookback},
        "history": {"history_enabled": True, **history},
        "storage": {"min_free_megabytes": free},
    }


def saved(instance: CameraInstance) -> list[dict[str, Any]]:
    """Collect what is told of saved snapshots from now on."""
    told: list[dict[str, Any]] = []

    def take(happening: Happening) -> None:
        if happening.kind is MediaEvent.SNAPSHOT_SAVED:
            told.append(happening.data)

    instance.entry.async_on_unload(instance.happenings.async_add_listener(take))
    return told


def folder(instance: CameraInstance) -> Path:
    """Return where the snapshots are."""
    return instance.media.snapshots.directory


def pictures(instance: CameraInstance) -> list[int | None]:
    """Read the frame numbers of all snapshots, in the order of their names."""
    return [number_in((folder(instance) / name).read_bytes()) for name in listing(folder(instance))]


async def take(hass: HomeAssistant) -> dict[str, Any]:
    """Take a snapshot by the action, and return what it answers."""
    return await answer_of(hass, "take_snapshot", CAMERA)


async def pass_time(hass: HomeAssistant, seconds: float) -> None:
    """Let timers of the next seconds fire, and Home Assistant do what they ask for."""
    await hass.async_block_till_done(wait_background_tasks=False)
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=seconds))
    await hass.async_block_till_done(wait_background_tasks=False)
