"""Descriptions of media files for actions, cards and automations."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import partial
from typing import Any, Final

from homeassistant.core import HomeAssistant, callback

from ..const import DOMAIN
from ..core.library.files import parse_name
from ..core.library.index import MediaItem
from ..core.library.store import MediaLibrary
from ..datetimes import iso, utc_day
from ..urls import media_path, signed, thumbnail_path
from ..workload import async_slices


class MediaKind(StrEnum):
    """The libraries of an instance; the values are used in paths."""

    SNAPSHOTS = "snapshots"
    RECORDINGS = "recordings"
    TIMELAPSES = "timelapses"


MOST_LISTED: Final = 500
"""Maximum items of a page: each is signed twice, in 0.15 ms."""
CONTENT_TYPES: Final = {"jpg": "image/jpeg", "png": "image/png", "mp4": "video/mp4"}


def content_type(name: str) -> str:
    """Return the MIME type of a media file's name."""
    return CONTENT_TYPES[name.rpartition(".")[2]]


def content_id(entry_id: str, kind: MediaKind, name: str) -> str:
    """Return the id of a file in the media source. Raises ValueError for names of other files."""
    if (parsed := parse_name(name)) is None:
        raise ValueError("not the name of a media file")
    return f"media-source://{DOMAIN}/{entry_id}/{kind}/{utc_day(parsed[0] / 1000)}/{name}"


@callback
def describe(
    hass: HomeAssistant,
    entry_id: str,
    kind: MediaKind,
    item: MediaItem,
    refresh_token_id: str | None = None,
) -> dict[str, Any]:
    """Describe a file, with URLs signed by `signed`."""
    sign = partial(signed, hass, refresh_token_id=refresh_token_id)
    description: dict[str, Any] = {
        "filename": item.name,
        "timestamp": iso(item.time),
        "size": item.size,
        "url": sign(media_path(kind, entry_id, item.name)),
        "thumbnail_url": sign(thumbnail_path(entry_id, item.name)),
        "media_content_id": content_id(entry_id, kind, item.name),
    }
    if kind is not MediaKind.SNAPSHOTS:
        description["duration"] = round(item.duration, 3)
    return description


async def async_list_page(
    hass: HomeAssistant,
    entry_id: str,
    kind: MediaKind,
    library: MediaLibrary,
    query: Mapping[str, Any],
) -> dict[str, Any]:
    """List the newest `limit` files of a query from `after` until `before`, both optional, UNIX s."""
    span = {key: query[key] for key in ("after", "before") if key in query}
    page, total = library.page(query["limit"], **span), library.count(**span)
    return {"items": await async_describe_all(hass, entry_id, kind, page), "total": total}


async def async_describe_all(
    hass: HomeAssistant, entry_id: str, kind: MediaKind, items: Iterable[MediaItem]
) -> list[dict[str, Any]]:
    """Describe files, in slices between which the event loop is free."""
    return await async_slices(hass).map(partial(describe, hass, entry_id, kind), items)
