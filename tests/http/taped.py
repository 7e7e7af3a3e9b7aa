"""A demo camera with a tape, and less in memory than on it."""

from typing import Any

from custom_components.retrocam.cameras import CameraInstance
from custom_components.retrocam.const import CONF_KIND, KIND_DEMO

from ..conftest import LoadEntry
from ..waiting import until

DATA: dict[str, Any] = {
    CONF_KIND: KIND_DEMO,
    "name": "Porch",
    "advanced": {"width": 320, "height": 180, "fps": 10},
}
OPTIONS: dict[str, Any] = {
    "history": {"history_enabled": False},
    "lookback": {"lookback_enabled": True, "lookback_seconds": 5},
    "storage": {"min_free_megabytes": 0},
    "tape": {"tape_enabled": True},
}


def beyond(camera: CameraInstance) -> float:
    """Return the seconds that only the tape has."""
    spans = camera.footage.spans()
    return sum(span.end - span.start for span in spans if span.where == "tape")


async def add_taped(load: LoadEntry) -> CameraInstance:
    """Add it, and return it when some seconds are on tape alone."""
    entry = await load(DATA, options=OPTIONS)
    instance: CameraInstance = entry.runtime_data
    await until(lambda: beyond(instance) > 3)
    return instance
