"""The action that lists footage, and the errors of actions on footage."""

import math
from typing import Any

from homeassistant.exceptions import ServiceValidationError

from ..cameras import CameraInstance
from ..cameras.footage_spans import describe_spans
from ..core.threads import run_in_thread
from ..datetimes import iso
from .exceptions import validation_error


async def async_list_footage(
    instance: CameraInstance, *, after: float | None = None, before: float | None = None
) -> dict[str, Any]:
    """Return what is held between two times (UNIX s). Raises ServiceValidationError."""
    if after is not None and before is not None and before <= after:
        raise validation_error("invalid_span", start=iso(after), end=iso(before))
    start, end = -math.inf if after is None else after, math.inf if before is None else before
    # A tape of a camera that comes and goes has tens of thousands of spans.
    return await run_in_thread(
        f"retrocam spans {instance.name}",
        lambda: describe_spans(instance.footage.spans(start, end)),
        join_on_cancel=True,
    )


def not_held_error(instance: CameraInstance) -> ServiceValidationError:
    """Return the error for a time of which no footage is held; it tells what is held."""
    if (reach := instance.footage.all.reach()) is None:
        return validation_error("no_footage", name=instance.name)
    held = f"{iso(reach[0])} – {iso(reach[1])}"
    return validation_error("not_held", name=instance.name, held=held)
