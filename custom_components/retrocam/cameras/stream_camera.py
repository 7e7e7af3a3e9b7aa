"""Instances whose pictures are decoded from their stream's segments."""

from collections.abc import Callable
from typing import override

from homeassistant.core import callback

from ..core.frames.decoder import SegmentDecoder
from ..core.frames.feed import PictureFeed, Sink
from .base import CameraInstance


class StreamedInstance(CameraInstance):
    """A camera that Home Assistant's stream worker reads."""

    @override
    def _make_feed(self) -> PictureFeed:
        return PictureFeed(
            f"retrocam decoder {self.name}",
            SegmentDecoder(self.ring, orientation=lambda: self.supply.orientation),
        )

    @callback
    @override
    def subscribe(self, sink: Sink) -> Callable[[], None]:
        """Keep the stream awake for as long as `sink` reads."""
        release = self.supply.hold()
        unsubscribe = super().subscribe(sink)

        def end() -> None:
            unsubscribe()
            release()

        return end
