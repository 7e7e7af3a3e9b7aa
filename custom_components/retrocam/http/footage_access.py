"""Access to footage by signed paths.

Players cannot send headers, and add parameters of their own to the URL of a playlist. The signature of
a playlist therefore also opens what the playlist names, for as long and for the times that it is for.
"""

from collections.abc import Collection, Mapping
from typing import ClassVar
from weakref import WeakKeyDictionary

from aiohttp import web
from homeassistant.components.http import KEY_AUTHENTICATED, KEY_HASS, KEY_HASS_REFRESH_TOKEN_ID
from homeassistant.components.http.auth import SIGN_QUERY_PARAM
from homeassistant.core import callback
from yarl import URL

from ..cameras import CameraInstance
from ..rights import accept_signature
from ..urls import FOOTAGE_PLAYLIST_PATH, SIGNED_FOR, signed
from .base import RetrocamView

_SIGNATURES: WeakKeyDictionary[CameraInstance, dict[str, tuple[str, float]]] = WeakKeyDictionary()
"""Signatures of playlists by refresh token, and the loop's time until which they are given out."""


class SignedFootageView(RetrocamView):
    """Base of the views that accept the signature of other paths, or of fewer parameters."""

    signed_paths: ClassVar[tuple[str, ...]] = ()
    """Paths whose signatures are accepted, with `{entry_id}`."""
    free: ClassVar[Collection[str]] = frozenset()
    """Parameters that need not be signed, unless the signature has them."""
    repeated: ClassVar[bool] = True
    """Whether the request must repeat the signed parameters."""

    @callback
    def granted(
        self, request: web.Request, entry_id: str
    ) -> tuple[CameraInstance, Mapping[str, str]]:
        """Return the instance and the signed parameters, none for a login. Raises as `instance`."""
        params: Mapping[str, str] | None = None
        if not request[KEY_AUTHENTICATED]:
            paths = [path.format(entry_id=entry_id) for path in self.signed_paths]
            params = accept_signature(request, paths, free=self.free, repeated=self.repeated)
        return self.instance(request, entry_id), params or {}


@callback
def media_query(request: web.Request, instance: CameraInstance) -> str:
    """Return the query that opens what a playlist names: the same for each reload of the playlist."""
    if (signature := request.query.get(SIGN_QUERY_PARAM)) is not None:
        return f"?{SIGN_QUERY_PARAM}={signature}"
    hass = request.app[KEY_HASS]
    now = hass.loop.time()
    signatures = _SIGNATURES.setdefault(instance, {})
    token: str = request.get(KEY_HASS_REFRESH_TOKEN_ID, "")
    query, until = signatures.get(token, ("", 0.0))
    if now >= until:
        path = signed(hass, FOOTAGE_PLAYLIST_PATH.format(entry_id=instance.entry.entry_id))
        query = f"?{SIGN_QUERY_PARAM}={URL(path).query[SIGN_QUERY_PARAM]}"
        signatures[token] = query, now + SIGNED_FOR.total_seconds() / 2
    return query
