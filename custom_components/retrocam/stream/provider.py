"""Provides a camera's segments: gets a Stream, keeps it running while in use, then releases it.

`UrlStreamProvider` owns its Stream, `EntityStreamProvider` shares that of a camera entity. While
somebody has acquired the provider, a task checks every `WATCH_INTERVAL` for what Home Assistant does
not report: the worker ended, the Stream was replaced because its camera was reloaded, or the source is
back while the worker still waits out its growing back-off.

All code here runs in the event loop.
"""

from abc import ABC, abstractmethod
import asyncio
from collections.abc import Callable
import contextlib
import logging
import time
from typing import Any, Final

from homeassistant.components.camera.const import DOMAIN as CAMERA_DOMAIN, PREF_ORIENTATION
from homeassistant.components.stream import Orientation, Stream
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er

from ..const import DOMAIN
from ..core.backoff import Backoff
from ..core.listeners import Listeners
from ..core.segments.ring import SegmentRing
from .back_off import BackOff, back_off_of
from .redaction import async_redact
from .tap import StreamTap, async_release, attach, end_back_off, is_attached, is_ending, logger_name
from .tcp_probe import TcpProbe

_LOGGER = logging.getLogger(__name__)

WATCH_INTERVAL: Final = 2.0
"""Seconds between checks of a stream in use."""
MAX_BACK_OFF: Final = 60.0
"""Longest pause, in seconds, between attempts to get the Stream of a camera that gives none, and between
attempts to read a source that is reachable."""
RETRY_PAUSE: Final = 10.0
"""First pause, in seconds, after an attempt to read a reachable source that delivered nothing."""
MIN_RETRY_INTERVAL: Final = 5.0
"""Seconds from one attempt to read a source to the next."""
OVERSIZE_PAUSE: Final = 30.0
"""Seconds before reading a stream again whose segment grew beyond its limit."""
CONNECTION_TIMEOUT: Final = 20.0
"""Seconds without a part after which a stream in use counts as disconnected."""


class StreamProvider(ABC):
    """Fills a ring from a Stream while acquired."""

    def __init__(self, hass: HomeAssistant, name: str, entity_id: Callable[[], str | None]) -> None:
        """`name` is the camera's, for logs; `entity_id` returns whose preferences count, if any."""
        self.hass = hass
        self._entity_id = entity_id
        self.ring = SegmentRing(seconds=0.0, max_bytes=0)
        """Empty unless its limits are raised."""
        self._name = name
        self._users: set[object] = set()
        self._closed = False
        self.stream: Stream | None = None
        """The latest Stream; use `async_stream` to create one."""
        self._tap: StreamTap | None = None
        self._watch: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._backoff = Backoff(WATCH_INTERVAL, MAX_BACK_OFF)
        self.listeners = Listeners[[]]()
        """Called after each change of `available`."""
        self.available = True
        """False after a failed attempt; an idle stream is assumed available."""
        self._lost_at: float | None = None
        self._ever_available = False
        self._reachable = True
        self._retries = Backoff(RETRY_PAUSE, MAX_BACK_OFF)
        self._last_failure: float | None = None
        self._probe = TcpProbe(name)
        self._paused_until = 0.0
        self._redacted = ""
        self._end_redaction: CALLBACK_TYPE = lambda: None

    @property
    def orientation(self) -> int:
        """EXIF orientation from the camera's preferences. Any thread."""
        if (stream := self.stream) is None:
            return self._stored_orientation
        return int(stream.dynamic_stream_settings.orientation)

    @property
    def _stored_orientation(self) -> int:
        """The orientation before a Stream was made: what is on tape is turned, too."""
        entity = er.async_get(self.hass).async_get(self._entity_id() or "")
        if entity is None:
            return int(Orientation.NO_TRANSFORM)
        options = entity.options.get(CAMERA_DOMAIN) or dict[str, Any]()
        return int(options.get(PREF_ORIENTATION, Orientation.NO_TRANSFORM))

    @property
    def in_use(self) -> bool:
        """Whether segments are needed now."""
        return bool(self._users)

    @property
    def connected(self) -> bool:
        """Whether segments arrive; an idle stream is assumed connected."""
        if not self.available:
            return False
        last = self.ring.last_arrival
        return not self.in_use or last is None or time.monotonic() - last < CONNECTION_TIMEOUT

    @property
    def outage_seconds(self) -> float:
        """Seconds since the camera became unavailable; 0 while it is available."""
        return 0.0 if self._lost_at is None else time.monotonic() - self._lost_at

    @property
    def ever_available(self) -> bool:
        """Whether the camera was seen available since this provider was created."""
        return self._ever_available or self.ring.last_arrival is not None

    def acquire(self) -> CALLBACK_TYPE:
        """Keep segments coming until the returned release function is called. No-op once closed."""
        if self._closed:
            return lambda: None
        user = object()
        self._users.add(user)
        if self._watch is None or self._watch.done():
            self._watch = self.hass.async_create_background_task(
                self._async_watch(), f"retrocam stream of {self._name}", eager_start=True
            )
        else:
            self._wake.set()

        def release() -> None:
            if user in self._users:
                self._users.discard(user)
                self._wake.set()

        return release

    async def async_stream(self) -> Stream | None:
        """Return the camera's Stream, for HLS; None if it has none.

        Raises TimeoutError and HomeAssistantError, the latter also once closed.
        """
        self._check_open()
        stream = await self._async_get_stream()
        try:
            self._check_open()
        except HomeAssistantError:
            await self._async_end_stream()
            raise
        if stream is not self.stream:
            await self._async_release_tap(at_once=True)
            self.stream = stream
        if stream is not None and (source := str(stream.source)) != self._redacted:
            # The source of a shared Stream may change.
            self._end_redaction()
            self._end_redaction = async_redact(source, logger_name(stream))
            self._redacted = source
        return stream

    async def async_close(self) -> None:
        """Stop watching and release the stream at once, for good."""
        self._closed = True
        self._users.clear()
        if self._watch is not None:
            self._watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watch
            self._watch = None
        self._probe.async_close()
        try:
            await self._async_release_tap(at_once=True)
            await self._async_end_stream()
        finally:
            self._end_redaction()
            self._end_redaction, self._redacted = (lambda: None), ""

    @callback
    def async_retry(self) -> None:
        """Check the camera at once, without back-off: something about it has changed."""
        self._backoff.reset()
        self._wake.set()

    def diagnostics(self) -> dict[str, Any]:
        """Return figures for a bug report, without secrets."""
        return {
            "available": self.available,
            "users": len(self._users),
            "tapped": self._tap is not None,
            "stream": self.stream.get_diagnostics() if self.stream else None,
        }

    def _error(self, key: str) -> HomeAssistantError:
        return HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key=key,
            translation_placeholders={"name": self._name},
        )

    def _check_open(self) -> None:
        if self._closed:
            raise self._error("camera_unavailable")

    @abstractmethod
    async def _async_get_stream(self) -> Stream | None:
        """Return the current Stream. Raises HomeAssistantError or TimeoutError."""

    async def _async_end_worker(self, stream: Stream) -> None:  # noqa: B027  # shared by default
        """End the worker of an own Stream and free its segments."""

    async def _async_end_stream(self) -> None:  # noqa: B027  # shared by default
        """End an own Stream and its worker, when the provider is closed."""

    async def _async_watch(self) -> None:
        """Keep the tap attached while in use, then let the stream become idle."""
        failing = False
        while self._users:
            self._wake.clear()
            if not self._backoff.remaining:
                try:
                    await self._async_attach()
                except HomeAssistantError, TimeoutError:
                    self._async_fail()
                except Exception:
                    # Log once: it may go on for days.
                    if not failing:
                        _LOGGER.exception("Watching the stream of %s failed", self._name)
                    failing = True
                    self._async_fail()
                else:
                    failing = False
                    self._backoff.reset()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._backoff.remaining or WATCH_INTERVAL):
                    await self._wake.wait()
        await self._async_release_tap(at_once=False)

    def _async_fail(self) -> None:
        """Back off from a camera that gives no Stream: each attempt may be a login."""
        self._backoff.failed()
        self._async_set_available(available=False)

    async def _async_attach(self) -> None:
        stream = await self.async_stream()
        if stream is None:
            self._ever_available = True
            self._async_set_available(available=True)
            return
        if self._tap is not None and self._tap.segment_too_large:
            await self._async_pause(stream)
        if time.monotonic() < self._paused_until:
            return
        if is_ending(stream):
            self.hass.loop.call_soon(self._wake.set)
            return
        tap = self._tap
        back_off_of(stream)
        if tap is None or self.ring not in tap.rings or not is_attached(stream, tap):
            self._tap = attach(stream, self.ring)
            await stream.start()
        if stream.available:
            # A worker claims to be available during each attempt to connect: wait for a part.
            last = self.ring.last_arrival
            if self._lost_at is None or (last is not None and last > self._lost_at):
                self._async_set_available(available=True)
            return
        if self.available:
            self._async_set_available(available=False)
        await self._async_shorten_back_off(stream)

    async def _async_pause(self, stream: Stream) -> None:
        """Stop reading a stream whose segment never ends, and free its memory, for a while."""
        _LOGGER.error("%s sends video without keyframes: its stream is closed", self._name)
        self._paused_until = time.monotonic() + OVERSIZE_PAUSE
        self._async_set_available(available=False)
        await self._async_release_tap(at_once=True)
        await self._async_end_worker(stream)

    async def _async_shorten_back_off(self, stream: Stream) -> None:
        """Reopen a source as soon as it is reachable: at once if the last attempt delivered.

        The worker itself waits 10 s longer after each end of a run, without limit.
        """
        was_reachable = self._reachable
        self._reachable = await self._probe.async_reachable(str(stream.source))
        back_off = back_off_of(stream)
        if back_off.started is None:
            # The wait in progress began before the tap was attached.
            if self._reachable and not was_reachable and not stream.available:
                end_back_off(stream)
                self._wake.set()
            return
        self._count_failure(back_off)
        if not was_reachable:
            self._retries.reset()
        due = (
            not self._retries.remaining and time.monotonic() >= back_off.ended + MIN_RETRY_INTERVAL
        )
        if self._reachable and due and not stream.available:
            back_off.end()

    def _count_failure(self, back_off: BackOff) -> None:
        """Count the end of a run: as a failure if it delivered nothing."""
        if back_off.started == self._last_failure:
            return
        self._last_failure = back_off.started
        last = self.ring.last_arrival
        if last is not None and last > back_off.ended:
            self._retries.reset()
        else:
            self._retries.failed()

    async def _async_release_tap(self, *, at_once: bool) -> None:
        if self.stream is not None and self._tap is not None:
            await async_release(self.stream, self._tap, self.ring, at_once=at_once)
        if at_once:
            self._tap = None

    def _async_set_available(self, *, available: bool) -> None:
        if available == self.available:
            return
        self.available = available
        self._lost_at = None if available else time.monotonic()
        self._reachable = True
        _LOGGER.info("%s is %s", self._name, "available again" if available else "unavailable")
        self.listeners.notify()
