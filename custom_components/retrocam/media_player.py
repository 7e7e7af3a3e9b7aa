"""The media player entity of an ASCII player."""

from copy import copy
from datetime import datetime
import re
from typing import Any, Final, override

from homeassistant.components.media_player import (
    BrowseMedia,
    MediaClass,
    MediaPlayerEntity,
    MediaPlayerEntityFeature,
    MediaPlayerState,
    MediaType,
    SearchMedia,
    SearchMediaQuery,
)
from homeassistant.components.media_player.errors import BrowseError, SearchError
from homeassistant.components.media_source import async_browse_media, async_search_media
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util import dt as dt_util

from .actions.play_media import CAMERA_ITEM, async_play
from .cameras import RetrocamConfigEntry
from .cameras.player import PlayerInstance
from .core.player.machine import RUNNING, Phase
from .entity import RetrocamEntity
from .rights import async_acting_for, current_user, may_play

PARALLEL_UPDATES = 0

_STATES: Final = {
    Phase.IDLE: MediaPlayerState.IDLE,
    Phase.RESOLVING: MediaPlayerState.BUFFERING,
    Phase.BUFFERING: MediaPlayerState.BUFFERING,
    Phase.PLAYING: MediaPlayerState.PLAYING,
    Phase.PAUSED: MediaPlayerState.PAUSED,
    Phase.ERROR: MediaPlayerState.IDLE,
}
_FEATURES: Final = (
    MediaPlayerEntityFeature.PLAY_MEDIA
    | MediaPlayerEntityFeature.STOP
    | MediaPlayerEntityFeature.PLAY
    | MediaPlayerEntityFeature.PAUSE
    | MediaPlayerEntityFeature.BROWSE_MEDIA
    | MediaPlayerEntityFeature.SEARCH_MEDIA
)
_OWN_PATH: Final = re.compile(r"/(?![/\\])")
"""Browsers take a backslash for a slash, and two of them for the beginning of a host."""
_PLAYLISTS: Final = {"application/vnd.apple.mpegurl", "application/x-mpegurl"}


async def async_setup_entry(
    hass: HomeAssistant,
    entry: RetrocamConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the media player of an ASCII player."""
    if isinstance(entry.runtime_data, PlayerInstance):
        async_add_entities([RetrocamMediaPlayer(entry.runtime_data)])


class RetrocamMediaPlayer(RetrocamEntity, MediaPlayerEntity):
    """Plays anything as ASCII."""

    _attr_name = None
    _attr_media_content_type = MediaType.VIDEO
    instance: PlayerInstance

    def __init__(self, instance: PlayerInstance) -> None:
        """Make the entity; the instance plays."""
        super().__init__(instance, "media_player")
        self._read()

    @override
    async def async_added_to_hass(self) -> None:
        """Follow the instance, and read it again before each change is told."""
        self.async_on_remove(self.instance.async_add_listener(self._read))
        await super().async_added_to_hass()

    @callback
    def _read(self) -> None:
        status = self.instance.status
        running = status.state in RUNNING
        self._attr_state = _STATES[status.state]
        self._attr_supported_features = _FEATURES
        if status.can_seek:
            self._attr_supported_features |= MediaPlayerEntityFeature.SEEK
        loaded = status.state not in (Phase.IDLE, Phase.ERROR)
        self._attr_media_title = status.title if loaded else None
        self._attr_media_content_id = status.page if loaded else None
        self._attr_media_duration = round(status.duration) if loaded and status.duration else None
        timed = running and not status.is_live
        self._attr_media_position = round(status.position) if timed else None
        self._attr_media_position_updated_at = _moment(status.position_at) if timed else None
        error = status.error
        self._attr_extra_state_attributes = {"error": error.code if error is not None else None}

    @property
    @override
    def media_image_hash(self) -> str | None:
        """Return what tells one thumbnail from another; never a URL for anybody to fetch."""
        artwork = self.instance.thumbnail.artwork
        return artwork.digest if artwork is not None else None

    @override
    async def async_get_media_image(self) -> tuple[bytes | None, str | None]:
        """Return the thumbnail of what plays, and its type."""
        artwork = self.instance.thumbnail.artwork
        return (artwork.data, artwork.content_type) if artwork is not None else (None, None)

    @override
    async def async_play_media(
        self, media_type: MediaType | str, media_id: str, **kwargs: Any
    ) -> None:
        """Play a URL, a YouTube id, search words, a media source's item or a camera."""
        async with async_acting_for(self.hass, self._context):
            await async_play(self.instance, media_id, entity_id=self.entity_id)

    @override
    async def async_media_stop(self) -> None:
        """End it."""
        self.instance.async_stop_playing()

    @override
    async def async_media_play(self) -> None:
        """Go on; play again what has ended."""
        last = self.instance.last_media
        if self.state is MediaPlayerState.IDLE and last is not None:
            async with async_acting_for(self.hass, self._context):
                await async_play(
                    self.instance,
                    last,
                    entity_id=self.entity_id,
                    guest=self.instance.last_by_guest,
                )
        else:
            self.instance.session.resume()

    @override
    async def async_media_pause(self) -> None:
        """Stand still."""
        self.instance.session.pause()

    @override
    async def async_media_seek(self, position: float) -> None:
        """Go on from another position."""
        await self.instance.async_seek(position)

    @override
    async def async_browse_media(
        self,
        media_content_type: MediaType | str | None = None,
        media_content_id: str | None = None,
    ) -> BrowseMedia:
        """Browse what has pictures in the media sources, and what the user may play of it."""
        itself = f"{CAMERA_ITEM}{self.instance.camera_entity_id}"
        found = await async_browse_media(
            self.hass,
            media_content_id,
            content_filter=lambda item: item.media_content_id != itself and self._is_offered(item),
        )
        return _with_own_thumbnails(found)

    @override
    async def async_search_media(self, query: SearchMediaQuery) -> SearchMedia:
        """Offer the first hit on YouTube, and what the media source at hand finds."""
        words = " ".join(query.search_query.split())
        found = [
            BrowseMedia(
                media_class=MediaClass.VIDEO,
                media_content_id=f"ytsearch1:{words}",
                media_content_type=MediaType.VIDEO,
                title=f"YouTube: {words}",
                can_play=True,
                can_expand=False,
            )
        ]
        if query.media_content_id:
            try:
                source = await async_search_media(self.hass, query.media_content_id, query)
                found += [
                    _with_own_thumbnails(item) for item in source.result if self._is_offered(item)
                ]
            except BrowseError, SearchError:
                pass  # this one cannot search
        return SearchMedia(result=found)

    @callback
    def _is_offered(self, item: BrowseMedia) -> bool:
        """Return whether an item has pictures, and the user at hand may play it."""
        return _is_video(item) and may_play(self.hass, current_user(), item.media_content_id)


def _is_video(item: BrowseMedia) -> bool:
    kind = item.media_content_type or ""
    return kind.startswith("video") or kind.lower() in _PLAYLISTS


def _with_own_thumbnails[Item: BrowseMedia](item: Item) -> Item:
    """Return a copy of an item whose thumbnails are only such as Home Assistant serves itself.

    Others would have the browser tell a stranger's server of its address.
    """
    item = copy(item)
    if not _OWN_PATH.match(item.thumbnail or ""):
        item.thumbnail = None
    if item.children is not None:
        item.children = [_with_own_thumbnails(child) for child in item.children]
    return item


def _moment(time: float) -> datetime:
    return dt_util.utc_from_timestamp(time)
