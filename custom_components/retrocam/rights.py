"""The current user, and the permissions of users for cameras.

The only module that checks Home Assistant's policies. Images, files and signed paths of a camera
require POLICY_READ of its camera entity. Home Assistant itself checks POLICY_CONTROL of an action's
targets; deleting media and all config flows require an administrator.

No user means Home Assistant itself: automations, and paths signed for its own content user.
"""

from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
import re
import time
from typing import Any, Final
from urllib.parse import unquote

from aiohttp import web
from homeassistant.auth import jwt_wrapper
from homeassistant.auth.models import User
from homeassistant.auth.permissions.const import POLICY_READ
from homeassistant.components import websocket_api
from homeassistant.components.http import (
    KEY_AUTHENTICATED,
    KEY_HASS,
    KEY_HASS_REFRESH_TOKEN_ID,
    KEY_HASS_USER,
)
from homeassistant.components.http.auth import (
    DATA_SIGN_SECRET,
    SAFE_QUERY_PARAMS,
    SIGN_QUERY_PARAM,
)
from homeassistant.components.http.auth_util import async_user_not_allowed_do_auth
from homeassistant.components.media_source import is_media_source_id
from homeassistant.core import Context, HomeAssistant, callback, valid_entity_id
from homeassistant.exceptions import UnknownUser
from homeassistant.helpers.http import current_request
import jwt

from .camera_entity import camera_entity_id
from .const import DOMAIN
from .own_urls import own_path

_SEPARATORS: Final = re.compile(r"[/?&=#]")


@dataclass(frozen=True, slots=True)
class _Actor:
    """The user for whom an action runs; None for Home Assistant itself."""

    user: User | None


_ACTOR: ContextVar[_Actor | None] = ContextVar("retrocam_actor", default=None)


@asynccontextmanager
async def async_acting_for(hass: HomeAssistant, context: Context | None) -> AsyncIterator[None]:
    """Run an action for the user of its context. Raises UnknownUser.

    The current WebSocket connection does not tell: an automation inherits that of its trigger.
    """
    if context is None:
        yield
        return
    user = await hass.auth.async_get_user(context.user_id) if context.user_id is not None else None
    if user is None and context.user_id is not None:
        raise UnknownUser(context=context)
    token = _ACTOR.set(_Actor(user))
    try:
        yield
    finally:
        _ACTOR.reset(token)


@callback
def current_user() -> User | None:
    """Return the user of the current action, WebSocket connection or HTTP request."""
    if (actor := _ACTOR.get()) is not None:
        return actor.user
    if (connection := websocket_api.current_connection.get()) is not None:
        return connection.user
    if (request := current_request.get()) is not None:
        user: User | None = request.get(KEY_HASS_USER)
        return user
    return None


@callback
def may_read_entity(user: User | None, entity_id: str) -> bool:
    """Return whether a user may read an entity."""
    return user is None or user.permissions.check_entity(entity_id, POLICY_READ)


@callback
def may_read(hass: HomeAssistant, user: User | None, entry_id: str) -> bool:
    """Return whether a user may see an entry's camera: its images and its files."""
    return may_read_entity(user, camera_entity_id(hass, entry_id))


@callback
def may_play(hass: HomeAssistant, user: User | None, media: str) -> bool:
    """Return whether a user may read all entities and entries that `media` mentions.

    Media of other servers mentions none; a path of this one is what the player would sign for the
    user. Raises ValueError for a malformed URL.
    """
    if user is None:
        return True
    is_local = media.startswith("camera.") or is_media_source_id(media)
    if not is_local and own_path(hass, media) is None:
        return True
    return all(
        _may_read_segment(hass, user, segment)
        for text in {media, unquote(media)}
        for segment in _SEPARATORS.split(text)
    )


@callback
def _may_read_segment(hass: HomeAssistant, user: User, segment: str) -> bool:
    if valid_entity_id(segment):
        return may_read_entity(user, segment)
    entry = hass.config_entries.async_get_entry(segment)
    if entry is None or entry.domain != DOMAIN:
        return True
    return may_read(hass, user, entry.entry_id)


@callback
def signs_for_itself() -> bool:
    """Return whether Home Assistant itself acts, even during a user's WebSocket connection."""
    actor = _ACTOR.get()
    return actor is not None and actor.user is None


@callback
def remaining_validity(hass: HomeAssistant) -> timedelta | None:
    """Return the remaining validity of the signed path of the current request.

    None for requests with a login, for actions and for WebSocket connections.
    """
    if _ACTOR.get() is not None or websocket_api.current_connection.get() is not None:
        return None
    if (request := current_request.get()) is None:
        return None
    # A request may outlast its signature.
    claims = signature_claims(hass, request.query, verify_exp=False)
    return None if claims is None else timedelta(seconds=claims["exp"] - time.time())


def signature_claims(
    hass: HomeAssistant, query: Mapping[str, str], *, verify_exp: bool = True
) -> dict[str, Any] | None:
    """Return the claims of a signed path's signature, None without a valid one."""
    try:
        claims: dict[str, Any] = jwt_wrapper.verify_and_decode(
            query[SIGN_QUERY_PARAM],
            hass.data[DATA_SIGN_SECRET],
            algorithms=["HS256"],
            options={"verify_iss": False, "verify_exp": verify_exp},
        )
    except KeyError, jwt.InvalidTokenError:
        return None
    return claims


@callback
def accept_signature(
    request: web.Request, paths: Collection[str], *, free: Collection[str], repeated: bool = True
) -> Mapping[str, str] | None:
    """Log a request in by the signature of one of `paths`; return the signed parameters.

    None without a valid signature: the request remains as it was. Home Assistant accepts a signature for
    its own path and parameters only; players add parameters to those of a playlist, and fetch what it
    names. With `repeated` the request must have all signed parameters, and no others but those of
    `free`.
    """
    hass = request.app[KEY_HASS]
    if request.method not in ("GET", "HEAD"):
        return None
    claims = signature_claims(hass, request.query)
    if claims is None or claims["path"] not in paths:
        return None
    signed = [(str(name), str(value)) for name, value in claims["params"]]
    names = {name for name, _ in signed}
    own = {SIGN_QUERY_PARAM, *SAFE_QUERY_PARAMS}
    given = [item for item in request.query.items() if item[0] not in own]
    if sorted(item for item in given if item[0] in names or item[0] not in free) != sorted(
        signed if repeated else ()
    ):
        return None
    token = hass.auth.async_get_refresh_token(claims["iss"])
    if token is None or async_user_not_allowed_do_auth(hass, token.user, request):
        return None
    request[KEY_HASS_USER], request[KEY_HASS_REFRESH_TOKEN_ID] = token.user, token.id
    request[KEY_AUTHENTICATED] = True
    return dict(signed)
