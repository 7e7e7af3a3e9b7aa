"""Instances whose pictures are decoded from their stream's segments."""

from collections.abc import Callable
from typing import override

from homeassistant.core import HomeAssistant, callback

from ..core.frames.decoder import SegmentDecoder
from ..core.frames.feed import PictureFeed, Sink
from ..core.segments.ring import SegmentRing
from ..stream.provider import StreamSupply
from .base import CameraInstance, RetrocamConfigEntry
from .source import CameraSource


class StreamedInstance(CameraInstance):
    """A camera that Home Assistant's stream worker reads."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: RetrocamConfigEntry,
        ring: SegmentRing,
        supply: StreamSupply,
    ) -> None:
        """Read the entry; `ring`, which `supply` fills, is decoded while somebody reads."""
        decoder = SegmentDecoder(ring, orientation=lambda: supply.orientation)
        feed = PictureFeed(f"retrocam decoder {entry.title}", decoder)
        super().__init__(hass, entry, CameraSource(ring, supply, feed))

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
