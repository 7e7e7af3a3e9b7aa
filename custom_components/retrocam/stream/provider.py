"""The supply of a camera's segments: gets a Stream, keeps it while it is needed, and loses it.

`UrlSupply` (`url_supply.py`) owns its Stream, `EntitySupply` (`entity_supply.py`) borrows the one of a
camera that Home Assistant already has, so that no second connection is made. Both hold the stream awake
only while somebody holds the supply. Meanwhile a watch looks every `WATCH_INTERVAL` after what Home
Assistant does not tell: the worker has ended, the Stream was replaced because its camera was reloaded,
the source is back while the worker still waits out its growing back-off.

Everything here runs in the event loop.
"""

from abc import ABC, abstractmethod
import asyncio
import contextlib
import logging
import time
from typing import Any, Final

from homeassistant.components.stream import Orientation, Stream
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError

from ..const import DOMAIN
from ..core.backoff import Backoff
from ..core.listeners import Listeners
from ..core.segments.ring import SegmentRing
from .redaction import async_redact
from .tap import StreamTap, async_release, attach, end_back_off, is_attached, is_ending, logger_name
from .tcp_probe import TcpProbe

_LOGGER = logging.getLogger(__name__)

WATCH_INTERVAL: Final = 2.0
"""Seconds between two looks at a held stream."""
LONGEST_PAUSE: Final = 60.0
"""Seconds at most between two attempts to get the Stream of a camera that gives none."""
REFUSAL: Final = 30.0
"""Seconds before a stream is read again whose segment had no end."""
SILENCE: Final = 20.0
"""Seconds without a part after which a held stream counts as not connected."""


class StreamSupply(ABC):
    """What all supplies do: hold, watch, release."""

    def __init__(self, hass: HomeAssistant, name: str, ring: SegmentRing) -> None:
        """Fill `ring` while held; `name` is the camera's, for logs."""
        self.hass = hass
        self.ring = ring
        self._name = name
        self._holds: set[object] = set()
        self._closed = False
        self._stream: Stream | None = None
        self._tap: StreamTap | None = None
        self._watch: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._backoff = Backoff(WATCH_INTERVAL, LONGEST_PAUSE)
        self._listeners = Listeners[[]]()
        self._available = True
        self._lost_at: float | None = None
        self._seen = False
        self._reachable = True
        self._probe = TcpProbe(name)
        self._refused_until = 0.0
        self._redacted = ""
        self._end_redaction: CALLBACK_TYPE = lambda: None

    @property
    def available(self) -> bool:
        """Whether the camera can be used, as far as is known; a sleeping one is taken at its word."""
        return self._available

    @property
    def stream(self) -> Stream | None:
        """The Stream that was last got, without getting one."""
        return self._stream

    @property
    def orientation(self) -> int:
        """The EXIF orientation that the user chose for the camera, 1 without a Stream. Any thread."""
        stream = self._stream
        chosen = Orientation.NO_TRANSFORM
        if stream is not None:
            chosen = stream.dynamic_stream_settings.orientation
        return int(chosen)

    @property
    def held(self) -> bool:
        """Whether somebody needs segments now."""
        return bool(self._holds)

    @property
    def connected(self) -> bool:
        """Whether segments come, or would as far as is known."""
        if not self._available:
            return False
        last = self.ring.last_arrival
        return not self.held or last is None or time.monotonic() - last < SILENCE

    @property
    def lost_for(self) -> float:
        """Seconds for which the camera has been out of reach; 0 while it is there."""
        return 0.0 if self._lost_at is None else time.monotonic() - self._lost_at

    @property
    def seen(self) -> bool:
        """Whether the camera has been there since this supply began, as far as is known."""
        return self._seen or self.ring.last_arrival is not None

    @callback
    def async_add_listener(self, listener: CALLBACK_TYPE) -> CALLBACK_TYPE:
        """Call `listener` after each change of `available`; returns what ends it."""
        return self._listeners.add(listener)

    @callback
    def hold(self) -> CALLBACK_TYPE:
        """Keep segments coming until the function that is returned is called; not once closed."""
        if self._closed:
            return lambda: None
        hold = object()
        self._holds.add(hold)
        if self._watch is None or self._watch.done():
            self._watch = self.hass.async_create_background_task(
                self._async_watch(), f"retrocam supply of {self._name}", eager_start=True
            )
        else:
            self._wake.set()

        @callback
        def release() -> None:
            if hold in self._holds:
                self._holds.discard(hold)
                self._wake.set()

        return release

    async def async_stream(self) -> Stream | None:
        """Return the camera's Stream, for HLS; None if it has none.

        Raises HomeAssistantError, also once it is closed, and TimeoutError.
        """
        self._check_open()
        stream = await self._async_get_stream()
        try:
            self._check_open()
        except HomeAssistantError:
            await self._async_end_stream()
            raise
        if stream is not self._stream:
            await self._async_let_go(at_once=True)
            self._stream = stream
        if stream is not None:
            self._async_redact(stream)
        return stream

    async def async_close(self) -> None:
        """End the watch and let go of the stream at once, for good."""
        self._closed = True
        # A release that comes later must not take away the hold of somebody else.
        self._holds.clear()
        if self._watch is not None:
            self._watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watch
            self._watch = None
        self._probe.async_close()
        try:
            await self._async_let_go(at_once=True)
            await self._async_end_stream()
        finally:
            self._end_redaction()
            self._end_redaction, self._redacted = (lambda: None), ""

    def _check_open(self) -> None:
        if self._closed:
            raise HomeAssistantError(
                translation_domain=DOMAIN,
                translation_key="camera_unavailable",
                translation_placeholders={"name": self._name},
            )

    async def _async_end_stream(self) -> None:  # noqa: B027  # a borrowed stream is its owner's affair
        """End a Stream of our own, its worker included, when the supply is closed."""

    @callback
    def _async_redact(self, stream: Stream) -> None:
        """Keep the source of `stream` out of the log; a borrowed Stream may get another one."""
        if (source := str(stream.source)) != self._redacted:
            self._end_redaction()
            self._end_redaction = async_redact(source, logger_name(stream))
            self._redacted = source

    def diagnostics(self) -> dict[str, Any]:
        """Return figures for a bug report, without secrets."""
        return {
            "available": self._available,
            "held": len(self._holds),
            "tapped": self._tap is not None,
            "stream": self._stream.get_diagnostics() if self._stream else None,
        }

    @abstractmethod
    async def _async_get_stream(self) -> Stream | None:
        """Return the Stream to tap at this moment; may raise HomeAssistantError or TimeoutError."""

    async def _async_on_lost(self) -> None:  # noqa: B027  # a borrowed stream is its owner's affair
        """Find out why the camera went; called once for each outage."""

    async def _async_watch(self) -> None:
        """Keep the tap attached while held, then let the stream fall idle."""
        failing = False
        while self._holds:
            self._wake.clear()
            if not self._backoff.left:
                try:
                    await self._async_attach()
                except HomeAssistantError, TimeoutError:
                    self._async_fail()
                except Exception:
                    # Once: it may go on for days.
                    if not failing:
                        _LOGGER.exception("Looking after the stream of %s failed", self._name)
                    failing = True
                    self._async_fail()
                else:
                    failing = False
                    self._backoff.reset()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._backoff.left or WATCH_INTERVAL):
                    await self._wake.wait()
        await self._async_let_go(at_once=False)

    @callback
    def _async_fail(self) -> None:
        """Ask a camera that gives no Stream less and less often: each time may be a login."""
        self._backoff.failed()
        self._async_set_available(available=False)

    @callback
    def async_retry(self) -> None:
        """Look at the camera at once: something about it has changed."""
        self._backoff.reset()
        self._wake.set()

    async def _async_attach(self) -> None:
        stream = await self.async_stream()
        if stream is None:
            self._seen = True
            self._async_set_available(available=True)
            return
        if self._tap is not None and self._tap.overfull:
            await self._async_refuse(stream)
        if time.monotonic() < self._refused_until:
            return
        if is_ending(stream):
            self.hass.loop.call_soon(self._wake.set)
            return
        tap = self._tap
        if tap is None or not tap.fills(self.ring) or not is_attached(stream, tap):
            self._tap = attach(stream, self.ring)
            await stream.start()
        if stream.available:
            self._async_stream_answers()
            return
        if self._available:
            self._async_set_available(available=False)
            await self._async_on_lost()
        await self._async_shorten_back_off(stream)

    async def _async_refuse(self, stream: Stream) -> None:
        """Leave a stream whose segment never ends, and the memory that it takes, for a while."""
        _LOGGER.error("%s sends video without keyframes: its stream is closed", self._name)
        self._refused_until = time.monotonic() + REFUSAL
        self._async_set_available(available=False)
        await self._async_let_go(at_once=True)
        await self._async_end_worker(stream)

    async def _async_end_worker(self, stream: Stream) -> None:  # noqa: B027  # a borrowed stream is its owner's affair
        """Let the worker of a Stream of our own end, and drop what it holds."""

    @callback
    def _async_stream_answers(self) -> None:
        """Believe a worker that calls itself available once it has brought something.

        A worker calls itself available for as long as each of its attempts to connect lasts.
        """
        last = self.ring.last_arrival
        if self._lost_at is None or (last is not None and last > self._lost_at):
            self._async_set_available(available=True)

    async def _async_shorten_back_off(self, stream: Stream) -> None:
        """Start the worker anew as soon as a source that was out of reach can be reached again.

        The worker waits 10 s longer after each failure, without a limit: after an hour, minutes.
        """
        was_reachable, self._reachable = (
            self._reachable,
            await self._probe.async_reachable(str(stream.source)),
        )
        if self._reachable and not was_reachable and not stream.available:
            end_back_off(stream)
            self._wake.set()

    async def _async_let_go(self, *, at_once: bool) -> None:
        if self._stream is not None and self._tap is not None:
            await async_release(self._stream, self._tap, self.ring, at_once=at_once)
        if at_once:
            self._tap = None

    @callback
    def _async_set_available(self, *, available: bool) -> None:
        if available == self._available:
            return
        self._available = available
        self._lost_at = None if available else time.monotonic()
        self._reachable = True
        if available:
            _LOGGER.info("%s is available again", self._name)
        else:
            _LOGGER.info("%s is unavailable", self._name)
        self._listeners.tell()
