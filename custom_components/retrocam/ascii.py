"""A camera's picture as text."""

from typing import Any

from .core.cells.glyphs import ascii_frame
from .core.cells.presets import CHARSETS
from .core.threads import run_in_thread
from .instances import CameraInstance
from .moments import iso


async def async_ascii_frame(
    instance: CameraInstance, *, columns: int, charset: str, invert: bool
) -> dict[str, Any]:
    """Return the newest picture as lines of characters.

    Raises a RetrocamError when there is none that is new enough.
    """
    picture, taken = await instance.async_ascii_picture()
    frame = await run_in_thread(
        f"retrocam ascii {instance.name}",
        lambda: ascii_frame(picture, CHARSETS[charset], columns=columns, invert=invert),
    )
    return {
        "text": frame.text,
        "columns": frame.columns,
        "rows": frame.rows,
        "timestamp": iso(taken),
    }
