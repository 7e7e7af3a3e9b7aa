"""The pool of look-up processes, shared by all players."""

from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN
from ..core.player.lookup.pool import LookupPool
from ..core.player.lookup.server import LookupServer

LOOKUP_SERVER: Final[HassKey[LookupServer]] = HassKey(f"{DOMAIN}_lookup_server")
"""A running server to use, if set before the first player is loaded; it is not stopped."""
_POOL: Final[HassKey[tuple[LookupPool, set[str]]]] = HassKey(f"{DOMAIN}_lookups")
"""The pool, and the entry ids of its players."""


@callback
def async_acquire_pool(hass: HomeAssistant, entry_id: str) -> LookupPool:
    """Return the pool for a player, to be released by `async_release_pool`."""
    if _POOL not in hass.data:
        pool = LookupPool(hass.data.get(LOOKUP_SERVER), home=hass.config.cache_path(DOMAIN))
        hass.data[_POOL] = pool, set()
    pool, users = hass.data[_POOL]
    users.add(entry_id)
    return pool


async def async_release_pool(hass: HomeAssistant, entry_id: str) -> None:
    """Release the pool; the last player ends its processes."""
    if _POOL not in hass.data:
        return
    pool, users = hass.data[_POOL]
    users.discard(entry_id)
    if not users:
        del hass.data[_POOL]
        await pool.close()
