"""Since when sources have been out of reach, over restarts of Home Assistant.

A supply knows only of its own life. What is kept here outlives it, and is written seldom: when an
outage has lasted for a while, and when it is over. Small machines write to SD cards.
"""

from collections.abc import Callable
import logging
import time
from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.storage import Store
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN
from ..stream.provider import StreamSupply

_LOGGER = logging.getLogger(__name__)

STORE_KEY: Final = f"{DOMAIN}.outages"
STORE_VERSION: Final = 1
KEPT_AFTER: Final = 15 * 60.0
"""Seconds after which an outage is kept: a shorter one is not worth a write."""
SAVE_DELAY: Final = 30.0
"""Seconds in which what is to be kept is gathered into one write."""

OUTAGES: HassKey[Outages] = HassKey(f"{DOMAIN}_outages")


class Outages:
    """When sources went, by entry. All methods run in the event loop."""

    def __init__(self, hass: HomeAssistant, *, clock: Callable[[], float] = time.time) -> None:
        """Know of none yet; `clock` gives UNIX time in s."""
        self._clock = clock
        self._store: Store[dict[str, float]] = Store(hass, STORE_VERSION, STORE_KEY)
        self._since: dict[str, float] = {}

    async def async_load(self) -> None:
        """Read which sources were out of reach when Home Assistant stopped."""
        stored = await self._store.async_load() or {}
        try:
            self._since = {str(key): float(since) for key, since in stored.items()}
        except AttributeError, TypeError, ValueError:
            _LOGGER.warning("Since when cameras are out of reach cannot be read: it begins anew")

    @callback
    def async_lost_for(self, entry_id: str, supply: StreamSupply) -> float:
        """Return for how many seconds the source of an entry has been out of reach, 0 if it is not.

        Notes what `supply` knows, so it is to be called now and then. As long as that knows nothing,
        since it has only begun, what was noted before stays.
        """
        now, lost_for = self._clock(), supply.lost_for
        since = self._since.get(entry_id)
        if since is not None and supply.seen and lost_for < KEPT_AFTER:
            # That was another outage.
            self.async_forget(entry_id)
            since = None
        if not lost_for:
            return 0.0
        if since is None:
            if lost_for >= KEPT_AFTER:
                self._since[entry_id] = now - lost_for
                self._save()
            return lost_for
        # The clock may be wrong for a while after a start.
        return max(now - since, lost_for)

    @callback
    def async_forget(self, entry_id: str) -> None:
        """Let an entry's next outage begin anew."""
        if self._since.pop(entry_id, None) is not None:
            self._save()

    async def async_clear(self) -> None:
        """Forget all, also on the disk: the last entry was removed."""
        self._since = {}
        await self._store.async_remove()

    @callback
    def _save(self) -> None:
        self._store.async_delay_save(lambda: dict(self._since), SAVE_DELAY)
