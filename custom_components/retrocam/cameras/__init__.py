"""Instances: one for each config entry, sole owner of all that it runs while loaded.

Only `base.py` composes: every part takes the ring, the supply, the library, the settings and the
callbacks that it uses, never the whole camera.

May import `media`, `stream` and `core`.
"""

from collections.abc import Callable

from homeassistant.core import HomeAssistant

from ..const import (
    CONF_KIND,
    KIND_ASCII_PLAYER,
    KIND_CAMERA_ENTITY,
    KIND_CAMERA_URL,
    KIND_DEMO,
    KIND_GRID,
)
from .base import CameraInstance, RetrocamConfigEntry
from .demo import DemoInstance
from .entity import EntityInstance
from .grid import GridInstance
from .player import PlayerInstance
from .url import UrlInstance

__all__ = ["CameraInstance", "RetrocamConfigEntry", "create_instance"]

_KINDS: dict[str, Callable[[HomeAssistant, RetrocamConfigEntry], CameraInstance]] = {
    KIND_CAMERA_URL: UrlInstance,
    KIND_CAMERA_ENTITY: EntityInstance,
    KIND_DEMO: DemoInstance,
    KIND_GRID: GridInstance,
    KIND_ASCII_PLAYER: PlayerInstance,
}


def create_instance(hass: HomeAssistant, entry: RetrocamConfigEntry) -> CameraInstance:
    """Make the instance of `entry`; nothing runs before its `async_start`."""
    return _KINDS[entry.data[CONF_KIND]](hass, entry)
