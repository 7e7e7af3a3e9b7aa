"""The camera entities."""

from typing import override

from aiohttp import web
from homeassistant.components.camera import Camera, CameraEntityFeature
from homeassistant.components.stream import Stream
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .actions.exceptions import failed
from .cameras import CameraInstance, RetrocamConfigEntry
from .core.errors import RetrocamError
from .entity import RetrocamEntity
from .http.mjpeg import async_stream_mjpeg
from .stream.tap import async_expect_viewer

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: RetrocamConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the camera of an instance."""
    async_add_entities([RetrocamCamera(entry.runtime_data)])


class RetrocamCamera(RetrocamEntity, Camera):
    """The pictures of one instance."""

    _attr_name = None
    _attr_supported_features = CameraEntityFeature.STREAM

    def __init__(self, instance: CameraInstance) -> None:
        """Make the entity; the instance has the pictures."""
        super().__init__(instance, "camera")

    @property
    @override
    def available(self) -> bool:
        """Whether the source can be used, as far as is known."""
        return self.instance.available

    @property
    @override
    def is_recording(self) -> bool:
        """Whether a clip is being recorded."""
        return self.instance.recorder.active > 0

    @override
    async def stream_source(self) -> str | None:
        """Return a URL for those who open a connection of their own, such as go2rtc.

        There is none for a wrapped camera: its own entity serves it without a second connection.
        """
        return self.instance.stream_source

    @override
    async def async_create_stream(self) -> Stream | None:
        """Return the instance's Stream, which for a wrapped camera is that camera's own.

        Raises HomeAssistantError once the instance is being unloaded.
        """
        while (stream := await self.instance.async_stream()) is not None:
            self.stream = stream
            await async_expect_viewer(stream)
            # Not one that was ended meanwhile: its worker would begin again, with the old source.
            if stream is self.instance.supply.stream:
                break
        self.stream = stream
        return stream

    @override
    async def async_camera_image(
        self, width: int | None = None, height: int | None = None
    ) -> bytes | None:
        """Return the newest picture as JPEG; an old one is never passed off as new."""
        try:
            frame = await self.instance.async_still()
        except RetrocamError as err:
            raise failed(self.instance, err) from err
        return frame.data

    @override
    async def handle_async_mjpeg_stream(self, request: web.Request) -> web.StreamResponse:
        """Serve the MJPEG stream that all viewers share."""
        return await async_stream_mjpeg(request, self.instance)
