"""How a media file is told to actions, cards and automations."""

from collections.abc import Iterable
from enum import StrEnum
from functools import partial
from typing import Any, Final

from homeassistant.core import HomeAssistant, callback

from ..const import DOMAIN
from ..core.library.files import parse_name
from ..core.library.index import MediaItem
from ..datetimes import day_of, iso
from ..urls import media_path, signed, thumbnail_path
from ..workload import async_slices


class MediaKind(StrEnum):
    """The three libraries of an instance, as they are called in paths."""

    SNAPSHOTS = "snapshots"
    RECORDINGS = "recordings"
    TIMELAPSES = "timelapses"


MOST_LISTED: Final = 500
"""Items of a page: each is signed twice, which takes 0.15 ms."""
CONTENT_TYPES: Final = {"jpg": "image/jpeg", "png": "image/png", "mp4": "video/mp4"}


def content_type(name: str) -> str:
    """Return the MIME type of a media file's name."""
    return CONTENT_TYPES[name.rpartition(".")[2]]


def content_id(entry_id: str, kind: MediaKind, name: str) -> str:
    """Return the media source's id of a file. Raises ValueError for a name that is not ours."""
    if (parsed := parse_name(name)) is None:
        raise ValueError("not the name of a media file")
    return f"media-source://{DOMAIN}/{entry_id}/{kind}/{day_of(parsed[0] / 1000)}/{name}"


@callback
def describe(
    hass: HomeAssistant,
    entry_id: str,
    kind: MediaKind,
    item: MediaItem,
    refresh_token_id: str | None = None,
) -> dict[str, Any]:
    """Return what actions, lists and events say of a file, with URLs signed as `signed` does."""
    sign = partial(signed, hass, refresh_token_id=refresh_token_id)
    said: dict[str, Any] = {
        "filename": item.name,
        "timestamp": iso(item.time),
        "size": item.size,
        "url": sign(media_path(kind, entry_id, item.name)),
        "thumbnail_url": sign(thumbnail_path(entry_id, item.name)),
        "media_content_id": content_id(entry_id, kind, item.name),
    }
    if kind is not MediaKind.SNAPSHOTS:
        said["duration"] = round(item.duration, 3)
    return said


async def async_describe_all(
    hass: HomeAssistant, entry_id: str, kind: MediaKind, items: Iterable[MediaItem]
) -> list[dict[str, Any]]:
    """Return what lists say of files, described in slices that leave the loop to others between."""
    return await async_slices(hass).each(partial(describe, hass, entry_id, kind), items)
