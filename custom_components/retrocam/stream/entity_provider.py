"""A supply of segments from a camera that Home Assistant has already."""

from collections.abc import Callable
from typing import override

from homeassistant.components.camera import Camera, CameraEntityFeature
from homeassistant.components.camera.helper import get_camera_from_entity_id
from homeassistant.components.stream import Stream
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError

from ..const import DOMAIN
from ..core.segments.ring import SegmentRing
from .provider import StreamSupply


class EntitySupply(StreamSupply):
    """Supplies from a camera entity, by the Stream that it has already."""

    def __init__(
        self,
        hass: HomeAssistant,
        name: str,
        ring: SegmentRing,
        *,
        entity_id: Callable[[], str | None],
    ) -> None:
        """Borrow from the camera that `entity_id` names at each moment; None once it is removed."""
        super().__init__(hass, name, ring)
        self._entity_id = entity_id

    @property
    def has_stream(self) -> bool:
        """Whether the camera has a stream. Raises HomeAssistantError if it is not there."""
        return CameraEntityFeature.STREAM in self._camera.supported_features

    @property
    def _camera(self) -> Camera:
        if (entity_id := self._entity_id()) is None:
            raise HomeAssistantError(
                translation_domain=DOMAIN,
                translation_key="camera_removed",
                translation_placeholders={"name": self._name},
            )
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
            # Another integration's code, which may raise anything; its text may hold a password.
            raise HomeAssistantError(
                translation_domain=DOMAIN,
                translation_key="cannot_connect",
                translation_placeholders={"name": self._name},
            ) from err

    @callback
    def async_source_changed(self, *, available: bool) -> None:
        """Home Assistant says that the borrowed camera came, went or was loaded anew."""
        self._seen |= available
        if self.held:
            self._wake.set()
        else:
            self._async_set_available(available=available)
