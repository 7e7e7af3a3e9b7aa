"""Cameras of another integration."""

from collections.abc import Callable
from typing import override

from homeassistant.components.camera import DATA_COMPONENT, Camera, CameraEntityFeature
from homeassistant.core import HomeAssistant

from .core.frames.stills import jpeg


class SourceCamera(Camera):
    """A camera with a stream."""

    _attr_should_poll = False
    _attr_name = "Source"
    _attr_supported_features = CameraEntityFeature.STREAM

    def __init__(self, url: str | Callable[[], str]) -> None:
        """Return `url` as stream source, or call it each time; it may raise."""
        super().__init__()
        self.url = url

    @override
    async def stream_source(self) -> str:
        return self.url if isinstance(self.url, str) else self.url()


class StillCamera(Camera):
    """A camera with stills only."""

    _attr_should_poll = False

    def __init__(
        self, picture: Callable[[], bytes | None] = lambda: jpeg(0), name: str = "Source"
    ) -> None:
        """Return what `picture` returns; it may raise."""
        super().__init__()
        self._attr_name = name
        self.picture = picture
        self.asked = 0

    @override
    async def async_camera_image(
        self, width: int | None = None, height: int | None = None
    ) -> bytes | None:
        self.asked += 1
        return self.picture()


def failing(times: int, then: Callable[[], bytes]) -> Callable[[], bytes]:
    """Return a picture function that raises an unexpected error `times` times first."""
    left = iter(range(times))

    def picture() -> bytes:
        if next(left, None) is not None:
            raise KeyError("rtsp://keeper:hunter2@camera")
        return then()

    return picture


async def add[T: Camera](hass: HomeAssistant, camera: T) -> T:
    """Add a camera to Home Assistant."""
    await hass.data[DATA_COMPONENT].async_add_entities([camera])
    return camera


async def end_stream(hass: HomeAssistant, entity_id: str) -> None:
    """Stop the stream of a camera of another integration, which Retrocam does not."""
    source = hass.data[DATA_COMPONENT].get_entity(entity_id)
    if source is not None and source.stream is not None:
        for output in source.stream.outputs().values():
            await source.stream.remove_provider(output)
