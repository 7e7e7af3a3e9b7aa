"""The base of Retrocam's HTTP views.

Each needs Home Assistant's authentication or a signed path, and POLICY_READ of the camera. A signed
path acts for the user that signed it; those of Home Assistant's content user may read every camera.
Refusals are 403, and 401 only for a wrong Authorization header: an expired signature in a browser tab
must not count as a wrong login and get its own user banned.
"""

from aiohttp import hdrs, web
from homeassistant.components.http import (
    KEY_AUTHENTICATED,
    KEY_HASS,
    KEY_HASS_USER,
    HomeAssistantView,
)
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import callback

from ..cameras import CameraInstance, RetrocamConfigEntry
from ..const import DOMAIN
from ..rights import may_read


class RetrocamView(HomeAssistantView):
    """The base of the views: checks the login and the right to read the camera."""

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
        """Return the instance of an entry, for a user who may read its camera.

        Raises HTTPNotFound if there is none, HTTPForbidden for other users and without a user.
        """
        instance = self.loaded(request, entry_id)
        user = request.get(KEY_HASS_USER)
        # Never Unauthorized, which Home Assistant counts as a wrong login.
        if user is None or not may_read(request.app[KEY_HASS], user, entry_id):
            raise web.HTTPForbidden
        return instance

    @callback
    def loaded(self, request: web.Request, entry_id: str) -> CameraInstance:
        """Return the loaded instance of an entry, whoever asks. Raises HTTPNotFound."""
        entry: RetrocamConfigEntry | None
        entry = request.app[KEY_HASS].config_entries.async_get_entry(entry_id)
        if entry is None or entry.domain != DOMAIN or entry.state is not ConfigEntryState.LOADED:
            raise web.HTTPNotFound
        return entry.runtime_data
