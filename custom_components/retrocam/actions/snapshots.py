"""Snapshots and timelapses, and what is answered about them: for the actions and the button."""

import time
from typing import Any

from ..cameras import CameraInstance
from ..cameras.timelapses import described
from ..core.errors import RetrocamError, TimelapseEmptyError, TimelapseRunningError
from ..datetimes import iso
from ..media.items import MediaKind, describe
from .exceptions import failed, invalid


async def async_take_snapshot(instance: CameraInstance) -> dict[str, Any]:
    """Keep the newest picture and return what became of it. Raises HomeAssistantError."""
    try:
        async with instance.requests.enter():
            snapshot = await instance.history.async_take()
    except RetrocamError as err:
        raise failed(instance, err) from err
    return {
        **describe(instance.hass, instance.entry.entry_id, MediaKind.SNAPSHOTS, snapshot.item),
        "age": round(max(0.0, time.time() - snapshot.item.time), 3),
        "width": snapshot.width,
        "height": snapshot.height,
    }


async def async_export_timelapse(
    instance: CameraInstance, *, start: float | None, end: float | None, fps: int, width: int
) -> dict[str, Any]:
    """Make a timelapse of the snapshots of a span (UNIX s) and return what became of it.

    Raises ServiceValidationError for a span without snapshots or while another one is made, and
    HomeAssistantError when it cannot be made.
    """
    if start is not None and end is not None and end <= start:
        raise invalid("invalid_span", start=iso(start), end=iso(end))
    try:
        export = await instance.timelapses.async_export(
            after=start, before=end, fps=fps, width=width
        )
    except RetrocamError as err:
        if isinstance(err, TimelapseEmptyError | TimelapseRunningError):
            raise invalid(err.code, name=instance.name) from err
        raise failed(instance, err) from err
    answer = described(instance.hass, instance.entry.entry_id, export)
    return {**answer, "start": answer["timestamp"], "fps": fps, "complete": True}
