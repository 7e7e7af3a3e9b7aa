"""A supply of segments from a URL, by a Stream of our own."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import override

from homeassistant.components.camera.prefs import get_dynamic_camera_stream_settings
from homeassistant.components.stream import Stream, create_stream
from homeassistant.components.stream.const import ATTR_STREAMS, DOMAIN as STREAM_DOMAIN
from homeassistant.core import HomeAssistant, callback

from ..core.frames.limits import PIXEL_LIMIT
from ..core.segments.ring import SegmentRing
from ..core.sources.urls import PROTOCOL_WHITELIST
from .provider import StreamSupply


class UrlSupply(StreamSupply):
    """Supplies from a URL, by a Stream of our own."""

    def __init__(
        self,
        hass: HomeAssistant,
        name: str,
        ring: SegmentRing,
        *,
        url: str,
        options: dict[str, str | bool | float],
        entity_id: Callable[[], str],
        on_lost: Callable[[], Awaitable[None]] | None = None,
        ffmpeg: Mapping[str, str] | None = None,
    ) -> None:
        """Open `url` with Home Assistant's stream `options`; preferences are those of `entity_id`.

        `ffmpeg` are options for FFmpeg that Home Assistant knows nothing of.
        """
        super().__init__(hass, name, ring)
        self._url = url
        self._options = options
        self._entity_id = entity_id
        self._on_lost = on_lost
        self._ffmpeg = {
            "protocol_whitelist": PROTOCOL_WHITELIST,
            # FFmpeg decodes pictures of some codecs to find their format.
            **PIXEL_LIMIT,
            **(ffmpeg or {}),
        }
        self._creating = asyncio.Lock()

    @override
    async def _async_get_stream(self) -> Stream:
        async with self._creating:
            if self._stream is None:
                entity_id = self._entity_id()
                stream = create_stream(
                    self.hass,
                    self._url,
                    options=self._options,
                    dynamic_stream_settings=await get_dynamic_camera_stream_settings(
                        self.hass, entity_id
                    ),
                    stream_label=entity_id,
                )
                stream.pyav_options.update(self._ffmpeg)
                stream.set_update_callback(self._async_stream_changed)
                self._stream = stream
            return self._stream

    @callback
    def _async_stream_changed(self) -> None:
        """Take in that the worker calls itself available or not."""
        if self._watch is not None and not self._watch.done():
            self._wake.set()
        elif self._stream is not None:
            self._async_set_available(available=self._stream.available)

    @override
    async def _async_on_lost(self) -> None:
        if self._on_lost is not None:
            await self._on_lost()

    @override
    async def _async_end_worker(self, stream: Stream) -> None:
        for output in stream.outputs().values():
            await stream.remove_provider(output)

    @override
    async def async_close(self) -> None:
        """Stop the worker and have Home Assistant forget the Stream."""
        if self._stream is not None:
            # When its worker ends, a Stream calls itself available, whatever the source is.
            self._stream.set_update_callback(lambda: None)
        await super().async_close()

    @override
    async def _async_end_stream(self) -> None:
        if (stream := self._stream) is None:
            return
        self._stream = None
        for output in stream.outputs().values():
            await stream.remove_provider(output)
        await stream.stop()
        # With the user's preload preference on, stop() leaves the worker running.
        await stream._stop()  # noqa: SLF001  # see the contract test
        # Home Assistant keeps every Stream it ever made.
        streams: list[Stream] = self.hass.data[STREAM_DOMAIN][ATTR_STREAMS]
        if stream in streams:
            streams.remove(stream)
