"""What guests see and hear: the same bytes as by Home Assistant's own views, for the cookie."""

from abc import ABC, abstractmethod
from typing import Any, Final, override

from aiohttp import web
from homeassistant.components.http import KEY_HASS
from homeassistant.core import callback

from ..cameras import CameraInstance
from ..cameras.media_storage import Media
from ..core.library.index import MediaItem
from ..datetimes import iso
from ..http.ascii import Terms, Told, async_stream_cells, async_stream_sound
from ..http.media import asked_page, async_file_answer, async_thumbnail_answer
from ..http.mjpeg import async_stream_mjpeg
from ..media.items import MediaKind
from ..urls import (
    AUDIO_BASE,
    SHARE_AUDIO_PATH,
    SHARE_CELLS_PATH,
    SHARE_MJPEG_PATH,
    SHARE_SNAPSHOT_PATH,
    SHARE_SNAPSHOTS_PATH,
    SHARE_THUMBNAIL_PATH,
    share_path,
)
from ..workload import async_slices
from .base import (
    HEADERS,
    ShareView,
    async_while_welcome,
    bad_request,
    check_origin,
    refusal,
    visiting,
)


class ShareCellsView(ShareView):
    """The pictures as cells."""

    url = SHARE_CELLS_PATH
    name = "retrocam:share:cells"

    async def get(self, request: web.Request, slug: str) -> web.StreamResponse:
        """Speak the cell stream until the guest leaves, or has to."""
        guest, instance = self.enter(request, slug)
        check_origin(request)
        base = share_path(slug)

        def told(message: Told) -> Told:
            return _for_guests(message, instance, base)

        with visiting(request, guest) as ended:
            return await async_stream_cells(request, instance, Terms(ended, told))


def _for_guests(message: Told, instance: CameraInstance, base: str) -> Told:
    """Return a message with the sound's address on this page, and without the words of an error.

    Those may name what the owner plays, or where.
    """
    if message["type"] == "init":
        if message["audio"] is None:
            return message
        own = f"{AUDIO_BASE}/{instance.entry.entry_id}/"
        return {**message, "audio": f"{base}/audio/{message['audio'].removeprefix(own)}"}
    if message["error"] is None:
        return message
    return {**message, "error": {"code": message["error"]["code"], "message": ""}}


class ShareMjpegView(ShareView):
    """The pictures as MJPEG."""

    url = SHARE_MJPEG_PATH
    name = "retrocam:share:mjpeg"

    async def get(self, request: web.Request, slug: str) -> web.StreamResponse:
        """Answer with MJPEG until the guest leaves, or has to."""
        guest, instance = self.enter(request, slug)
        return await async_while_welcome(request, guest, async_stream_mjpeg(request, instance))


class ShareAudioView(ShareView):
    """The sound of what a player plays."""

    url = SHARE_AUDIO_PATH
    name = "retrocam:share:audio"

    async def get(
        self, request: web.Request, slug: str, session: str, epoch: str, start_us: str
    ) -> web.StreamResponse:
        """Answer with ADTS from a position on, until the sound ends or the guest has to go."""
        guest, instance = self.enter(request, slug)
        sound = async_stream_sound(request, instance, int(session), int(epoch), int(start_us))
        return await async_while_welcome(request, guest, sound)


class HistoryView(ShareView):
    """The base of the views of snapshots."""

    @callback
    def media(self, request: web.Request, slug: str) -> Media:
        """Return whose snapshots a guest may see. Raises HTTPForbidden where that is nobody's."""
        _, instance = self.enter(request, slug)
        if not instance.share.history:
            raise refusal(web.HTTPForbidden, "forbidden")
        return instance.media


class ShareSnapshotsView(HistoryView):
    """The newest snapshots."""

    url = SHARE_SNAPSHOTS_PATH
    name = "retrocam:share:snapshots"

    async def get(self, request: web.Request, slug: str) -> web.Response:
        """Answer with a JSON list, newest first: at most `limit`, and before `before`."""
        media = self.media(request, slug)
        try:
            page = asked_page(request)
        except web.HTTPBadRequest as err:
            raise bad_request(err.text or "") from err
        items = media.snapshots.page(page.limit, before=page.before)
        slices = async_slices(request.app[KEY_HASS])
        return self.answer(await slices.each(_described, items))


def _described(item: MediaItem) -> dict[str, Any]:
    return {"filename": item.name, "timestamp": iso(item.time), "size": item.size}


class FileView(HistoryView, ABC):
    """The base of the views of one snapshot."""

    @abstractmethod
    async def find(self, request: web.Request, media: Media, filename: str) -> web.StreamResponse:
        """Return the answer, or raise HTTPNotFound for every name that is not in the index."""

    async def get(self, request: web.Request, slug: str, filename: str) -> web.StreamResponse:
        """Answer with it, and have no browser keep it that others may use after the guest."""
        response = await self.find(request, self.media(request, slug), filename)
        response.headers.update(HEADERS)
        return response


class ShareSnapshotView(FileView):
    """One snapshot."""

    url = SHARE_SNAPSHOT_PATH
    name = "retrocam:share:snapshot"

    @override
    async def find(self, request: web.Request, media: Media, filename: str) -> web.StreamResponse:
        return await async_file_answer(request, media, MediaKind.SNAPSHOTS, filename)


class ShareThumbnailView(FileView):
    """A small JPEG of a snapshot."""

    url = SHARE_THUMBNAIL_PATH
    name = "retrocam:share:thumbnail"

    @override
    async def find(self, request: web.Request, media: Media, filename: str) -> web.StreamResponse:
        return await async_thumbnail_answer(media, MediaKind.SNAPSHOTS, filename)


SHARE_MEDIA_VIEWS: Final = (
    ShareCellsView,
    ShareMjpegView,
    ShareAudioView,
    ShareSnapshotsView,
    ShareSnapshotView,
    ShareThumbnailView,
)
