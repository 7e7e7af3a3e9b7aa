"""Finding what a user or a guest wants to play."""

import re
from typing import Final

from homeassistant.components.media_source import is_media_source_id
from homeassistant.helpers import entity_registry as er
from yarl import URL

from ..cameras.player import AsciiPlayer, CameraFeed
from ..cameras.player_queue import Playable
from ..const import DOMAIN
from ..core.errors import PlayError, PlayNotFoundError, UnsupportedMediaError
from ..core.player.lookup.resolver import query_of
from ..core.player.net.fetch import origin_of
from ..core.sources.urls import MAX_URL
from ..core.texts import is_plain
from ..own_urls import own_path
from ..rights import current_user, may_play
from .own_media import OwnMedia

_CAMERA: Final = re.compile(r"camera\.[a-z0-9_]+")
CAMERA_ITEM: Final = "media-source://camera/"
"""Prefix of a camera's entity id in the media browser.

Not resolved by Home Assistant: its HLS is seconds behind the frames that are decoded here.
"""


def plain(media: str) -> str:
    """Return the text without blanks around it. Raises UnsupportedMediaError."""
    text = media.strip()
    if not is_plain(text, max_length=MAX_URL):
        raise UnsupportedMediaError("too long, or not plain text")
    return text


async def async_find(instance: AsciiPlayer, media: str, *, guest: bool) -> Playable[CameraFeed]:
    """Return the media to play for a guest, or for the current user. Raises PlayError."""
    if guest:
        return Playable(_parse_guest_media(media), report_blocked=False)
    hass = instance.hass
    checked = await async_check(instance, media)
    if isinstance(checked, OwnMedia):
        return Playable(checked)
    if checked is None:
        return Playable(_camera_feed(instance, media.removeprefix(CAMERA_ITEM)), trusted=True)
    try:
        trusted = hass.config.is_allowed_external_url(media)
        # Home Assistant parses URLs with yarl, the player with urllib: both must give one origin.
        return Playable(media, trusted and origin_of(media) == origin_of(str(URL(media))))
    except ValueError:
        raise UnsupportedMediaError("not a URL") from None


async def async_check(instance: AsciiPlayer, media: str) -> OwnMedia | str | None:
    """Check media for the current user: a URL or search, or None for a camera. Raises PlayError."""
    hass = instance.hass
    try:
        if not may_play(hass, current_user(), media):
            # Not "forbidden", which would reveal that the camera exists.
            raise PlayNotFoundError("the user may not see it")
        if _CAMERA.fullmatch(camera := media.removeprefix(CAMERA_ITEM)):
            _camera_name(instance, camera)
            return None
        if is_media_source_id(media) or own_path(hass, media) is not None:
            own_media = OwnMedia(hass, media, media_player_id(instance))
            await own_media.async_prepare()
            return own_media
        query_of(media)
    except PlayError:
        raise
    except ValueError:
        # Of Home Assistant's URL parsers. Not chained: the message may contain a password.
        raise UnsupportedMediaError("not a URL") from None
    return media


def media_player_id(instance: AsciiPlayer) -> str | None:
    """Return the entity id of a player."""
    unique_id = f"{instance.entry.entry_id}_media_player"
    return er.async_get(instance.hass).async_get_entity_id("media_player", DOMAIN, unique_id)


def _parse_guest_media(media: str) -> str:
    """Return the search or URL of a guest. Raises UnsupportedMediaError.

    Addresses are checked later, at each connection.
    """
    if _CAMERA.fullmatch(media) or is_media_source_id(media) or media.startswith("/"):
        raise UnsupportedMediaError("guests may search, or name a URL")
    query_of(media)
    return media


def _camera_feed(instance: AsciiPlayer, entity_id: str) -> CameraFeed:
    return CameraFeed(instance.hass, entity_id, _camera_name(instance, entity_id))


def _camera_name(instance: AsciiPlayer, entity_id: str) -> str:
    """Return the name of a camera that the player can show. Raises PlayError."""
    state = instance.hass.states.get(entity_id)
    if state is None:
        raise PlayNotFoundError(f"there is no {entity_id}")
    if entity_id == instance.camera_entity_id:
        raise UnsupportedMediaError("a player cannot play itself")
    return state.name
