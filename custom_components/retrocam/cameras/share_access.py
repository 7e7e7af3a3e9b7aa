"""What an instance shows to guests: what they may, and who is looking right now."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
import logging
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback

from ..core.share.credentials import Lock, Pass
from ..settings import SECTION_SHARE, Settings

_LOGGER = logging.getLogger(__name__)

SHARE_LOCK: Final = "share_lock"
"""Where an entry's options keep the secrets of its share page."""
MOST_VISITS: Final = 64
"""Streams that guests of one instance may have open at once."""
MOST_OF_A_GUEST: Final = 8
"""Of those, the streams of one guest: of one cookie, renewed or copied."""


class Share:
    """The share page of one instance. All methods run in the event loop.

    Nothing is copied from the options: what is changed there holds for the next request.
    """

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Open nothing yet: the entry's options say whether there is a page."""
        self._hass = hass
        self._entry = entry
        self._visits: dict[asyncio.Event, str] = {}

    @property
    def control(self) -> bool:
        """Whether guests may play and stop."""
        return self._settings.share_control

    @property
    def history(self) -> bool:
        """Whether guests may see the snapshots."""
        return self._settings.share_history

    @property
    def visits(self) -> int:
        """How many streams are open."""
        return len(self._visits)

    def is_full_for(self, entry: Pass) -> bool:
        """Tell whether a guest has as many streams open as one may have."""
        return list(self._visits.values()).count(entry.guest) >= MOST_OF_A_GUEST

    @contextmanager
    def visit(self, entry: Pass, left: float) -> Iterator[asyncio.Event | None]:
        """Note an open stream; gives the event that ends it, None if there are too many of all guests.

        Whether a guest has too many, `is_full_for` tells.

        It ends when its guest leaves, when the page closes, and in any case after `left` s.
        """
        if len(self._visits) >= MOST_VISITS:
            yield None
            return
        ended = asyncio.Event()
        self._visits[ended] = entry.guest
        timer = self._hass.loop.call_later(left, ended.set)
        try:
            yield ended
        finally:
            timer.cancel()
            del self._visits[ended]

    @callback
    def async_end(self, guest: str | None = None) -> None:
        """End the open streams of one guest, or of all."""
        for ended, whose in self._visits.items():
            if guest in (None, whose):
                ended.set()

    @property
    def _settings(self) -> Settings:
        return _settings(self._entry.options)


def open_lock(entry: ConfigEntry) -> Lock | None:
    """Return what opens the share page of an entry; None while there is no page."""
    if entry.disabled_by is not None or not _settings(entry.options).share_enabled:
        return None
    return stored_lock(entry.options)


def _settings(options: Mapping[str, Any]) -> Settings:
    return Settings.from_options({SECTION_SHARE: options.get(SECTION_SHARE) or {}}, "")


def stored_lock(options: Mapping[str, Any]) -> Lock | None:
    """Return the lock that an entry's options keep, also while the page is off."""
    stored = options.get(SHARE_LOCK)
    if not stored:
        return None
    try:
        return Lock.from_stored(stored)
    except KeyError, TypeError, ValueError:
        _LOGGER.warning("The stored lock of a share page cannot be read: the page stays shut")
        return None
