"""Base of the HTTP views for users.

Each view requires Home Assistant's authentication or a signed path, and POLICY_READ of the camera. A
signed path acts for the user that signed it; those of Home Assistant's content user may read every
camera. Denied requests get 403, and 401 only for a wrong Authorization header: an expired signature in
a browser tab must not count as a wrong login and get its own user banned.
"""

from collections.abc import AsyncIterable
import contextlib

from aiohttp import hdrs, web
from homeassistant.components.http import (
    KEY_AUTHENTICATED,
    KEY_HASS,
    KEY_HASS_USER,
    HomeAssistantView,
)
from homeassistant.core import callback

from ..cameras import CameraInstance
from ..cameras.entry_tracking import async_loaded_instance
from ..rights import may_read


class RetrocamView(HomeAssistantView):
    """Base of the views: checks authentication and the right to read the camera."""

    requires_auth = False

    @callback
    def check_authenticated(self, request: web.Request) -> None:
        """Require a login or a signed path. Raises HTTPForbidden or HTTPUnauthorized."""
        if request[KEY_AUTHENTICATED]:
            return
        if hdrs.AUTHORIZATION in request.headers:
            raise web.HTTPUnauthorized
        raise web.HTTPForbidden

    @callback
    def instance(self, request: web.Request, entry_id: str) -> CameraInstance:
        """Return the loaded instance of an entry, for a user who may read its camera.

        Raises as `check_authenticated`, HTTPNotFound without an instance, HTTPForbidden for other
        users and without a user.
        """
        self.check_authenticated(request)
        if (instance := async_loaded_instance(request.app[KEY_HASS], entry_id)) is None:
            raise web.HTTPNotFound
        user = request.get(KEY_HASS_USER)
        # Never Unauthorized, which Home Assistant counts as a wrong login.
        if user is None or not may_read(request.app[KEY_HASS], user, entry_id):
            raise web.HTTPForbidden
        return instance


async def async_stream_chunks(
    request: web.Request, content_type: str, chunks: AsyncIterable[bytes]
) -> web.StreamResponse:
    """Answer with chunks as they come, until they end or the client leaves; HEAD reads none."""
    headers = {hdrs.CONTENT_TYPE: content_type, hdrs.CACHE_CONTROL: "no-store"}
    response = web.StreamResponse(headers=headers)
    await response.prepare(request)
    if request.method != hdrs.METH_HEAD:
        with contextlib.suppress(ConnectionError):
            async for chunk in chunks:
                await response.write(chunk)
    return response
