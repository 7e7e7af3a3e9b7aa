"""Rights: the user on whose behalf something is done, and what that user may do with a camera.

The only module that asks for Home Assistant's policies. A camera's pictures, files and signed paths
need POLICY_READ of its camera entity. POLICY_CONTROL is asked for by Home Assistant itself, for the
entity that an action is called for; deleting media and everything in config flows need an administrator.

No user means Home Assistant itself: automations, and paths that it signed as its own content user.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
import re
import time
from typing import Final
from urllib.parse import unquote

from homeassistant.auth import jwt_wrapper
from homeassistant.auth.models import User
from homeassistant.auth.permissions.const import POLICY_READ
from homeassistant.components import websocket_api
from homeassistant.components.http import KEY_HASS_USER
from homeassistant.components.http.auth import DATA_SIGN_SECRET, SIGN_QUERY_PARAM
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
    """The user that an action is run for; None for Home Assistant itself."""

    user: User | None


_ACTOR: ContextVar[_Actor | None] = ContextVar("retrocam_actor", default=None)


@asynccontextmanager
async def async_acting_for(hass: HomeAssistant, context: Context | None) -> AsyncIterator[None]:
    """Run an action for the user of its context. Raises UnknownUser.

    The connection at hand is not enough: an automation inherits that of whoever triggered it.
    """
    if context is None:
        yield
        return
    user = None
    if (
        context.user_id is not None
        and (user := await hass.auth.async_get_user(context.user_id)) is None
    ):
        raise UnknownUser(context=context)
    token = _ACTOR.set(_Actor(user))
    try:
        yield
    finally:
        _ACTOR.reset(token)


@callback
def current_user() -> User | None:
    """Return the user of the action, the WebSocket connection or the HTTP request at hand."""
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
    """Return whether a user may see an entry's camera: its pictures, its files and their paths."""
    return may_read_entity(user, camera_entity_id(hass, entry_id))


@callback
def may_play(hass: HomeAssistant, user: User | None, media: str) -> bool:
    """Return whether a user may read every entity and instance that `media` names.

    What leads out of this Home Assistant names none; what leads to it is what the player would sign
    for the user. Raises ValueError for what is no URL.
    """
    if user is None:
        return True
    local = media.startswith("camera.") or is_media_source_id(media)
    if not local and own_path(hass, media) is None:
        return True
    return all(
        _may_read_named(hass, user, name)
        for text in {media, unquote(media)}
        for name in _SEPARATORS.split(text)
    )


@callback
def _may_read_named(hass: HomeAssistant, user: User, name: str) -> bool:
    if valid_entity_id(name):
        return may_read_entity(user, name)
    entry = hass.config_entries.async_get_entry(name)
    if entry is None or entry.domain != DOMAIN:
        return True
    return may_read(hass, user, entry.entry_id)


@callback
def signs_for_itself() -> bool:
    """Return whether Home Assistant itself acts, although a user's connection may be at hand."""
    actor = _ACTOR.get()
    return actor is not None and actor.user is None


@callback
def remaining_validity(hass: HomeAssistant) -> timedelta | None:
    """Return how long the signed path is valid that opened the request at hand.

    None if a login opened it, an action or a WebSocket connection.
    """
    if _ACTOR.get() is not None or websocket_api.current_connection.get() is not None:
        return None
    request = current_request.get()
    if request is None or (signature := request.query.get(SIGN_QUERY_PARAM)) is None:
        return None
    try:
        claims = jwt_wrapper.verify_and_decode(
            signature,
            hass.data[DATA_SIGN_SECRET],
            algorithms=["HS256"],
            options={"verify_iss": False, "verify_exp": False},
        )
    except KeyError, jwt.InvalidTokenError:
        return None
    return timedelta(seconds=claims["exp"] - time.time())
