"""Stream provider for a URL, by an own Stream."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final, override

from homeassistant.components.camera.prefs import get_dynamic_camera_stream_settings
from homeassistant.components.stream import (
    CONF_USE_WALLCLOCK_AS_TIMESTAMPS,
    Stream,
    create_stream,
)
from homeassistant.components.stream.const import (
    ATTR_STREAMS,
    AUDIO_CODECS,
    DOMAIN as STREAM_DOMAIN,
)
from homeassistant.core import HomeAssistant, callback

from ..core.frames.image_limits import PIXEL_LIMIT
from ..core.sources.timestamps import are_made_up
from ..core.sources.urls import PROTOCOL_WHITELIST
from .provider import StreamProvider
from .tap import end_back_off, restart_worker
from .tcp_probe import TcpProbe

CARRIED_AUDIO: Final = frozenset(AUDIO_CODECS)
"""Audio codecs that Home Assistant's stream worker keeps; it drops all others."""


class UrlStreamProvider(StreamProvider):
    """Owns the Stream that reads a URL."""

    _entity_id: Callable[[], str]

    def __init__(
        self,
        hass: HomeAssistant,
        name: str,
        *,
        url: str,
        options: dict[str, str | bool | float],
        entity_id: Callable[[], str],
        on_failure: Callable[[], Coroutine[Any, Any, None]] | None = None,
        on_clock: Callable[[], None] = lambda: None,
        ffmpeg: Mapping[str, str] | None = None,
        relayed: str | None = None,
    ) -> None:
        """`options` are Home Assistant's stream options, `ffmpeg` additional ones for FFmpeg.

        Camera preferences are those of `entity_id`. `on_failure` is awaited after each failed attempt of
        the worker, in a task of its own, one at a time. `on_clock` is called once if the source turns
        out to need the wall clock. `relayed` is the URL of the source if `url` is that of its relay.
        """
        super().__init__(hass, name, entity_id)
        self._probe = TcpProbe(name, relayed)
        self._url = url
        self._options = options
        self._ffmpeg = {
            "protocol_whitelist": PROTOCOL_WHITELIST,
            # FFmpeg decodes frames of some codecs to detect their format.
            **PIXEL_LIMIT,
            **(ffmpeg or {}),
        }
        self._creating = asyncio.Lock()
        self._on_failure = on_failure
        self._on_clock = on_clock
        self._failure_task: asyncio.Task[None] | None = None

    @callback
    def async_use_clock(self) -> None:
        """Stamp packets with the wall clock from now on; a running worker reopens the source."""
        if self._options.get(CONF_USE_WALLCLOCK_AS_TIMESTAMPS):
            return
        self._options[CONF_USE_WALLCLOCK_AS_TIMESTAMPS] = True
        self._on_clock()
        if (stream := self.stream) is None:
            return
        # Home Assistant converts its options when it creates the Stream.
        stream.pyav_options["use_wallclock_as_timestamps"] = "1"
        if stream.available:
            restart_worker(stream)
        else:
            end_back_off(stream)
            self._wake.set()

    @override
    async def _async_get_stream(self) -> Stream:
        async with self._creating:
            if self.stream is None:
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
                self.stream = stream
            return self.stream

    def _async_stream_changed(self) -> None:
        """Handle the start of an attempt of the worker, and its failure."""
        if self.stream is not None and not self.stream.available:
            self._async_start_check()
        if self._watch is not None and not self._watch.done():
            self._wake.set()
        elif self.stream is not None:
            self._async_set_available(available=self.stream.available)

    def _async_start_check(self) -> None:
        if self._on_failure is None or self._closed:
            return
        if self._failure_task is None or self._failure_task.done():
            self._failure_task = self.hass.async_create_background_task(
                self._on_failure(),
                f"retrocam check of {self._name}",
            )

    @override
    async def _async_attach(self) -> None:
        await super()._async_attach()
        if self.stream is not None:
            container = self.stream.get_diagnostics().get("container_format")
            if container is not None and are_made_up(container):
                self.async_use_clock()

    @override
    async def _async_end_worker(self, stream: Stream) -> None:
        for output in stream.outputs().values():
            await stream.remove_provider(output)

    @override
    async def async_close(self) -> None:
        """Also stop the worker and remove the Stream from Home Assistant."""
        if self.stream is not None:
            # A Stream reports itself available when its worker ends.
            self.stream.set_update_callback(lambda: None)
        if self._failure_task is not None:
            self._failure_task.cancel()
            await asyncio.wait((self._failure_task,))
        await super().async_close()

    @override
    async def _async_end_stream(self) -> None:
        if (stream := self.stream) is None:
            return
        self.stream = None
        await self._async_end_worker(stream)
        await stream.stop()
        # With the preload preference on, stop() leaves the worker running.
        await stream._stop()  # noqa: SLF001  # see the contract test
        # Home Assistant keeps every Stream it has created.
        streams: list[Stream] = self.hass.data[STREAM_DOMAIN][ATTR_STREAMS]
        if stream in streams:
            streams.remove(stream)
