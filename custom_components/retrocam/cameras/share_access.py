"""Access of guests to an instance: their rights and their open streams."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
import logging
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback

from ..core.share.credentials import GuestSession, ShareCredentials
from ..settings import SECTION_SHARE, Settings

_LOGGER = logging.getLogger(__name__)

SHARE_LOCK: Final = "share_lock"
"""Key in an entry's options of the credentials of its share page."""
MAX_STREAMS: Final = 64
"""Open streams of all guests of one instance."""
MAX_STREAMS_PER_GUEST: Final = 8
"""Open streams of one guest: of one cookie, renewed or copied."""


class Share:
    """The share page of one instance. All methods run in the event loop.

    Options are read on each request, so that changes apply at once.
    """

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        self._hass = hass
        self._entry = entry
        self.open_streams: dict[asyncio.Event, str] = {}
        """Guests of the open streams, by the event that ends the stream."""

    @property
    def control(self) -> bool:
        """Whether guests may play and stop."""
        return _settings(self._entry.options).share_control

    @property
    def history(self) -> bool:
        """Whether guests may see the snapshots."""
        return _settings(self._entry.options).share_history

    @property
    def rewind(self) -> bool:
        """Whether guests may see the footage."""
        return _settings(self._entry.options).share_rewind

    def is_full_for(self, session: GuestSession) -> bool:
        """Return whether a guest has the maximum number of open streams."""
        return list(self.open_streams.values()).count(session.guest) >= MAX_STREAMS_PER_GUEST

    @contextmanager
    def stream(self, session: GuestSession, left: float) -> Iterator[asyncio.Event | None]:
        """Register an open stream; yields the event that ends it, None if all guests have too many.

        It ends when its guest logs out, when the page is closed, and after `left` s at the latest.
        Does not check `is_full_for`.
        """
        if len(self.open_streams) >= MAX_STREAMS:
            yield None
            return
        ended = asyncio.Event()
        self.open_streams[ended] = session.guest
        timer = self._hass.loop.call_later(left, ended.set)
        try:
            yield ended
        finally:
            timer.cancel()
            del self.open_streams[ended]

    @callback
    def async_end(self, guest: str | None = None) -> None:
        """End the open streams of one guest, or of all."""
        for ended, owner in self.open_streams.items():
            if guest in (None, owner):
                ended.set()


def load_credentials(entry: ConfigEntry) -> ShareCredentials | None:
    """Return the credentials of an entry's share page; None while it has no page."""
    if entry.disabled_by is not None or not _settings(entry.options).share_enabled:
        return None
    return stored_credentials(entry.options)


def _settings(options: Mapping[str, Any]) -> Settings:
    return Settings.from_options({SECTION_SHARE: options.get(SECTION_SHARE) or {}}, "")


def stored_credentials(options: Mapping[str, Any]) -> ShareCredentials | None:
    """Return the credentials in an entry's options, also while the page is disabled."""
    stored = options.get(SHARE_LOCK)
    if not stored:
        return None
    try:
        return ShareCredentials.from_dict(stored)
    except KeyError, TypeError, ValueError:
        _LOGGER.warning("The stored credentials of a share page cannot be read: it stays disabled")
        return None
