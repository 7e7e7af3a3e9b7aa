"""The HTTP views of media files: lists, files and thumbnails."""

from functools import partial
from typing import Final

from aiohttp import hdrs, web
from homeassistant.components.http import KEY_HASS
import voluptuous as vol

from ..cameras.media_storage import MediaStorage
from ..cameras.open_file import OpenFile
from ..core.errors import InvalidFrameError, MediaNotFoundError, StorageError
from ..datetimes import unix_time
from ..media.items import MOST_LISTED, MediaKind, async_describe_all, content_type
from ..urls import MEDIA_LIST_PATH, MEDIA_PATH, THUMBNAIL_PATH
from .base import RetrocamView
from .file_response import file_response

_DEFAULT_LIMIT: Final = 50
_IMMUTABLE: Final[dict[str, str]] = {hdrs.CACHE_CONTROL: "private, max-age=31536000, immutable"}
"""A media file never changes under its name."""

_KINDS: Final = "{kind:" + "|".join(MediaKind) + "}"


class MediaListView(RetrocamView):
    """The newest files of one kind, in pages."""

    url = MEDIA_LIST_PATH.replace("{kind}", _KINDS)
    name = "api:retrocam:media:list"

    async def get(self, request: web.Request, kind: str, entry_id: str) -> web.Response:
        """Answer with a JSON list, newest first: at most `limit` files before `before`."""
        instance = self.instance(request, entry_id)
        limit, before = parse_page(request)
        media_kind = MediaKind(kind)
        items = instance.media.libraries[media_kind].page(limit, before=before)
        hass = request.app[KEY_HASS]
        return self.json(await async_describe_all(hass, entry_id, media_kind, items))

    head = get


def parse_page(request: web.Request) -> tuple[int, float | None]:
    """Parse `limit` and `before` (UNIX s, None for the newest) of a query.

    Raises HTTPBadRequest with the reason.
    """
    try:
        limit = int(request.query.get("limit", _DEFAULT_LIMIT))
    except ValueError as err:
        raise web.HTTPBadRequest(text="limit is a number") from err
    if not 1 <= limit <= MOST_LISTED:
        raise web.HTTPBadRequest(text=f"limit is 1 to {MOST_LISTED}")
    before = request.query.get("before")
    try:
        return limit, None if before is None else unix_time(before)
    except vol.Invalid as err:
        raise web.HTTPBadRequest(text="before is a time") from err


class MediaView(RetrocamView):
    """One file, with Range requests, so that players can seek."""

    url = MEDIA_PATH.replace("{kind}", _KINDS)
    name = "api:retrocam:media:file"

    async def get(
        self, request: web.Request, kind: str, entry_id: str, filename: str
    ) -> web.StreamResponse:
        """Answer with the file, 404 for any name that is not in the index."""
        media = self.instance(request, entry_id).media
        return await async_file_response(request, media, MediaKind(kind), filename)

    head = get


async def async_file_response(
    request: web.Request, media: MediaStorage, kind: MediaKind, filename: str
) -> web.StreamResponse:
    """Return the response with a file. Raises HTTPNotFound for any name that is not in the index."""
    try:
        file = await OpenFile.async_open(media, kind, filename)
    except (MediaNotFoundError, StorageError) as err:
        raise web.HTTPNotFound from err
    return file_response(request, file, {**_IMMUTABLE, hdrs.CONTENT_TYPE: content_type(filename)})


class ThumbnailView(RetrocamView):
    """A small JPEG of a snapshot, a clip or a timelapse."""

    url = THUMBNAIL_PATH
    name = "api:retrocam:thumbnail"

    async def get(self, request: web.Request, entry_id: str, filename: str) -> web.Response:
        """Answer with the thumbnail, which is made on the first request."""
        media = self.instance(request, entry_id).media
        if (found := media.find_item(filename)) is None:
            raise web.HTTPNotFound
        return await async_thumbnail_response(media, found[0], filename)

    head = get


async def async_thumbnail_response(
    media: MediaStorage, kind: MediaKind, filename: str
) -> web.Response:
    """Return the response with a file's thumbnail, made if needed. Raises HTTPNotFound."""
    try:
        jpeg = await media.async_run(partial(media.libraries[kind].thumbnail, filename), kind)
    except (MediaNotFoundError, InvalidFrameError, StorageError) as err:
        raise web.HTTPNotFound from err
    return web.Response(body=jpeg, content_type="image/jpeg", headers=_IMMUTABLE)
