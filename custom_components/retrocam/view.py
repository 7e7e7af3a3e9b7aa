"""The base of Retrocam's HTTP views.

Each asks for Home Assistant's authentication or a signed path. A door that stays shut answers 403, or
401 to who came with an Authorization header: an expired signature in a browser tab must not count as
a wrong login and get its own user banned.
"""

from typing import TYPE_CHECKING

from aiohttp import hdrs, web
from homeassistant.components.http import KEY_AUTHENTICATED, KEY_HASS, HomeAssistantView
from homeassistant.core import callback

from .const import DOMAIN
from .instances import CameraInstance

if TYPE_CHECKING:
    from .instances import RetrocamConfigEntry


class RetrocamView(HomeAssistantView):
    """The base of the views: who may enter, and which instance is meant."""

    requires_auth = False

    @callback
    def check_authenticated(self, request: web.Request) -> None:
        """Let in who is logged in or has a signed path. Raises HTTPForbidden or HTTPUnauthorized."""
        if request[KEY_AUTHENTICATED]:
            return
        if hdrs.AUTHORIZATION in request.headers:
            raise web.HTTPUnauthorized
        raise web.HTTPForbidden

    @callback
    def instance(self, request: web.Request, entry_id: str) -> CameraInstance:
        """Return the loaded instance of an entry. Raises HTTPNotFound."""
        entry: RetrocamConfigEntry | None
        entry = request.app[KEY_HASS].config_entries.async_get_entry(entry_id)
        if entry is None or entry.domain != DOMAIN or not hasattr(entry, "runtime_data"):
            raise web.HTTPNotFound
        return entry.runtime_data
