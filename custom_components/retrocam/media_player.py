"""The media player entity of an ASCII player."""

from copy import copy
import re
from typing import Any, Final, override

from homeassistant.components.media_player import (
    BrowseMedia,
    MediaClass,
    MediaPlayerEnqueue,
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

from .actions.find_media import CAMERA_ITEM
from .actions.play_media import async_play
from .actions.queue import async_announce, async_enqueue, async_play_again, async_skip
from .cameras import RetrocamConfigEntry
from .cameras.player import AsciiPlayer
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
    | MediaPlayerEntityFeature.MEDIA_ANNOUNCE
    | MediaPlayerEntityFeature.MEDIA_ENQUEUE
)
_OWN_PATH: Final = re.compile(r"/(?![/\\])")
"""A path, but not `//host` or `/\\host`: browsers read a backslash as a slash."""
_PLAYLISTS: Final = {"application/vnd.apple.mpegurl", "application/x-mpegurl"}


async def async_setup_entry(
    hass: HomeAssistant,
    entry: RetrocamConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the media player of an ASCII player."""
    if isinstance(entry.runtime_data, AsciiPlayer):
        async_add_entities([RetrocamMediaPlayer(entry.runtime_data)])


class RetrocamMediaPlayer(RetrocamEntity, MediaPlayerEntity):
    """The media player of an ASCII player."""

    _attr_name = None
    _attr_media_content_type = MediaType.VIDEO
    instance: AsciiPlayer

    def __init__(self, instance: AsciiPlayer) -> None:
        super().__init__(instance, "media_player")
        self._update()

    @override
    async def async_added_to_hass(self) -> None:
        """Update the attributes at each change, before the listener that writes the state."""
        self.async_on_remove(self.instance.async_add_listener(self._update))
        await super().async_added_to_hass()

    @callback
    def _update(self) -> None:
        status = self.instance.status
        self._attr_state = _STATES[status.state]
        self._attr_supported_features = _FEATURES
        if status.can_seek:
            self._attr_supported_features |= MediaPlayerEntityFeature.SEEK
        self._attr_supported_features |= self._queue_features()
        loaded = status.state not in (Phase.IDLE, Phase.ERROR)
        self._attr_media_title = status.title if loaded else None
        self._attr_media_content_id = status.page if loaded else None
        self._attr_media_duration = round(status.duration) if loaded and status.duration else None
        has_position = status.state in RUNNING and not status.is_live
        updated_at = dt_util.utc_from_timestamp(status.position_at)
        self._attr_media_position = round(status.position) if has_position else None
        self._attr_media_position_updated_at = updated_at if has_position else None
        items = self.instance.queue.items
        self._attr_extra_state_attributes = {
            "error": status.error and status.error.code,
            "queue_position": items.position or None,
            "queue_size": len(items),
        }

    def _queue_features(self) -> MediaPlayerEntityFeature:
        items = self.instance.queue.items
        features = MediaPlayerEntityFeature(0)
        if items.peek(1) is not None:
            features |= MediaPlayerEntityFeature.NEXT_TRACK
        if items.peek(-1) is not None:
            features |= MediaPlayerEntityFeature.PREVIOUS_TRACK
        if len(items) > 1 or items.peek(1) is not None:
            features |= MediaPlayerEntityFeature.CLEAR_PLAYLIST
        return features

    @property
    @override
    def media_image_hash(self) -> str | None:
        """Return the digest of the thumbnail, which Home Assistant itself serves."""
        artwork = self.instance.thumbnail.artwork
        return artwork.digest if artwork is not None else None

    @override
    async def async_get_media_image(self) -> tuple[bytes | None, str | None]:
        """Return the thumbnail and its content type."""
        artwork = self.instance.thumbnail.artwork
        return (artwork.data, artwork.content_type) if artwork is not None else (None, None)

    @override
    async def async_play_media(
        self,
        media_type: MediaType | str,
        media_id: str,
        enqueue: MediaPlayerEnqueue | None = None,
        announce: bool | None = None,
        **kwargs: Any,
    ) -> None:
        """Play a URL, a YouTube id, search words, a media source item or a camera."""
        player = self.instance
        async with async_acting_for(self.hass, self._context):
            if announce:
                await async_announce(player, media_id)
            elif enqueue in (MediaPlayerEnqueue.ADD, MediaPlayerEnqueue.NEXT):
                is_next = enqueue is MediaPlayerEnqueue.NEXT
                await async_enqueue(player, media_id, is_next=is_next)
            elif enqueue is MediaPlayerEnqueue.PLAY:
                await async_play(player, media_id, place=player.queue.items.insert)
            else:
                await async_play(player, media_id)

    @override
    async def async_media_stop(self) -> None:
        self.instance.async_stop_playing()

    @override
    async def async_media_play(self) -> None:
        """Resume; or play what is queued, or the last media again."""
        player = self.instance
        if self.state is MediaPlayerState.IDLE and player.queue.items.first() is not None:
            async with async_acting_for(self.hass, self._context):
                await async_play_again(player)
        else:
            player.session.resume()

    @override
    async def async_media_next_track(self) -> None:
        async with async_acting_for(self.hass, self._context):
            await async_skip(self.instance, 1)

    @override
    async def async_media_previous_track(self) -> None:
        async with async_acting_for(self.hass, self._context):
            await async_skip(self.instance, -1)

    @override
    async def async_clear_playlist(self) -> None:
        """Clear the queue; what plays goes on."""
        self.instance.queue.items.clear()
        self.instance.queue.async_changed()

    @override
    async def async_media_pause(self) -> None:
        self.instance.session.pause()

    @override
    async def async_media_seek(self, position: float) -> None:
        await self.instance.async_seek(position)

    @override
    async def async_browse_media(
        self,
        media_content_type: MediaType | str | None = None,
        media_content_id: str | None = None,
    ) -> BrowseMedia:
        """Browse the videos and cameras of media sources that the current user may play."""
        own_camera = f"{CAMERA_ITEM}{self.instance.camera_entity_id}"
        media = await async_browse_media(
            self.hass,
            media_content_id,
            content_filter=lambda item: (
                item.media_content_id != own_camera and self._is_playable(item)
            ),
        )
        return _with_local_thumbnails(media)

    @override
    async def async_search_media(self, query: SearchMediaQuery) -> SearchMedia:
        """Return the first result of YouTube, and those of the media source being browsed."""
        words = " ".join(query.search_query.split())
        results = [
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
                results += [
                    _with_local_thumbnails(item)
                    for item in source.result
                    if self._is_playable(item)
                ]
            except BrowseError, SearchError:
                pass  # this source cannot search
        return SearchMedia(result=results)

    @callback
    def _is_playable(self, item: BrowseMedia) -> bool:
        """Return whether an item is video that the current user may play."""
        kind = (item.media_content_type or "").lower()
        is_video = kind.startswith("video") or kind in _PLAYLISTS
        return is_video and may_play(self.hass, current_user(), item.media_content_id)


def _with_local_thumbnails[Item: BrowseMedia](item: Item) -> Item:
    """Return a copy of an item without thumbnails of other servers.

    These would learn the address of the browser.
    """
    item = copy(item)
    if not _OWN_PATH.match(item.thumbnail or ""):
        item.thumbnail = None
    if item.children is not None:
        item.children = [_with_local_thumbnails(child) for child in item.children]
    return item
