"""The camera entities."""

from typing import override

from aiohttp import web
from homeassistant.components.camera import Camera, CameraEntityFeature
from homeassistant.components.stream import Stream
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .actions.exceptions import action_error
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
    """The camera of an instance."""

    _attr_name = None

    def __init__(self, instance: CameraInstance) -> None:
        super().__init__(instance, "camera")

    @property
    @override
    def supported_features(self) -> CameraEntityFeature:
        """Streaming, unless a wrapped camera has only stills."""
        return CameraEntityFeature(CameraEntityFeature.STREAM if self.instance.has_stream else 0)

    @property
    @override
    def available(self) -> bool:
        """Whether the source is reachable; an idle stream is assumed to be."""
        return self.instance.available

    @property
    @override
    def is_recording(self) -> bool:
        return self.instance.recorder.active > 0

    @override
    async def stream_source(self) -> str | None:
        """Return the URL for clients that open their own connection, such as HomeKit.

        None for a wrapped camera: its own entity serves it without a second connection.
        """
        return self.instance.stream_source

    @override
    async def async_refresh_providers(self, *, write_state: bool = True) -> None:
        """Offer WebRTC only where its provider, go2rtc, opens no second connection to a camera."""
        if self.instance.restreams:
            await super().async_refresh_providers(write_state=write_state)

    @override
    async def async_create_stream(self) -> Stream | None:
        """Return the instance's Stream; for a wrapped camera, the Stream of that camera.

        Raises HomeAssistantError while the instance is being unloaded.
        """
        while (stream := await self.instance.async_stream()) is not None:
            self.stream = stream
            await async_expect_viewer(stream)
            # A stream that was stopped meanwhile would restart its worker with the old source.
            if stream is self.instance.provider.stream:
                break
        self.stream = stream
        return stream

    @override
    async def async_camera_image(
        self, width: int | None = None, height: int | None = None
    ) -> bytes | None:
        """Return the current frame as JPEG. Raises HomeAssistantError rather than return an old one."""
        try:
            frame = await self.instance.async_still()
        except RetrocamError as err:
            raise action_error(self.instance, err.code) from err
        return frame.data

    @override
    async def handle_async_mjpeg_stream(self, request: web.Request) -> web.StreamResponse:
        """Serve the MJPEG stream shared by all viewers."""
        return await async_stream_mjpeg(request, self.instance)
