"""Media of media sources, and what Home Assistant serves itself, opened with a valid signature.

Home Assistant counts each request without a valid login against the address that it comes from, which
here is its own: nothing is asked of it that it would refuse.
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

from homeassistant.auth import jwt_wrapper
from homeassistant.components.http.auth import (
    DATA_SIGN_SECRET,
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
import jwt
from yarl import URL

from ..core.errors import (
    MediaRefusedError,
    PlayNotFoundError,
    PlayTimeoutError,
    UnsupportedMediaError,
)
from ..core.player.net.streams import MediaInput, Resolved
from ..core.player.wanted import FreshMedia
from ..own_urls import own_path, own_url

SIGNED_FOR: Final = timedelta(hours=24)
"""As Home Assistant signs what it has other players play."""
_MARGIN: Final = 5.0
"""Seconds before its end from which a signature is not used any more."""
_PATIENCE: Final = 30.0
"""Seconds in which a media source must say where an item is."""
_HLS: Final = "/api/hls/"
"""What the stream component writes itself: the only playlists that are read of Home Assistant."""
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
"""Others may be for administrators only, whom a signature does not make of anybody."""
_TOLD: Final = ("/local/", "/media/")
"""Paths that are told: others may hold a token."""


class OwnMedia(FreshMedia):
    """An item of a media source, or a path of Home Assistant: signed anew for each opening.

    Signatures are made for whoever made this, as long as this user is logged in.
    """

    def __init__(self, hass: HomeAssistant, media: str, entity_id: str) -> None:
        """Play `media` on the player `entity_id`."""
        self._hass, self._media, self._entity_id = hass, media, entity_id
        self.signed_for = SIGNED_FOR
        # It holds the connection of the user, by which Home Assistant signs.
        self._context = copy_context()
        self._first: Resolved | str | None = None

    async def async_prepare(self) -> None:
        """Find it for the first opening. Raises a PlayError."""
        self._first = await self.find()

    @override
    async def find(self) -> Resolved | str:
        found, self._first = self._first, None
        if found is not None:
            return found
        try:
            async with asyncio.timeout(_PATIENCE):
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
            # Not chained: it may hold the URL.
            raise UnsupportedMediaError("not a URL") from None

    async def _async_find(self) -> Resolved | str:
        if not is_media_source_id(self._media):
            path = own_path(self._hass, self._media)
            if path is None:
                raise UnsupportedMediaError("not a path of Home Assistant")
            return await self._async_open(path, typed=True)
        try:
            item = await async_resolve_media(self._hass, self._media, self._entity_id)
        except MediaSourceError as err:
            raise PlayNotFoundError(f"no such media: {err}") from err
        path = _path_of(self._hass, item)
        return item.url if path is None else await self._async_open(path, typed=False)

    async def _async_open(self, path: URL, *, typed: bool) -> Resolved | str:
        """Return signed media of Home Assistant; what was `typed` must be a path of media."""
        target = URL(f"{_root(self._hass)}{path}")
        if typed and not await _async_serves_media(self._hass, target.path):
            raise UnsupportedMediaError("not a path of media")
        target, expires, valid = sign(self._hass, target, self.signed_for)
        if target.path.startswith(_HLS):
            return str(target)
        told = target.path.startswith(_TOLD)
        return Resolved(
            inputs=(MediaInput(str(target), valid=valid),),
            title=_title(target.name),
            page=str(target.with_query(None)) if told else None,
            expires=expires,
        )


def _path_of(hass: HomeAssistant, item: PlayMedia) -> URL | None:
    """Return path and query of a resolved item, None if it is served by somebody else."""
    if item.path is not None and item.url.startswith("/") and item.url.endswith(item.path.name):
        # Local files are named as they are, and so with what means something in a URL.
        return URL.build(path=item.url)
    return own_path(hass, item.url)


@callback
def sign(
    hass: HomeAssistant, target: URL, signed_for: timedelta
) -> tuple[URL, float, Callable[[], bool]]:
    """Return a URL of Home Assistant with a valid signature, and until when, UNIX time.

    The function returned tells, in any thread, whether the signature is still accepted. Raises
    MediaRefusedError if no valid one can be made: the user is not logged in any longer.
    """
    claims = _claims(hass, target)
    if claims is None:
        bare = target.without_query_params(SIGN_QUERY_PARAM)
        path = async_sign_path(hass, str(bare.relative()), signed_for)
        # The path that is returned is decoded, and means another one where a name holds `?` or `%`.
        signature = path.rpartition(f"{SIGN_QUERY_PARAM}=")[2]
        target = bare.extend_query({SIGN_QUERY_PARAM: signature})
        claims = _claims(hass, target)
    if claims is None:
        raise MediaRefusedError("there is no valid signature for it")
    expires, token_id = float(claims["exp"]), claims["iss"]

    def valid() -> bool:
        with contextlib.suppress(KeyError):  # the user is being removed
            return time.time() < expires - _MARGIN and _is_logged_in(hass, token_id)
        return False

    if not valid():
        raise MediaRefusedError("its signature would not hold")
    return target, expires, valid


def _claims(hass: HomeAssistant, target: URL) -> dict[str, Any] | None:
    """Return what the signature of a URL says, None where Home Assistant would not accept it.

    Mirrors `async_validate_signed_request` of homeassistant.components.http.auth.
    """
    seen = URL(target.raw_path_qs, encoded=True)
    signature = seen.query.get(SIGN_QUERY_PARAM)
    secret = hass.data.get(DATA_SIGN_SECRET)
    if signature is None or secret is None:
        return None
    try:
        claims: dict[str, Any] = jwt_wrapper.verify_and_decode(
            signature, secret, algorithms=["HS256"], options={"verify_iss": False}
        )
    except jwt.InvalidTokenError:
        return None
    unsigned = (SIGN_QUERY_PARAM, *SAFE_QUERY_PARAMS)
    params = [list(each) for each in seen.query.items() if each[0] not in unsigned]
    if (claims["path"], claims["params"]) != (seen.path, params):
        return None
    return claims if _is_logged_in(hass, claims["iss"]) else None


def _is_logged_in(hass: HomeAssistant, token_id: str) -> bool:
    """Tell whether a refresh token is still good. Reads two dictionaries: any thread may call it."""
    token = hass.auth.async_get_refresh_token(token_id)
    return token is not None and token.user.is_active


async def _async_serves_media(hass: HomeAssistant, path: str) -> bool:
    """Tell whether a path is of media: such as are known, and those of media sources."""
    if path.startswith(_MEDIA_PATHS):
        return True
    parts = path.split("/")
    if len(parts) < 4 or parts[1] != "api":
        return False
    return await hass.data[DATA_MEDIA_SOURCE_PLATFORMS].async_get_platform(parts[2]) is not None


@callback
def _root(hass: HomeAssistant) -> str:
    """Return where this machine reaches Home Assistant. Raises PlayNotFoundError."""
    own = own_url(hass)
    if own.scheme != "https":
        return str(own)
    try:
        # Its certificate is not for this machine's own address.
        return get_url(hass)
    except NoURLAvailableError as err:
        raise PlayNotFoundError("Home Assistant does not know its own address") from err


def _title(name: str) -> str:
    return PurePosixPath(name).stem if guess_type(name)[0] is not None else name
