"""Cameras whose frames are decoded from their stream's segments."""

from collections.abc import Callable
from contextlib import ExitStack
from typing import override

from homeassistant.core import HomeAssistant

from ..core.frames.decoder import SegmentDecoder
from ..core.frames.feed import PictureFeed, Sink
from ..stream.provider import StreamProvider
from .base import CameraInstance, RetrocamConfigEntry


class StreamCamera(CameraInstance):
    """A camera that Home Assistant's stream worker reads."""

    def __init__(
        self, hass: HomeAssistant, entry: RetrocamConfigEntry, provider: StreamProvider
    ) -> None:
        decoder = SegmentDecoder(provider.ring, orientation=lambda: provider.orientation)
        feed = PictureFeed(f"retrocam decoder {entry.title}", decoder)
        super().__init__(hass, entry, provider, feed)

    @override
    def subscribe(self, sink: Sink) -> Callable[[], None]:
        """Also keep the stream running while `sink` reads."""
        ends = ExitStack()
        ends.callback(self.provider.acquire())
        ends.callback(super().subscribe(sink))
        return ends.close
