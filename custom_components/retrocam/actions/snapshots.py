"""The actions that take a snapshot and export a timelapse."""

import math
import time
from typing import Any, Final

from ..cameras import CameraInstance
from ..cameras.footage_film import MAX_PICTURES
from ..cameras.history import Snapshot
from ..cameras.timelapses import describe_timelapse
from ..core.errors import (
    NotHeldError,
    RetrocamError,
    TimelapseEmptyError,
    TimelapseRunningError,
    TimelapseTooLongError,
)
from ..core.frames.jpeg_ring import Frame
from ..datetimes import iso
from ..media.items import MediaKind, describe
from .exceptions import action_error, validation_error
from .footage import not_held_error

HISTORY: Final = "history"
FOOTAGE: Final = "footage"
"""Sources of a timelapse."""


async def async_take_snapshot(
    instance: CameraInstance, *, at: float | None = None, ago: float | None = None
) -> dict[str, Any]:
    """Save a frame as a snapshot; return the answer.

    The current one, the one that was shown `at` a time (UNIX s), or some seconds `ago`. Raises
    ServiceValidationError where no footage is held, and HomeAssistantError.
    """
    if at is None and ago is not None:
        at = time.time() - ago
    try:
        async with instance.image_jobs.enter():
            if at is None:
                snapshot = await instance.history.async_take()
            else:
                snapshot = await _async_keep(instance, at)
    except NotHeldError as err:
        raise not_held_error(instance) from err
    except RetrocamError as err:
        raise action_error(instance, err.code) from err
    return {
        **({} if at is None else {"requested": iso(at)}),
        **describe(instance.hass, instance.entry.entry_id, MediaKind.SNAPSHOTS, snapshot.item),
        "age": round(max(0.0, time.time() - snapshot.item.time), 3),
        "width": snapshot.width,
        "height": snapshot.height,
    }


async def _async_keep(instance: CameraInstance, at: float) -> Snapshot:
    """Save the frame of footage shown at a time (UNIX s). Raises a RetrocamError."""
    history = instance.history
    frame = await instance.footage.async_still(at, history.image_format)
    return await history.async_keep(Frame(data=frame.data, index=0, time=frame.time))


async def async_export_timelapse(
    instance: CameraInstance,
    *,
    fps: int,
    width: int,
    start: float | None = None,
    end: float | None = None,
    source: str = HISTORY,
    interval: float = 10.0,
) -> dict[str, Any]:
    """Export what there is between two times (UNIX s) as a timelapse; return the answer.

    The snapshots, or of footage the picture each `interval` seconds. Raises ServiceValidationError
    without any, for too many, or during another export, HomeAssistantError if the export fails.
    """
    if start is not None and end is not None and end <= start:
        raise validation_error("invalid_span", start=iso(start), end=iso(end))
    try:
        if source == FOOTAGE:
            export = await instance.timelapses.async_export_footage(
                instance.footage,
                after=-math.inf if start is None else start,
                before=math.inf if end is None else end,
                interval=interval,
                fps=fps,
                width=width,
            )
        else:
            export = await instance.timelapses.async_export(
                after=start, before=end, fps=fps, width=width
            )
    except NotHeldError as err:
        raise not_held_error(instance) from err
    except TimelapseTooLongError as err:
        raise validation_error(err.code, name=instance.name, limit=str(MAX_PICTURES)) from err
    except (TimelapseEmptyError, TimelapseRunningError) as err:
        raise validation_error(err.code, name=instance.name) from err
    except RetrocamError as err:
        raise action_error(instance, err.code) from err
    answer = describe_timelapse(instance.hass, instance.entry.entry_id, export)
    return {**answer, "start": answer["timestamp"], "fps": fps, "complete": True}
