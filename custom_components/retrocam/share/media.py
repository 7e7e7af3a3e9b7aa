"""Video, audio and snapshots for guests: the content of Home Assistant's own views, for the cookie."""

from typing import Any, Final

from aiohttp import web
from homeassistant.components.http import KEY_HASS
from homeassistant.core import callback

from ..cameras import CameraInstance
from ..cameras.media_storage import MediaStorage
from ..core.library.index import MediaItem
from ..datetimes import iso
from ..http.ascii import GuestPolicy, TextMessage, async_stream_ascii, async_stream_audio
from ..http.media import async_file_response, async_thumbnail_response, parse_page
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
    async_stream_for_guest,
    bad_request,
    check_origin,
    error_response,
    open_stream,
)


class ShareAsciiView(ShareView):
    """The ASCII stream."""

    url = SHARE_CELLS_PATH
    name = "retrocam:share:cells"

    async def get(self, request: web.Request, slug: str) -> web.StreamResponse:
        """Stream until the guest leaves, or its session ends."""
        guest, instance = self.authenticate(request, slug)
        check_origin(request, guest.token)
        base = share_path(slug)

        def redact(message: TextMessage) -> TextMessage:
            return _redacted(message, instance, base)

        with open_stream(request, guest) as ended:
            return await async_stream_ascii(request, instance, GuestPolicy(ended, redact))

    head = get


def _redacted(message: TextMessage, instance: CameraInstance, base: str) -> TextMessage:
    """Return a message with the audio's URL below `base`, and without the text of an error.

    That may name what the owner plays, or where.
    """
    if message["type"] == "init":
        if message["audio"] is None:
            return message
        prefix = f"{AUDIO_BASE}/{instance.entry.entry_id}/"
        return {**message, "audio": f"{base}/audio/{message['audio'].removeprefix(prefix)}"}
    if message["error"] is None:
        return message
    return {**message, "error": {"code": message["error"]["code"], "message": ""}}


class ShareMjpegView(ShareView):
    """The MJPEG stream."""

    url = SHARE_MJPEG_PATH
    name = "retrocam:share:mjpeg"

    async def get(self, request: web.Request, slug: str) -> web.StreamResponse:
        """Stream until the guest leaves, or its session ends."""
        guest, instance = self.authenticate(request, slug)
        return await async_stream_for_guest(request, guest, async_stream_mjpeg(request, instance))

    head = get


class ShareAudioView(ShareView):
    """The audio of a player."""

    url = SHARE_AUDIO_PATH
    name = "retrocam:share:audio"

    async def get(
        self, request: web.Request, slug: str, session: str, epoch: str, start_us: str
    ) -> web.StreamResponse:
        """Stream ADTS from a position on, until the audio or the guest's session ends."""
        guest, instance = self.authenticate(request, slug)
        audio = async_stream_audio(request, instance, int(session), int(epoch), int(start_us))
        return await async_stream_for_guest(request, guest, audio)

    head = get


class _HistoryView(ShareView):
    """Base of the views of snapshots."""

    @callback
    def media(self, request: web.Request, slug: str) -> MediaStorage:
        """Return the shared media. Raises HTTPForbidden unless guests may see snapshots."""
        _, instance = self.authenticate(request, slug)
        if not instance.share.history:
            raise error_response(web.HTTPForbidden, "forbidden")
        return instance.media


class ShareSnapshotsView(_HistoryView):
    """The newest snapshots."""

    url = SHARE_SNAPSHOTS_PATH
    name = "retrocam:share:snapshots"

    async def get(self, request: web.Request, slug: str) -> web.Response:
        """Answer with a JSON list, newest first: at most `limit` snapshots before `before`."""
        media = self.media(request, slug)
        try:
            limit, before = parse_page(request)
        except web.HTTPBadRequest as err:
            raise bad_request(err.text or "") from err
        items = media.snapshots.page(limit, before=before)
        slices = async_slices(request.app[KEY_HASS])
        return self.answer(await slices.map(_describe, items))

    head = get


def _describe(item: MediaItem) -> dict[str, Any]:
    return {"filename": item.name, "timestamp": iso(item.time), "size": item.size}


class ShareSnapshotView(_HistoryView):
    """One snapshot. Browsers may not cache it, since others may use them after the guest."""

    url = SHARE_SNAPSHOT_PATH
    name = "retrocam:share:snapshot"

    async def get(self, request: web.Request, slug: str, filename: str) -> web.StreamResponse:
        """Answer with the file, 404 for any name that is not in the index."""
        media = self.media(request, slug)
        response = await async_file_response(request, media, MediaKind.SNAPSHOTS, filename)
        response.headers.update(HEADERS)
        return response

    head = get


class ShareThumbnailView(_HistoryView):
    """The thumbnail of a snapshot; browsers may not cache it either."""

    url = SHARE_THUMBNAIL_PATH
    name = "retrocam:share:thumbnail"

    async def get(self, request: web.Request, slug: str, filename: str) -> web.StreamResponse:
        """Answer with a small JPEG, 404 for any name that is not in the index."""
        media = self.media(request, slug)
        response = await async_thumbnail_response(media, MediaKind.SNAPSHOTS, filename)
        response.headers.update(HEADERS)
        return response

    head = get


SHARE_MEDIA_VIEWS: Final = (
    ShareAsciiView,
    ShareMjpegView,
    ShareAudioView,
    ShareSnapshotsView,
    ShareSnapshotView,
    ShareThumbnailView,
)
