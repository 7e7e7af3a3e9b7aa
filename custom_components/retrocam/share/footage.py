"""Footage for guests who may rewind: the content of Home Assistant's own views, for the cookie.

Guests get no signed paths: what a playlist names requires the cookie, too. The share page itself uses no
playlist: it brings no video player, and shows single frames. A player that sends the cookie may.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from aiohttp import web
from homeassistant.core import callback

from ..cameras import CameraInstance
from ..cameras.footage_spans import describe_spans
from ..cameras.share_auth import Guest
from ..core.footage.window import Window
from ..http.footage import Refusal, async_frame_response, parse_span
from ..http.footage_hls import async_media_response, async_playlist_response, media_playlist
from ..urls import (
    SHARE_FOOTAGE_PATH,
    SHARE_FRAME_PATH,
    SHARE_MEDIA_PATH,
    SHARE_PLAYLIST_PATH,
)
from .base import HEADERS, ShareView, async_stream_for_guest, bad_request, error_response

_RETRY_AFTER: Final = 1
"""Seconds after which a guest may try again while others are served."""


@contextmanager
def _refusals() -> Iterator[None]:
    """Refuse in the form of the share page."""
    try:
        yield
    except Refusal as err:
        raise error_response(web.HTTPNotFound, err.code) from err
    except web.HTTPBadRequest as err:
        raise bad_request(err.text or "") from err
    except web.HTTPServiceUnavailable as err:
        raise error_response(web.HTTPServiceUnavailable, "busy", retry_after=_RETRY_AFTER) from err
    except (web.HTTPNotFound, web.HTTPGone) as err:
        raise error_response(type(err), "not_held") from err


class _FootageView(ShareView):
    """Base of the views of footage."""

    @callback
    def enter(self, request: web.Request, slug: str) -> tuple[Guest, CameraInstance]:
        """Return the guest and the shared instance. Raises HTTPForbidden unless guests may rewind."""
        guest, instance = self.authenticate(request, slug)
        if not instance.share.rewind:
            raise error_response(web.HTTPForbidden, "forbidden")
        return guest, instance


class ShareFootageView(_FootageView):
    """What footage is held."""

    url = SHARE_FOOTAGE_PATH
    name = "retrocam:share:footage"

    async def get(self, request: web.Request, slug: str) -> web.Response:
        """Answer with the spans between `after` and `before`, both optional."""
        _, instance = self.enter(request, slug)
        with _refusals():
            after, before = parse_span(request, instance, "after", "before")
        return self.answer(describe_spans(instance.footage.memory_spans(after, before)))

    head = get


class ShareFrameView(_FootageView):
    """One frame of footage. While it is decoded it is one of the guest's streams."""

    url = SHARE_FRAME_PATH
    name = "retrocam:share:footage:frame"

    async def get(self, request: web.Request, slug: str) -> web.StreamResponse:
        """Answer with the frame shown `at` a time, as a JPEG; 404 where nothing is held."""
        guest, instance = self.enter(request, slug)
        frame = async_frame_response(request, instance, guest=True)
        with _refusals():
            response = await async_stream_for_guest(request, guest, frame)
        response.headers.update(HEADERS)
        return response

    head = get


class SharePlaylistView(_FootageView):
    """The HLS playlist."""

    url = SHARE_PLAYLIST_PATH
    name = "retrocam:share:footage:playlist"

    async def get(self, request: web.Request, slug: str) -> web.StreamResponse:
        """Answer with the playlist from `start` until `end`; 404 where nothing is held."""
        guest, instance = self.enter(request, slug)

        def render(window: Window) -> str:
            return media_playlist(request, instance, window)

        playlist = async_playlist_response(request, instance, render, guest=True)
        with _refusals():
            response = await async_stream_for_guest(request, guest, playlist)
        response.headers.update(HEADERS)
        return response

    head = get


class ShareMediaView(_FootageView):
    """An init, a segment or a part that a playlist names."""

    url = SHARE_MEDIA_PATH
    name = "retrocam:share:footage:media"

    async def get(
        self, request: web.Request, slug: str, epoch: str, name: str
    ) -> web.StreamResponse:
        """Answer with the bytes; 410 for a segment that was dropped, 404 for one that never was."""
        guest, instance = self.enter(request, slug)
        media = async_media_response(
            request, instance, epoch, name, {}, headers=HEADERS, guest=True
        )
        with _refusals():
            return await async_stream_for_guest(request, guest, media)

    head = get


SHARE_FOOTAGE_VIEWS: Final = (ShareFootageView, ShareFrameView, SharePlaylistView, ShareMediaView)
