"""A camera by URL."""

from collections.abc import Mapping
from functools import partial
import threading
from typing import Any, ClassVar, override

from homeassistant.components.stream import CONF_RTSP_TRANSPORT, CONF_USE_WALLCLOCK_AS_TIMESTAMPS
from homeassistant.const import CONF_PASSWORD, CONF_URL, CONF_USERNAME, CONF_VERIFY_SSL
from homeassistant.core import HomeAssistant

from ..camera_entity import camera_entity_id
from ..const import CONF_ADVANCED, KIND_CAMERA_URL
from ..core.errors import InvalidAuthError, SourceError
from ..core.sources.probe import OPEN_TIMEOUT, READ_TIMEOUT, ProbeResult, probe
from ..core.sources.urls import source_url, split_credentials
from ..core.threads import run_in_thread
from ..stream.options import pyav_options
from ..stream.redaction import redacted
from ..stream.url_provider import UrlSupply
from .base import RetrocamConfigEntry
from .source import empty_ring
from .stream_camera import StreamedInstance

REFUSAL_TIMEOUT = 2.0
"""Seconds in which a camera that has gone tells whether it refuses its credentials."""


class UrlInstance(StreamedInstance):
    """A camera that is opened by its URL, with credentials if it wants some."""

    kind: ClassVar[str] = KIND_CAMERA_URL

    def __init__(self, hass: HomeAssistant, entry: RetrocamConfigEntry) -> None:
        """Read the entry; nothing is opened yet."""
        ring = empty_ring()
        supply = UrlSupply(
            hass,
            entry.title,
            ring,
            url=url_of(entry.data),
            options=stream_options(entry.data),
            entity_id=partial(camera_entity_id, hass, entry.entry_id),
            on_lost=partial(_async_ask_for_credentials, hass, entry),
        )
        super().__init__(hass, entry, ring, supply)

    @property
    @override
    def stream_source(self) -> str:
        return url_of(self.entry.data)


async def _async_ask_for_credentials(hass: HomeAssistant, entry: RetrocamConfigEntry) -> None:
    """Start the reauthentication flow if the source refuses those it was given."""
    try:
        await async_probe(
            entry.data,
            f"retrocam probe {entry.title}",
            threading.Event(),
            patience=REFUSAL_TIMEOUT,
        )
    except InvalidAuthError:
        entry.async_start_reauth(hass)
    except SourceError:
        pass


def url_of(data: Mapping[str, Any]) -> str:
    """Return the URL of an entry's data, credentials included. Raises InvalidUrlError."""
    return source_url(data[CONF_URL], data.get(CONF_USERNAME), data.get(CONF_PASSWORD))


def data_with_url(data: Mapping[str, Any], url: str) -> dict[str, Any]:
    """Return an entry's data with another URL; credentials in it take the place of those that are kept.

    Raises UnsupportedSchemeError or InvalidUrlError.
    """
    bare, username, password = split_credentials(url)
    changed = {**data, CONF_URL: bare}
    if username is not None:
        changed |= {CONF_USERNAME: username, CONF_PASSWORD: password or ""}
    return changed


def stream_options(data: Mapping[str, Any]) -> dict[str, str | bool | float]:
    """Return the options of Home Assistant's stream that an entry's data stand for."""
    advanced = data.get(CONF_ADVANCED, {})
    options: dict[str, str | bool | float] = {}
    if transport := data.get(CONF_RTSP_TRANSPORT):
        options[CONF_RTSP_TRANSPORT] = transport
    for key in (CONF_USE_WALLCLOCK_AS_TIMESTAMPS, CONF_VERIFY_SSL):
        if advanced.get(key):
            options[key] = True
    return options


async def async_probe(
    data: Mapping[str, Any],
    thread_name: str,
    stop: threading.Event,
    *,
    patience: float | None = None,
) -> ProbeResult:
    """Open the source that an entry's data stand for, once, in a thread. Raises a SourceError.

    `patience` is how many seconds answer and picture may take each. A cancelled probe is waited for.
    """
    url = url_of(data)
    options = pyav_options(url, stream_options(data))
    with redacted(url):
        return await run_in_thread(
            thread_name,
            lambda: probe(
                url,
                options,
                stop,
                open_timeout=patience or OPEN_TIMEOUT,
                read_timeout=patience or READ_TIMEOUT,
            ),
            outlived=False,
        )
