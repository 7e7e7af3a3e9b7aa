"""A camera's picture as text."""

from typing import Any

from ..cameras import CameraInstance
from ..core.ascii.glyphs import ascii_frame
from ..core.ascii.presets import CHARSETS
from ..datetimes import iso
from ..workload import async_compute


async def async_ascii_frame(
    instance: CameraInstance, *, columns: int, charset: str, invert: bool
) -> dict[str, Any]:
    """Return the newest picture as lines of characters.

    Raises a RetrocamError when there is none that is new enough, BusyError when too many wait for one.
    """
    async with instance.requests.enter():
        picture, taken = await instance.async_ascii_picture()
        frame = await async_compute(
            instance.hass,
            f"retrocam ascii {instance.name}",
            lambda: ascii_frame(picture, CHARSETS[charset], columns=columns, invert=invert),
        )
    return {
        "text": frame.text,
        "columns": frame.columns,
        "rows": frame.rows,
        "timestamp": iso(taken),
    }
