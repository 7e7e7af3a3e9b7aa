"""A camera's current frame as text."""

from typing import Any

from ..cameras import CameraInstance
from ..core.ascii.glyphs import ascii_frame
from ..core.ascii.presets import CHARSETS
from ..core.errors import RetrocamError
from ..datetimes import iso
from ..workload import async_compute
from .exceptions import action_error


async def async_ascii_frame(
    instance: CameraInstance, *, columns: int, charset: str, invert: bool
) -> dict[str, Any]:
    """Return the current frame as lines of characters.

    Raises HomeAssistantError while too many requests wait, and without a current frame.
    """
    try:
        async with instance.image_jobs.enter():
            picture, taken = await instance.async_ascii_picture()
            frame = await async_compute(
                instance.hass,
                f"retrocam ascii {instance.name}",
                lambda: ascii_frame(picture, CHARSETS[charset], columns=columns, invert=invert),
            )
    except RetrocamError as err:
        raise action_error(instance, err.code) from err
    return {
        "text": frame.text,
        "columns": frame.columns,
        "rows": frame.rows,
        "timestamp": iso(taken),
    }
