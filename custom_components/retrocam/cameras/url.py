"""Cameras that are opened by URL."""

import asyncio
from collections.abc import Callable, Mapping
import contextlib
from functools import partial
import secrets
import threading
from typing import Any, ClassVar, Final, override
from weakref import WeakValueDictionary

from homeassistant.components.stream import CONF_RTSP_TRANSPORT, CONF_USE_WALLCLOCK_AS_TIMESTAMPS
from homeassistant.config_entries import SOURCE_REAUTH
from homeassistant.const import CONF_PASSWORD, CONF_URL, CONF_USERNAME, CONF_VERIFY_SSL
from homeassistant.core import HomeAssistant, callback
from homeassistant.util.hass_dict import HassKey

from ..camera_entity import camera_entity_id
from ..const import (
    CONF_ADVANCED,
    CONF_AUDIO_CODEC,
    CONF_SLOW,
    CONF_VIDEO_CODEC,
    DOMAIN,
    KIND_CAMERA_URL,
)
from ..core.errors import (
    CannotConnectError,
    FrameTimeoutError,
    InvalidAuthError,
    SourceError,
    TransportRefusedError,
)
from ..core.publish.relay import Relay
from ..core.sources.probe import (
    OPEN_TIMEOUT,
    READ_TIMEOUT,
    SLOW_OPEN_TIMEOUT,
    SLOW_OPTIONS,
    SLOW_READ_TIMEOUT,
    ProbeResult,
    has_timestamps,
    probe,
)
from ..core.sources.urls import source_url, split_credentials
from ..core.threads import run_in_thread
from ..own_urls import own_url
from ..settings import Settings
from ..stream.redaction import async_redact, redacted
from ..stream.url_provider import UrlStreamProvider
from ..urls import live_url
from .base import RetrocamConfigEntry
from .live_source import FFMPEG, FFMPEG_CONVERTED, async_close_live, async_reopen_daily
from .relay import (
    CLOSE_PATIENCE,
    FormerRelays,
    is_relayed,
    is_video_converted,
    relay_of,
    with_codecs,
    without_sound,
)
from .stream_camera import StreamCamera

RELAYS: HassKey[FormerRelays] = HassKey(f"{DOMAIN}_relays")

CHECK_OPEN_TIMEOUT: Final = 2.0
"""Seconds in which a camera that failed must answer a check."""
CHECK_READ_TIMEOUT: Final = 7.0
"""Seconds from then: FFmpeg analyses a source for 5 s at most."""

SESSION_PAUSE: Final = 2.0
"""Seconds in which a camera ends a session."""

_OTHER_TRANSPORT: Final = {"tcp": "udp", "udp": "tcp"}
"""The RTSP transport to try if a camera refuses the first."""

_SLOW_STREAM: Final = {**SLOW_OPTIONS, "stimeout": "30000000"}
"""FFmpeg's options for the stream of a slow camera, whose packets may be 30 s apart instead of 5."""


class UrlCamera(StreamCamera):
    """A camera that is opened by its URL, with credentials if needed."""

    kind: ClassVar[str] = KIND_CAMERA_URL
    provider: UrlStreamProvider

    def __init__(self, hass: HomeAssistant, entry: RetrocamConfigEntry) -> None:
        data, url = entry.data, url_of(entry.data)
        sound = Settings.from_options(entry.options, self.kind).sound
        self.token = secrets.token_urlsafe(24)
        """Authorizes the stream worker to read the relay."""
        self.relay: Relay | None = None
        """What the stream worker reads in place of a source that it cannot take as it is."""
        make = partial(
            UrlStreamProvider,
            hass,
            entry.title,
            entity_id=partial(camera_entity_id, hass, entry.entry_id),
            on_failure=self._async_check_source,
        )
        if is_relayed(data, sound):
            options = pyav_options(url, stream_options(data))
            relays = hass.data.setdefault(RELAYS, WeakValueDictionary())
            self.relay = relays[entry.entry_id] = relay_of(
                entry.title,
                url,
                options,
                data,
                sound,
                on_codecs=self._tell_codecs,
                former=relays.get(entry.entry_id),
            )
            live = live_url(own_url(hass), entry.entry_id, self.token)
            ffmpeg = FFMPEG_CONVERTED if is_video_converted(data) else FFMPEG
            provider = make(url=live, options={}, ffmpeg=ffmpeg, relayed=url)
        else:
            slow = _SLOW_STREAM if data.get(CONF_SLOW) else {}
            provider = make(
                url=url,
                options=stream_options(data),
                on_clock=self._async_save_clock,
                ffmpeg={**slow, **without_sound(url, sound)},
            )
        super().__init__(hass, entry, provider)

    @override
    async def async_start(self) -> None:
        if self.relay is not None:
            # The provider hides the URL of its Stream, which is the relay's.
            self.entry.async_on_unload(async_redact(self.stream_source, ""))
        await super().async_start()
        if self.relay is not None:
            async_reopen_daily(self)

    @override
    async def async_stop(self) -> None:
        """Also close the relay, after its reader."""
        if self.relay is not None:
            await async_close_live(
                self.hass, self.name, self.provider, self.relay, patience=CLOSE_PATIENCE
            )
        await super().async_stop()

    @property
    @override
    def stream_source(self) -> str:
        return url_of(self.entry.data)

    async def _async_check_source(self) -> None:
        """Find out why the stream worker failed, as far as Retrocam can help.

        Start the reauthentication flow if the source rejects the credentials; use the clock if it sends
        too many packets without timestamps.
        """
        entry = self.entry
        if any(entry.async_get_active_flows(self.hass, {SOURCE_REAUTH})):
            # Each attempt with a wrong password may lock the user out.
            return
        try:
            usable = await _async_has_timestamps(entry.data, f"retrocam probe {self.name}")
            # A relay gives all packets timestamps.
            if not usable and self.relay is None:
                self.provider.async_use_clock()
        except InvalidAuthError:
            entry.async_start_reauth(self.hass)
        except SourceError:
            pass

    def _tell_codecs(self, video: str, audio: str | None) -> None:
        """Handle the codecs of a connection, in the relay's thread."""
        # The loop may be closed while Home Assistant stops.
        with contextlib.suppress(RuntimeError):
            self.hass.loop.call_soon_threadsafe(self._async_save_codecs, video, audio)

    @callback
    def _async_save_codecs(self, video: str, audio: str | None) -> None:
        """Save them: a camera whose settings were changed needs no relay from its next start on."""
        if self.relay is None or self.relay.closed:
            # The entry may have another URL by now.
            return
        data = with_codecs(self.entry.data, video, audio)
        if data != self.entry.data:
            self.hass.config_entries.async_update_entry(self.entry, data=data)

    @callback
    def _async_save_clock(self) -> None:
        """Save that the source needs the clock; it is in effect already."""
        self.hass.config_entries.async_update_entry(self.entry, data=_with_clock(self.entry.data))


def url_of(data: Mapping[str, Any]) -> str:
    """Return the URL of an entry's data, credentials included. Raises InvalidUrlError."""
    return source_url(data[CONF_URL], data.get(CONF_USERNAME), data.get(CONF_PASSWORD))


def data_with_url(data: Mapping[str, Any], url: str) -> dict[str, Any]:
    """Return an entry's data with another URL; credentials in the URL replace the stored ones.

    Raises UnsupportedSchemeError or InvalidUrlError.
    """
    bare, username, password = split_credentials(url)
    changed = {**data, CONF_URL: bare}
    if username is not None:
        changed |= {CONF_USERNAME: username, CONF_PASSWORD: password or ""}
    return changed


def stream_options(data: Mapping[str, Any]) -> dict[str, str | bool | float]:
    """Return the options for Home Assistant's stream from an entry's data."""
    advanced = data.get(CONF_ADVANCED, {})
    options: dict[str, str | bool | float] = {}
    if transport := data.get(CONF_RTSP_TRANSPORT):
        options[CONF_RTSP_TRANSPORT] = transport
    for key in (CONF_USE_WALLCLOCK_AS_TIMESTAMPS, CONF_VERIFY_SSL):
        if advanced.get(key):
            options[key] = True
    return options


def pyav_options(url: str, options: Mapping[str, str | bool | float]) -> dict[str, str]:
    """Return FFmpeg options for opening a source without a Stream, such as a probe."""
    result = {"tls_verify": "1" if options.get(CONF_VERIFY_SSL) else "0"}
    if url.startswith("rtsp://"):
        result["rtsp_flags"] = "prefer_tcp"
    if transport := options.get(CONF_RTSP_TRANSPORT):
        result["rtsp_transport"] = str(transport)
    if options.get(CONF_USE_WALLCLOCK_AS_TIMESTAMPS):
        result["use_wallclock_as_timestamps"] = "1"
    return result


async def async_probe_and_adapt(
    data: Mapping[str, Any], thread_name: str, stop: threading.Event
) -> tuple[ProbeResult, dict[str, Any]]:
    """Probe a source; return the result, and an entry's data with what the source needs.

    A camera that refuses RTSP over TCP is tried over UDP, and the other way round; one that answers
    without a frame in time is tried with longer limits. Raises a SourceError. Cancellation waits for the
    thread.
    """
    adapted = {key: value for key, value in data.items() if key != CONF_SLOW}
    try:
        result = await _async_probe(adapted, thread_name, stop)
    except TransportRefusedError:
        other = _OTHER_TRANSPORT.get(adapted.get(CONF_RTSP_TRANSPORT, ""))
        if other is None:
            raise
        adapted[CONF_RTSP_TRANSPORT] = other
        try:
            result = await _async_probe(adapted, thread_name, stop)
        except CannotConnectError:
            # A server of few sessions may still be ending the refused one.
            await asyncio.sleep(SESSION_PAUSE)
            result = await _async_probe(adapted, thread_name, stop)
    except FrameTimeoutError:
        if stop.is_set():
            raise
        adapted = _with_clock(adapted) | {CONF_SLOW: True}
        result = await _async_probe(adapted, thread_name, stop)
    adapted[CONF_AUDIO_CODEC] = result.audio_codec
    adapted[CONF_VIDEO_CODEC] = result.codec
    if result.slow:
        adapted[CONF_SLOW] = True
    needs_clock = result.slow or not result.has_timestamps
    return result, _with_clock(adapted) if needs_clock else adapted


async def _async_probe(
    data: Mapping[str, Any], thread_name: str, stop: threading.Event
) -> ProbeResult:
    """Open the source of an entry's data once, in a thread. Raises a SourceError."""
    slow = bool(data.get(CONF_SLOW))
    return await _async_open(
        data,
        thread_name,
        lambda url, options: probe(
            url,
            {**options, **(SLOW_OPTIONS if slow else {})},
            stop,
            open_timeout=SLOW_OPEN_TIMEOUT if slow else OPEN_TIMEOUT,
            read_timeout=SLOW_READ_TIMEOUT if slow else READ_TIMEOUT,
        ),
    )


def _with_clock(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return an entry's data with the clock for timestamps."""
    advanced = {**data.get(CONF_ADVANCED, {}), CONF_USE_WALLCLOCK_AS_TIMESTAMPS: True}
    return {**data, CONF_ADVANCED: advanced}


async def _async_has_timestamps(data: Mapping[str, Any], thread_name: str) -> bool:
    """Return whether the timestamps of a source can be used. Raises a SourceError."""
    return await _async_open(
        data,
        thread_name,
        lambda url, options: has_timestamps(
            url,
            options,
            threading.Event(),
            open_timeout=CHECK_OPEN_TIMEOUT,
            read_timeout=CHECK_READ_TIMEOUT,
        ),
    )


async def _async_open[T](
    data: Mapping[str, Any], thread_name: str, use: Callable[[str, dict[str, str]], T]
) -> T:
    """Return what `use` returns for the URL of an entry's data and FFmpeg's options, in a thread."""
    url = url_of(data)
    options = pyav_options(url, stream_options(data))
    with redacted(url):
        return await run_in_thread(thread_name, lambda: use(url, options), join_on_cancel=True)
