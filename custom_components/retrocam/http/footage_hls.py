"""HTTP views of footage as HLS: playlists, and the media that they name."""

from abc import ABC, abstractmethod
import asyncio
from collections.abc import Callable, Mapping, Sequence
import math
from typing import Final, override

from aiohttp import hdrs, web

from ..cameras import CameraInstance
from ..core.errors import BusyError, DroppedError, FragmentError, NotHeldError
from ..core.footage.held import HeldSegment
from ..core.footage.media_names import (
    InitName,
    PartName,
    SegmentName,
    TapeInitName,
    TapeSegmentName,
    parse_name,
)
from ..core.footage.playlist import Links
from ..core.footage.window import Window
from ..core.mp4.shift import Piece
from ..urls import (
    FOOTAGE_MASTER_PATH,
    FOOTAGE_MEDIA,
    FOOTAGE_MEDIA_PATH,
    FOOTAGE_PLAYLIST_PATH,
)
from .footage import NO_STORE, Refusal, parse_span, parse_time
from .footage_access import SignedFootageView, media_query

_MIME: Final = "application/vnd.apple.mpegurl"
_MEDIA_HEADERS: Final[dict[str, str]] = {hdrs.CACHE_CONTROL: "private, max-age=60"}
_WRITE_TIMEOUT: Final = 30.0
"""Seconds after which a reader that does not read is disconnected."""


class _PlaylistView(SignedFootageView, ABC):
    """A playlist from `start` until `end`, both optional; with `live` instead, of the present alone."""

    cors_allowed = True  # As Home Assistant's own HLS: receivers play in a page of another origin.
    signed_paths = (FOOTAGE_PLAYLIST_PATH, FOOTAGE_MASTER_PATH)
    free = frozenset({"start", "end", "live", "_HLS_msn", "_HLS_part", "_HLS_skip"})

    async def get(self, request: web.Request, entry_id: str) -> web.Response:
        """Answer with the playlist; 404 where nothing is held."""
        instance, _ = self.granted(request, entry_id)

        def render(window: Window) -> str:
            return self.render(request, instance, window)

        return await async_playlist_response(request, instance, render)

    head = get

    @abstractmethod
    def render(self, request: web.Request, instance: CameraInstance, window: Window) -> str:
        """Return the text of the playlist."""


class FootagePlaylistView(_PlaylistView):
    """The media playlist, with low latency while it runs on into the present."""

    url = FOOTAGE_PLAYLIST_PATH
    name = "api:retrocam:footage:playlist"

    @override
    def render(self, request: web.Request, instance: CameraInstance, window: Window) -> str:
        return media_playlist(request, instance, window, media_query(request, instance))


class FootageMasterView(_PlaylistView):
    """The multivariant playlist of the media playlist, which names its codecs."""

    url = FOOTAGE_MASTER_PATH
    name = "api:retrocam:footage:master"

    @override
    def render(self, request: web.Request, instance: CameraInstance, window: Window) -> str:
        query = request.rel_url.query
        own = {name: query[name] for name in ("start", "end", "live") if name in query}
        signature = media_query(request, instance).removeprefix("?")
        playlist = request.rel_url.with_query(own).raw_query_string
        return instance.footage.master(
            window, f"playlist.m3u8?{'&'.join(filter(None, (playlist, signature)))}"
        )


class FootageMediaView(SignedFootageView):
    """An init, a segment or a part that a playlist names."""

    url = FOOTAGE_MEDIA_PATH
    name = "api:retrocam:footage:media"
    cors_allowed = True
    signed_paths = (FOOTAGE_PLAYLIST_PATH, FOOTAGE_MASTER_PATH)
    repeated = False

    async def get(
        self, request: web.Request, entry_id: str, epoch: str, name: str
    ) -> web.StreamResponse:
        """Answer with the bytes; 410 for a segment that was dropped, 404 for one that never was."""
        instance, params = self.granted(request, entry_id)
        return await async_media_response(request, instance, epoch, name, params)

    head = get


async def async_playlist_response(
    request: web.Request,
    instance: CameraInstance,
    render: Callable[[Window], str],
    *,
    guest: bool = False,
) -> web.Response:
    """Return the playlist of the times of a query, as text by `render`.

    Raises Refusal where nothing is held and for too long a span, HTTPBadRequest for a reload that names
    none, and HTTPServiceUnavailable while busy.
    """
    first, last = parse_span(request, instance, "start", "end")
    start = None if math.isinf(first) else first
    end = None if math.isinf(last) else last
    if start is not None and start < 0:
        raise Refusal(instance, NotHeldError.code, "start is before 1970")
    wanted = _parse_reload(request)
    live = "live" in request.query and start is None and end is None
    try:
        window = instance.footage.async_window(start, end, wanted, live=live, guest=guest)
        text = render(await window)
    except BusyError as err:
        raise web.HTTPServiceUnavailable(headers={hdrs.RETRY_AFTER: "1"}) from err
    except NotHeldError as err:
        raise Refusal(instance, err.code, str(err)) from err
    except ValueError as err:
        raise web.HTTPBadRequest(text=str(err)) from err
    response = web.Response(text=text, content_type=_MIME, headers=NO_STORE)
    response.enable_compression()
    return response


def media_playlist(
    request: web.Request, instance: CameraInstance, window: Window, query: str = ""
) -> str:
    """Return the media playlist of a window; what it names is opened by `query`."""
    links = Links(f"{FOOTAGE_MEDIA}/{instance.footage.epoch}", query)
    start, _ = parse_span(request, instance, "start", "end")
    return instance.footage.playlist(
        window,
        links,
        from_start="start" in request.query,
        start=None if math.isinf(start) else start,
    )


async def async_media_response(
    request: web.Request,
    instance: CameraInstance,
    epoch: str,
    name: str,
    params: Mapping[str, str],
    *,
    headers: Mapping[str, str] = _MEDIA_HEADERS,
    guest: bool = False,
) -> web.StreamResponse:
    """Return what a playlist names, if it is within the times of `params`.

    Raises HTTPGone for a segment that was dropped, HTTPNotFound for one that never was, and
    HTTPServiceUnavailable while busy.
    """
    footage = instance.footage
    media = parse_name(name)
    taped = isinstance(media, TapeInitName | TapeSegmentName)
    # Names of the tape outlive restarts.
    if media is None or (guest if taped else epoch != footage.epoch):
        raise web.HTTPNotFound
    try:
        if isinstance(media, InitName | SegmentName | PartName):
            try:
                return await _async_send_held(
                    request, instance, media, params, headers, guest=guest
                )
            except DroppedError:
                if guest:
                    raise
        async with footage.dropped_media(media) as found:
            if not isinstance(media, InitName | TapeInitName):
                _check_times(found.held, params)
            return await _async_send(request, found.pieces, headers)
    except BusyError as err:
        raise web.HTTPServiceUnavailable(headers={hdrs.RETRY_AFTER: "1"}) from err
    except DroppedError as err:
        raise web.HTTPGone(text=str(err)) from err
    except (NotHeldError, FragmentError) as err:
        raise web.HTTPNotFound(text=str(err)) from err


async def _async_send_held(
    request: web.Request,
    instance: CameraInstance,
    media: InitName | SegmentName | PartName,
    params: Mapping[str, str],
    headers: Mapping[str, str],
    *,
    guest: bool,
) -> web.StreamResponse:
    """Send what a playlist names from memory. Raises DroppedError, NotHeldError, and for its time."""
    footage = instance.footage
    if not isinstance(media, InitName):
        _check_time(instance, media.number, params)
    if isinstance(media, PartName):
        await footage.async_wait_for_part(media)
    async with footage.transfers.enter(guest=guest):
        return await _async_send(request, footage.media(media), headers)


def _check_time(instance: CameraInstance, number: int, params: Mapping[str, str]) -> None:
    """Raise HTTPForbidden for a segment outside the times that were signed."""
    start, end = (params.get(name) for name in ("start", "end"))
    if start is None and end is None:
        return
    try:
        held = instance.footage.find(number)
    except DroppedError:
        raise
    except NotHeldError:
        # A part that is to come, of a playlist without an end.
        if end is not None:
            raise web.HTTPForbidden from None
        return
    _check_times(held, params)


def _check_times(held: HeldSegment, params: Mapping[str, str]) -> None:
    """Raise HTTPForbidden for a segment outside the times that were signed."""
    start, end = (params.get(name) for name in ("start", "end"))
    first = -math.inf if start is None else parse_time(start)
    last = math.inf if end is None else parse_time(end)
    if held.end <= first or held.start >= last:
        raise web.HTTPForbidden


async def _async_send(
    request: web.Request, pieces: Sequence[Piece], headers: Mapping[str, str]
) -> web.StreamResponse:
    """Send pieces of media, without joining them."""
    response = web.StreamResponse(headers=headers)
    response.content_type = "video/mp4"
    response.content_length = sum(map(len, pieces))
    await response.prepare(request)
    if request.method == hdrs.METH_HEAD:
        return response
    try:
        for piece in pieces:
            async with asyncio.timeout(_WRITE_TIMEOUT):
                await response.write(piece)
        await response.write_eof()
    except ConnectionError, TimeoutError:
        if request.transport is not None:
            request.transport.abort()
    return response


def _parse_reload(request: web.Request) -> tuple[int, int | None] | None:
    """Parse the segment and the part that a reload waits for. Raises HTTPBadRequest."""
    number, part = (request.query.get(f"_HLS_{name}") for name in ("msn", "part"))
    if number is None and part is None:
        return None
    for text in (number, part or "0"):
        if text is None or not (text.isascii() and text.isdecimal() and len(text) < 10):
            raise web.HTTPBadRequest(text="_HLS_msn and _HLS_part are numbers")
    return int(number or 0), None if part is None else int(part)
