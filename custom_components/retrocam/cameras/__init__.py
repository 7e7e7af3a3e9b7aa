"""Camera instances: one for each loaded config entry, owner of all that runs for it.

Only `base.py` composes: each part gets the stream provider, media, settings and callbacks that it uses,
never the whole camera.

May import `media`, `stream` and `core`.
"""

from collections.abc import Callable

from homeassistant.core import HomeAssistant

from ..const import CONF_KIND
from .base import CameraInstance, RetrocamConfigEntry
from .demo import DemoCamera
from .entity import EntityCamera
from .grid import GridCamera
from .player import AsciiPlayer
from .url import UrlCamera

__all__ = ["CameraInstance", "RetrocamConfigEntry", "create_instance"]

_KINDS: dict[str, Callable[[HomeAssistant, RetrocamConfigEntry], CameraInstance]] = {
    UrlCamera.kind: UrlCamera,
    EntityCamera.kind: EntityCamera,
    DemoCamera.kind: DemoCamera,
    GridCamera.kind: GridCamera,
    AsciiPlayer.kind: AsciiPlayer,
}


def create_instance(hass: HomeAssistant, entry: RetrocamConfigEntry) -> CameraInstance:
    """Create the instance of `entry`; nothing runs before its `async_start`."""
    return _KINDS[entry.data[CONF_KIND]](hass, entry)
