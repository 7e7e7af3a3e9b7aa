"""Media of media sources and of Home Assistant's own paths, opened with a valid signature.

Home Assistant may ban an address after requests without a valid login, and these come from its own: so
each signature is checked before the request.
"""

import asyncio
from collections.abc import Callable
import contextlib
from contextvars import copy_context
from datetime import timedelta
from mimetypes import guess_type
from pathlib import PurePosixPath
import time
from typing import Any, Final, override

from homeassistant.components.http.auth import (
    SAFE_QUERY_PARAMS,
    SIGN_QUERY_PARAM,
    async_sign_path,
)
from homeassistant.components.media_source import (
    MediaSourceError,
    PlayMedia,
    async_resolve_media,
    is_media_source_id,
)
from homeassistant.components.media_source.const import DATA_MEDIA_SOURCE_PLATFORMS
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.network import NoURLAvailableError, get_url
from yarl import URL

from ..core.errors import (
    MediaRefusedError,
    PlayNotFoundError,
    PlayTimeoutError,
    UnsupportedMediaError,
)
from ..core.player.media_request import FreshMedia
from ..core.player.net.streams import MediaInput, ResolvedMedia
from ..own_urls import own_path, own_url
from ..rights import signature_claims
from ..urls import SIGNED_FOR

_EXPIRY_MARGIN: Final = 5.0
"""Seconds before its expiry at which a signature is no longer used."""
_RESOLVE_TIMEOUT: Final = 30.0
"""Seconds for a media source to resolve an item."""
_HLS: Final = "/api/hls/"
"""Written by the stream component: the only playlists that are read from Home Assistant."""
_MEDIA_PATHS: Final = (
    "/local/",
    "/media/",
    _HLS,
    "/api/assist_satellite/static/",
    "/api/camera_proxy/",
    "/api/camera_proxy_stream/",
    "/api/esphome/ffmpeg_proxy/",
    "/api/image/serve/",
    "/api/image_proxy/",
    "/api/image_proxy_stream/",
    "/api/media_player_proxy/",
    "/api/tts_proxy/",
)
"""Other paths may be for administrators, whose rights a signature does not carry."""
_SHOWN_PATHS: Final = ("/local/", "/media/")
"""Paths that are shown to users; others may contain a token."""


class OwnMedia(FreshMedia):
    """An item of a media source, or a path of Home Assistant, signed anew for each opening.

    Signs for the current user of the constructor's caller, while that user is logged in.
    """

    def __init__(self, hass: HomeAssistant, media: str, entity_id: str | None) -> None:
        """Resolve `media` for the media player `entity_id`."""
        self._hass, self._media, self._entity_id = hass, media, entity_id
        self.signed_for = SIGNED_FOR
        # Contains the user's connection, for which Home Assistant signs.
        self._context = copy_context()
        self._prepared: ResolvedMedia | str | None = None

    async def async_prepare(self) -> None:
        """Resolve the media for the first opening. Raises PlayError."""
        self._prepared = await self.find()

    @override
    async def find(self) -> ResolvedMedia | str:
        prepared, self._prepared = self._prepared, None
        if prepared is not None:
            return prepared
        try:
            async with asyncio.timeout(_RESOLVE_TIMEOUT):
                return await asyncio.create_task(
                    self._async_find(), name="retrocam find", context=self._context.copy()
                )
        except TimeoutError as err:
            if isinstance(err, PlayTimeoutError):
                raise
            raise PlayTimeoutError("the media source does not answer") from err
        except ValueError as err:
            if isinstance(err, UnsupportedMediaError):
                raise
            # Not chained: the message may contain the URL.
            raise UnsupportedMediaError("not a URL") from None

    async def _async_find(self) -> ResolvedMedia | str:
        if not is_media_source_id(self._media):
            path = own_path(self._hass, self._media)
            if path is None:
                raise UnsupportedMediaError("not a path of Home Assistant")
            target = _absolute(self._hass, path)
            if not await _async_serves_media(self._hass, target.path):
                raise UnsupportedMediaError("not a path of media")
            return self._sign(target)
        try:
            item = await async_resolve_media(self._hass, self._media, self._entity_id)
        except MediaSourceError as err:
            raise PlayNotFoundError(f"no such media: {err}") from err
        path = _path_of(self._hass, item)
        return item.url if path is None else self._sign(_absolute(self._hass, path))

    def _sign(self, target: URL) -> ResolvedMedia | str:
        target, expires, valid = sign(self._hass, target, self.signed_for)
        if target.path.startswith(_HLS):
            return str(target)
        is_file = guess_type(target.name)[0] is not None
        return ResolvedMedia(
            inputs=(MediaInput(str(target), is_valid=valid),),
            title=PurePosixPath(target.name).stem if is_file else target.name,
            page=str(target.with_query(None)) if target.path.startswith(_SHOWN_PATHS) else None,
            expires=expires,
        )


def _path_of(hass: HomeAssistant, item: PlayMedia) -> URL | None:
    """Return path and query of a resolved item, None if another server has it."""
    if item.path is not None and item.url.startswith("/") and item.url.endswith(item.path.name):
        # URLs of local files are not encoded, so that `?` and `#` belong to the name.
        return URL.build(path=item.url)
    return own_path(hass, item.url)


@callback
def sign(
    hass: HomeAssistant, target: URL, signed_for: timedelta
) -> tuple[URL, float, Callable[[], bool]]:
    """Return a URL of Home Assistant with a valid signature, and its expiry in UNIX s.

    The function returned tells, in any thread, whether the signature is still accepted. Raises
    MediaRefusedError if the user is no longer logged in.
    """
    claims = _claims(hass, target)
    if claims is None:
        bare = target.without_query_params(SIGN_QUERY_PARAM)
        path = async_sign_path(hass, str(bare.relative()), signed_for)
        # The returned path is decoded, and a different one if a name contains `?` or `%`.
        signature = path.rpartition(f"{SIGN_QUERY_PARAM}=")[2]
        target = bare.extend_query({SIGN_QUERY_PARAM: signature})
        claims = _claims(hass, target)
    if claims is None:
        raise MediaRefusedError("no valid signature")
    expires, token_id = float(claims["exp"]), claims["iss"]

    def valid() -> bool:
        with contextlib.suppress(KeyError):  # the user is being removed
            return time.time() < expires - _EXPIRY_MARGIN and _is_logged_in(hass, token_id)
        return False

    if not valid():
        raise MediaRefusedError("the signature is about to expire")
    return target, expires, valid


def _claims(hass: HomeAssistant, target: URL) -> dict[str, Any] | None:
    """Return the claims of a URL's signature, None if Home Assistant would not accept it.

    Mirrors `async_validate_signed_request` of homeassistant.components.http.auth.
    """
    requested = URL(target.raw_path_qs, encoded=True)
    if (claims := signature_claims(hass, requested.query)) is None:
        return None
    unsigned = (SIGN_QUERY_PARAM, *SAFE_QUERY_PARAMS)
    params = [[key, value] for key, value in requested.query.items() if key not in unsigned]
    if (claims["path"], claims["params"]) != (requested.path, params):
        return None
    return claims if _is_logged_in(hass, claims["iss"]) else None


def _is_logged_in(hass: HomeAssistant, token_id: str) -> bool:
    """Return whether a refresh token is valid. Only reads dictionaries: safe in any thread."""
    token = hass.auth.async_get_refresh_token(token_id)
    return token is not None and token.user.is_active


async def _async_serves_media(hass: HomeAssistant, path: str) -> bool:
    """Return whether a path is a known path of media, or one of a media source."""
    if path.startswith(_MEDIA_PATHS):
        return True
    parts = path.split("/")
    if len(parts) < 4 or parts[1] != "api":
        return False
    return await hass.data[DATA_MEDIA_SOURCE_PLATFORMS].async_get_platform(parts[2]) is not None


@callback
def _absolute(hass: HomeAssistant, path: URL) -> URL:
    """Return the URL at which this machine reaches a path. Raises PlayNotFoundError."""
    base = str(own_url(hass))
    if base.startswith("https:"):
        try:
            # The certificate is not valid for a loopback address.
            base = get_url(hass)
        except NoURLAvailableError as err:
            raise PlayNotFoundError("Home Assistant does not know its own address") from err
    return URL(f"{base}{path}")
