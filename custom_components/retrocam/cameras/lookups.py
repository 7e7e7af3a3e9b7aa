"""The processes of look-ups, which all players of a Home Assistant share."""

from dataclasses import dataclass, field
from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN
from ..core.player.lookup.pool import LookupPool
from ..core.player.lookup.server import LookupServer


@dataclass(slots=True)
class _Shared:
    pool: LookupPool
    users: set[str] = field(default_factory=set)
    """Entry ids of the players."""


LOOKUP_SERVER: Final[HassKey[LookupServer]] = HassKey(f"{DOMAIN}_lookup_server")
"""A server to use and leave running, for whoever has put it there before the first player is loaded."""
_SHARED: Final[HassKey[_Shared]] = HassKey(f"{DOMAIN}_lookups")


@callback
def async_join(hass: HomeAssistant, entry_id: str) -> LookupPool:
    """Return the pool for a player, which is to call `async_leave` at its end."""
    shared = hass.data.get(_SHARED)
    if shared is None:
        pool = LookupPool(hass.data.get(LOOKUP_SERVER), home=hass.config.cache_path(DOMAIN))
        shared = hass.data[_SHARED] = _Shared(pool)
    shared.users.add(entry_id)
    return shared.pool


async def async_leave(hass: HomeAssistant, entry_id: str) -> None:
    """End a player's part in the pool; the last one to leave ends its processes."""
    shared = hass.data.get(_SHARED)
    if shared is None:
        return
    shared.users.discard(entry_id)
    if not shared.users:
        del hass.data[_SHARED]
        await shared.pool.close()
