"""What the player is asked to play, and what comes of it."""

import asyncio
import re
from typing import Any, Final

from homeassistant.components.media_player import DATA_COMPONENT
from homeassistant.components.media_source import is_media_source_id
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import entity_registry as er
from yarl import URL

from ..cameras.player import CameraFeed, PlayerInstance
from ..const import DOMAIN
from ..core.errors import PlayError, PlayNotFoundError, PlayTimeoutError, UnsupportedMediaError
from ..core.player.lookup.resolver import query_of
from ..core.player.machine import Phase
from ..core.player.net.fetch import origin_of
from ..core.player.wanted import FreshMedia
from ..core.sources.urls import MAX_URL, redact_url
from ..core.texts import is_plain, shown
from ..own_urls import own_path
from ..rights import current_user, may_play
from ..workload import async_slices
from .own_media import OwnMedia

SUPERSEDED: Final = "superseded"
"""State in the answer to a play that something newer took the place of."""

_CAMERA: Final = re.compile(r"camera\.[a-z0-9_]+")
CAMERA_ITEM: Final = "media-source://camera/"
"""Before a camera's entity id, what the media browser knows it by.

Home Assistant would resolve it to HLS, seconds behind the pictures that are here already.
"""


async def async_play(
    instance: PlayerInstance,
    media: str,
    *,
    entity_id: str,
    preset: str | None = None,
    guest: bool = False,
) -> dict[str, Any]:
    """Play something and tell, when it plays, what it is.

    A `guest` may only search, and name what is on the public internet.
    Raises ServiceValidationError for what cannot be meant, HomeAssistantError for what cannot be
    played.
    """
    wanted = instance.async_order()
    slices = async_slices(instance.hass)
    found: str | CameraFeed | FreshMedia
    trusted = False
    try:
        asked = media.strip()
        if not is_plain(asked, most=MAX_URL):
            raise UnsupportedMediaError("too long, or not text")
        async with slices.turn():
            # Of hundreds that come at once, the last one has superseded all others by now.
            if not wanted():
                return _answer(instance, None)
            if preset is not None:
                instance.async_set_style(preset=preset)
        if guest:
            found = _for_guest(asked)
        else:
            found, trusted = await _async_find(instance, asked, entity_id)
        async with slices.turn():
            if not wanted():
                return _answer(instance, None)
            # Together: what a guest asked for is never played again as if a user had.
            instance.last_media, instance.last_by_guest = media, guest
            number = instance.async_play(found, trusted=trusted, report_blocked=not guest)
        is_camera = isinstance(found, CameraFeed)
        patience = instance.camera_patience if is_camera else instance.patience
        return await _async_settle(instance, number, patience)
    except PlayError as err:
        invalid = isinstance(err, UnsupportedMediaError) and wanted()
        kind = ServiceValidationError if invalid else HomeAssistantError
        raise kind(
            translation_domain=DOMAIN,
            translation_key=f"play_{err.code}",
            translation_placeholders={"name": instance.name, "media": _tellable(media)},
        ) from err


def _tellable(media: str) -> str:
    """Return what was asked for as it may be told and logged: without keys that a URL may hold."""
    return shown(redact_url(media) if "://" in media or media.startswith("/") else media)


async def _async_settle(instance: PlayerInstance, number: int, patience: float) -> dict[str, Any]:
    """Wait until it plays. Raises a PlayError if it does not."""
    session = instance.session
    try:
        async with asyncio.timeout(patience):
            status = await session.settled(number)
    except TimeoutError as err:
        if session.status.session == number:
            instance.async_stop_playing()
        raise PlayTimeoutError("nothing came in time") from err
    if status.session == number and status.state is Phase.ERROR and status.error is not None:
        raise status.error
    return _answer(instance, number)


def _answer(instance: PlayerInstance, number: int | None) -> dict[str, Any]:
    status = instance.status
    if status.session != number:
        return {
            "session_id": number,
            "title": None,
            "is_live": None,
            "duration": None,
            "state": SUPERSEDED,
        }
    return {
        "session_id": number,
        "title": status.title,
        "is_live": status.is_live,
        "duration": status.duration,
        "state": status.state.value,
    }


def describe_player(instance: PlayerInstance) -> dict[str, Any]:
    """Return what a player does, for its cards; positions are in s, `position_at` is UNIX time."""
    status = instance.status
    return {
        "state": status.state.value,
        "session_id": status.session,
        "title": status.title,
        "page": status.page,
        "thumbnail": _thumbnail_path(instance),
        "duration": status.duration,
        "is_live": status.is_live,
        "has_audio": status.has_audio,
        "can_seek": status.can_seek,
        "position": status.position,
        "position_at": status.position_at,
        "error": status.error and status.error.code,
        "preset": instance.style.preset,
        "charset": instance.style.charset,
    }


def _thumbnail_path(instance: PlayerInstance) -> str | None:
    """Return where Home Assistant serves the thumbnail: as the picture of the media player."""
    unique_id = f"{instance.entry.entry_id}_media_player"
    entity_id = er.async_get(instance.hass).async_get_entity_id("media_player", DOMAIN, unique_id)
    entity = entity_id and instance.hass.data[DATA_COMPONENT].get_entity(entity_id)
    return entity.media_image_local if entity else None


async def _async_find(
    instance: PlayerInstance, media: str, entity_id: str
) -> tuple[str | CameraFeed | FreshMedia, bool]:
    """Return what the session is to play, and whether its origin may be on the private network.

    Raises a PlayError for what cannot be meant.
    """
    try:
        return await _async_read(instance, media, entity_id)
    except PlayError:
        raise
    except ValueError:
        # From Home Assistant's own reading of URLs. Not chained: it may hold this one's password.
        raise UnsupportedMediaError("not a URL") from None


async def _async_read(
    instance: PlayerInstance, media: str, entity_id: str
) -> tuple[str | CameraFeed | FreshMedia, bool]:
    hass = instance.hass
    if not may_play(hass, current_user(), media):
        # As if there was none: who may not see a camera learns nothing of it.
        raise PlayNotFoundError("the user may not see it")
    if _CAMERA.fullmatch(camera := media.removeprefix(CAMERA_ITEM)):
        return _camera(instance, camera), True
    if is_media_source_id(media) or own_path(hass, media) is not None:
        own = OwnMedia(hass, media, entity_id)
        await own.async_prepare()
        return own, False
    query_of(media)
    trusted = hass.config.is_allowed_external_url(media)
    # Home Assistant reads URLs with yarl, the player with urllib: both must mean the same origin.
    return media, trusted and origin_of(media) == origin_of(str(URL(media)))


def _for_guest(media: str) -> str:
    """Return what the session is to play for a guest. Raises UnsupportedMediaError.

    Where a URL leads is not decided here, but whenever something is connected to.
    """
    if _CAMERA.fullmatch(media) or is_media_source_id(media) or media.startswith("/"):
        raise UnsupportedMediaError("guests may search, or name a URL")
    query_of(media)
    return media


def _camera(instance: PlayerInstance, entity_id: str) -> CameraFeed:
    state = instance.hass.states.get(entity_id)
    if state is None:
        raise PlayNotFoundError(f"there is no {entity_id}")
    if entity_id == instance.camera_entity_id:
        raise UnsupportedMediaError("a player cannot play itself")
    return CameraFeed(instance.hass, entity_id, state.name)
