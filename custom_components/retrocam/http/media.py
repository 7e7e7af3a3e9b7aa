"""The HTTP views of media files: lists, files and thumbnails."""

from dataclasses import dataclass
from functools import partial
from typing import Final

from aiohttp import hdrs, web
from homeassistant.components.http import KEY_HASS
import voluptuous as vol

from ..cameras.media_storage import Media
from ..cameras.open_file import OpenFile
from ..core.errors import InvalidFrameError, MediaNotFoundError, StorageError
from ..datetimes import unix_time
from ..media.items import MOST_LISTED, MediaKind, async_describe_all, content_type
from ..urls import MEDIA_LIST_PATH, MEDIA_PATH, THUMBNAIL_PATH
from .base import RetrocamView
from .file_response import file_response

LISTED: Final = 50
FOREVER: Final[dict[str, str]] = {hdrs.CACHE_CONTROL: "private, max-age=31536000, immutable"}
"""A media file never changes under its name."""

_KINDS: Final = "{kind:" + "|".join(MediaKind) + "}"


class MediaListView(RetrocamView):
    """The newest files of one kind, page by page."""

    url = MEDIA_LIST_PATH.replace("{kind}", _KINDS)
    name = "api:retrocam:media:list"

    async def get(self, request: web.Request, kind: str, entry_id: str) -> web.Response:
        """Answer with a JSON list, newest first: at most `limit`, and before `before`."""
        self.check_authenticated(request)
        instance = self.instance(request, entry_id)
        page = asked_page(request)
        which = MediaKind(kind)
        items = instance.media.libraries[which].page(page.limit, before=page.before)
        hass = request.app[KEY_HASS]
        return self.json(await async_describe_all(hass, entry_id, which, items))


@dataclass(frozen=True, slots=True)
class Page:
    """What of a list is asked for."""

    limit: int
    before: float | None
    """UNIX s; None for the newest."""


def asked_page(request: web.Request) -> Page:
    """Read `limit` and `before` of a query. Raises HTTPBadRequest, which says what is wrong."""
    try:
        limit = int(request.query.get("limit", LISTED))
    except ValueError as err:
        raise web.HTTPBadRequest(text="limit is a number") from err
    if not 1 <= limit <= MOST_LISTED:
        raise web.HTTPBadRequest(text=f"limit is 1 to {MOST_LISTED}")
    text = request.query.get("before")
    try:
        return Page(limit, None if text is None else unix_time(text))
    except vol.Invalid as err:
        raise web.HTTPBadRequest(text="before is a time") from err


class MediaView(RetrocamView):
    """One file; with Range, so that players can seek."""

    url = MEDIA_PATH.replace("{kind}", _KINDS)
    name = "api:retrocam:media:file"

    async def get(
        self, request: web.Request, kind: str, entry_id: str, filename: str
    ) -> web.StreamResponse:
        """Answer with the file, or 404 for every name that is not in the index."""
        self.check_authenticated(request)
        media = self.instance(request, entry_id).media
        return await async_file_answer(request, media, MediaKind(kind), filename)


async def async_file_answer(
    request: web.Request,
    media: Media,
    kind: MediaKind,
    filename: str,
) -> web.StreamResponse:
    """Answer with a file. Raises HTTPNotFound for every name that is not in the index."""
    try:
        file = await OpenFile.async_open(media, kind, filename)
    except (MediaNotFoundError, StorageError) as err:
        raise web.HTTPNotFound from err
    return file_response(request, file, {**FOREVER, hdrs.CONTENT_TYPE: content_type(filename)})


class ThumbnailView(RetrocamView):
    """A small JPEG of a snapshot, a clip or a timelapse."""

    url = THUMBNAIL_PATH
    name = "api:retrocam:thumbnail"

    async def get(self, request: web.Request, entry_id: str, filename: str) -> web.Response:
        """Answer with the picture, which is made when it is first asked for."""
        self.check_authenticated(request)
        media = self.instance(request, entry_id).media
        if (found := media.library_of(filename)) is None:
            raise web.HTTPNotFound
        return await async_thumbnail_answer(media, found[0], filename)


async def async_thumbnail_answer(media: Media, kind: MediaKind, filename: str) -> web.Response:
    """Answer with the small picture of a file, made now if need be. Raises HTTPNotFound."""
    try:
        jpeg = await media.async_run(partial(media.libraries[kind].thumbnail, filename), kind)
    except (MediaNotFoundError, InvalidFrameError, StorageError) as err:
        raise web.HTTPNotFound from err
    return web.Response(body=jpeg, content_type="image/jpeg", headers=FOREVER)
