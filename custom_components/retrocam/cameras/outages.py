"""Outages of sources, stored across restarts of Home Assistant.

A `StreamProvider` knows the outages of its own lifetime only. To spare SD cards, the store is written
only once an outage has lasted `STORE_AFTER`, and when it is over.
"""

from collections.abc import Callable
import logging
import time
from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.storage import Store
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN
from ..stream.provider import StreamProvider

_LOGGER = logging.getLogger(__name__)

STORE_KEY: Final = f"{DOMAIN}.outages"
STORE_VERSION: Final = 1
STORE_AFTER: Final = 15 * 60.0
"""Seconds after which an outage is stored."""
SAVE_DELAY: Final = 30.0
"""Seconds for which changes are collected into one write."""

OUTAGES: HassKey[Outages] = HassKey(f"{DOMAIN}_outages")


class Outages:
    """Start times of outages, by entry. All methods run in the event loop."""

    def __init__(self, hass: HomeAssistant, *, clock: Callable[[], float] = time.time) -> None:
        """`clock` returns UNIX time, s."""
        self._clock = clock
        self._store: Store[dict[str, float]] = Store(hass, STORE_VERSION, STORE_KEY)
        self._since: dict[str, float] = {}

    async def async_load(self) -> None:
        """Load the outages that lasted when Home Assistant stopped."""
        stored = await self._store.async_load() or {}
        try:
            self._since = {str(key): float(since) for key, since in stored.items()}
        except AttributeError, TypeError, ValueError:
            _LOGGER.warning("The stored outages of cameras cannot be read and are discarded")

    @callback
    def async_outage_seconds(self, entry_id: str, provider: StreamProvider) -> float:
        """Return the seconds since an entry's source became unavailable; 0 while it is available.

        Also updates the store from `provider`, so it must be called regularly. A stored outage is kept
        until the provider has seen its camera available.
        """
        now, outage_seconds = self._clock(), provider.outage_seconds
        since = self._since.get(entry_id)
        if since is not None and provider.ever_available and outage_seconds < STORE_AFTER:
            # The stored outage is over.
            self.async_forget(entry_id)
            since = None
        if not outage_seconds:
            return 0.0
        if since is None:
            if outage_seconds >= STORE_AFTER:
                self._since[entry_id] = now - outage_seconds
                self._save()
            return outage_seconds
        # The wall clock may be wrong for a while after boot.
        return max(now - since, outage_seconds)

    @callback
    def async_forget(self, entry_id: str) -> None:
        """Remove an entry's stored outage."""
        if self._since.pop(entry_id, None) is not None:
            self._save()

    async def async_clear(self) -> None:
        """Remove all outages and the file: the last entry was removed."""
        self._since = {}
        await self._store.async_remove()

    def _save(self) -> None:
        self._store.async_delay_save(lambda: dict(self._since), SAVE_DELAY)
