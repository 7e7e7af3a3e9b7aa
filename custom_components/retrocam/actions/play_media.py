"""Playing of media on an ASCII player, for actions, the media player entity, cards and guests."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from homeassistant.components.media_player import DATA_COMPONENT
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError

from ..cameras.player import AsciiPlayer, CameraFeed
from ..cameras.player_queue import Playable
from ..const import DOMAIN
from ..core.errors import PlayError, PlayTimeoutError, UnsupportedMediaError
from ..core.sources.urls import redact_url
from ..core.texts import for_display
from ..workload import async_slices
from .find_media import async_find, media_player_id, plain
from .queue_items import Item, queue_item

SUPERSEDED: Final = "superseded"
"""State in the answer to a request that a newer one replaced before it played."""


async def async_play(
    instance: AsciiPlayer,
    media: str,
    *,
    preset: str | None = None,
    guest: bool = False,
    place: Callable[[Item], object] | None = None,
) -> dict[str, Any]:
    """Play media; return the title and state once it plays.

    A `guest` may only search and name URLs, which may lead to public addresses alone. `place` makes the
    item the current one of the queue, in place of all others if None.
    Raises ServiceValidationError for invalid media, HomeAssistantError for media that cannot be played.
    """
    is_current = instance.async_begin_request()
    place = place or instance.queue.items.replace

    def play(playable: Playable[CameraFeed]) -> int:
        # Set together: media of a guest must not be replayed with the rights of a user.
        item = queue_item(instance, media, guest=guest)
        return instance.queue.async_play(playable, partial(place, item))

    try:
        return await async_start(
            instance, media, play, guest=guest, is_current=is_current, preset=preset
        )
    except PlayError as err:
        raise play_error(instance, media, err, is_current=is_current()) from err


async def async_start(
    instance: AsciiPlayer,
    media: str,
    play: Callable[[Playable[CameraFeed]], int],
    *,
    guest: bool = False,
    is_current: Callable[[], bool] = lambda: True,
    preset: str | None = None,
) -> dict[str, Any]:
    """Find media, let `play` play them, and answer once they play. Raises a PlayError."""
    slices = async_slices(instance.hass)
    text = plain(media)
    async with slices.turn():
        # Of hundreds of simultaneous requests, only the last is still current by now.
        if not is_current():
            return _answer(instance, None)
        if preset is not None:
            instance.async_set_style(preset=preset)
    playable = await async_find(instance, text, guest=guest)
    async with slices.turn():
        if not is_current():
            return _answer(instance, None)
        session_id = play(playable)
    is_camera = isinstance(playable.source, CameraFeed)
    limit = instance.camera_timeout if is_camera else instance.start_timeout
    return await _async_wait_playing(instance, session_id, limit)


def play_error(
    instance: AsciiPlayer, media: str, err: PlayError, *, is_current: bool
) -> HomeAssistantError:
    """Return the translated error."""
    is_invalid = isinstance(err, UnsupportedMediaError) and is_current
    redacted = redact_url(media) if "://" in media or media.startswith("/") else media
    error_type = ServiceValidationError if is_invalid else HomeAssistantError
    return error_type(
        translation_domain=DOMAIN,
        translation_key=f"play_{err.code}",
        translation_placeholders={"name": instance.name, "media": for_display(redacted)},
    )


async def _async_wait_playing(
    instance: AsciiPlayer, session_id: int, limit: float
) -> dict[str, Any]:
    """Wait until the session plays; return the answer. Raises a PlayError."""
    session = instance.session
    try:
        async with asyncio.timeout(limit):
            await session.settled(session_id)
    except TimeoutError as err:
        if session.status.session == session_id:
            if instance.queue.is_announcing:
                instance.queue.async_end_announcement()
            else:
                instance.async_stop_playing()
        raise PlayTimeoutError("not playing in time") from err
    if (error := session.failure_of(session_id)) is not None:
        raise error
    return _answer(instance, session_id)


def _answer(instance: AsciiPlayer, session_id: int | None) -> dict[str, Any]:
    status = instance.status
    is_current = status.session == session_id
    return {
        "session_id": session_id,
        "title": status.title if is_current else None,
        "is_live": status.is_live if is_current else None,
        "duration": status.duration if is_current else None,
        "state": status.state.value if is_current else SUPERSEDED,
    }


def describe_player(instance: AsciiPlayer) -> dict[str, Any]:
    """Return the state of a player for its cards; positions in s, `position_at` in UNIX s."""
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


def _thumbnail_path(instance: AsciiPlayer) -> str | None:
    """Return the path of the thumbnail: the image of the media player entity."""
    entity_id = media_player_id(instance)
    entity = entity_id and instance.hass.data[DATA_COMPONENT].get_entity(entity_id)
    return entity.media_image_local if entity else None
