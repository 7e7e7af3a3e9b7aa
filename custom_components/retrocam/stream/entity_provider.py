"""Stream provider for a camera entity that Home Assistant already has."""

from collections.abc import Callable
from typing import override

from homeassistant.components.camera import Camera, CameraEntityFeature
from homeassistant.components.camera.helper import get_camera_from_entity_id
from homeassistant.components.stream import Stream
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError

from .provider import StreamProvider


class EntityStreamProvider(StreamProvider):
    """Shares the Stream of a camera entity; opens no second connection."""

    def __init__(self, hass: HomeAssistant, name: str, entity_id: Callable[[], str | None]) -> None:
        """`entity_id` returns the camera's current entity id; None once it is removed."""
        super().__init__(hass, name, entity_id)

    @property
    def has_stream(self) -> bool:
        """Whether the camera supports streaming. Raises HomeAssistantError if it is missing."""
        return CameraEntityFeature.STREAM in self._camera.supported_features

    @property
    def _camera(self) -> Camera:
        if (entity_id := self._entity_id()) is None:
            raise self._error("camera_removed")
        return get_camera_from_entity_id(self.hass, entity_id)

    @override
    async def _async_get_stream(self) -> Stream | None:
        camera = self._camera
        if not self.has_stream:
            return None
        try:
            return await camera.async_create_stream()
        except HomeAssistantError, TimeoutError:
            raise
        except Exception as err:
            # Code of another integration may raise anything; the text may hold a password.
            raise self._error("cannot_connect") from err

    @callback
    def async_source_changed(self, *, available: bool) -> None:
        """Handle a change of the camera entity's state."""
        self._ever_available |= available
        if self.in_use:
            self._wake.set()
        else:
            self._async_set_available(available=available)
