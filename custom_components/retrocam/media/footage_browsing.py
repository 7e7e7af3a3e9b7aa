"""Footage in the media source: the present, and the last minutes that are held."""

from dataclasses import replace
import time
from typing import Final

from homeassistant.components.media_player import MediaClass, MediaType
from homeassistant.components.media_source import BrowseMediaSource, PlayMedia
from homeassistant.core import HomeAssistant

from ..const import DOMAIN
from ..urls import FOOTAGE_MASTER_PATH, signed
from .footage_ids import FootageId
from .ids import MediaId
from .tape_ids import TapeId

HLS_TYPE: Final = "application/vnd.apple.mpegurl"
_MINUTES: Final = (1, 2, 5, 10, 15)


def resolve_footage(
    hass: HomeAssistant, footage: FootageId, reach: tuple[float, float] | None
) -> PlayMedia | None:
    """Return the signed path of a playlist; None where nothing of it is held.

    `reach` is the first and the last time held, UNIX s.
    """
    path = FOOTAGE_MASTER_PATH.format(entry_id=footage.entry_id)
    if (seconds := footage.seconds) is not None:
        now = time.time()
        if reach is None or reach[1] <= now - seconds:
            return None
        path += f"?start={now - seconds:.3f}&end={now:.3f}"
    elif not footage.item:
        return None
    return PlayMedia(signed(hass, path), HLS_TYPE)


def footage_items(footage: FootageId, reach: tuple[float, float] | None) -> list[BrowseMediaSource]:
    """Return what can be played of an entry's footage; `reach` as in `resolve_footage`."""
    held = time.time() - reach[0] if reach else 0.0
    minutes = [count for count in _MINUTES if 60 * (count - 1) < held]
    items = [("live", "Live")] if reach else []
    items += [(str(60 * count), f"{count} min") for count in minutes]
    return [
        BrowseMediaSource(
            domain=DOMAIN,
            identifier=str(replace(footage, item=item)),
            media_class=MediaClass.VIDEO,
            media_content_type=HLS_TYPE,
            title=title,
            can_play=True,
            can_expand=False,
        )
        for item, title in items
    ]


def folder(
    media: MediaId | FootageId | TapeId, title: str, children: list[BrowseMediaSource] | None = None
) -> BrowseMediaSource:
    """Return a folder of the media source, which can be searched."""
    return BrowseMediaSource(
        domain=DOMAIN,
        identifier=str(media) or None,
        media_class=MediaClass.DIRECTORY,
        media_content_type=MediaType.VIDEO,
        title=title,
        can_play=False,
        can_expand=True,
        can_search=True,
        search_media_classes=[MediaClass.IMAGE, MediaClass.VIDEO],
        children=children,
        children_media_class=MediaClass.DIRECTORY,
    )
