"""HTTP views of live video and previews, and the registration of the users' views."""

from collections.abc import AsyncGenerator, AsyncIterable
from contextlib import aclosing
from hmac import compare_digest

from aiohttp import hdrs, web
from homeassistant.auth.models import User
from homeassistant.components.http import KEY_HASS, KEY_HASS_USER
from homeassistant.core import HomeAssistant, callback
from homeassistant.util.hass_dict import HassKey

from ..cameras.generated import GeneratedCamera
from ..cameras.url import UrlCamera
from ..const import DOMAIN
from ..core.publish.relay import Relay
from ..urls import LIVE_PATH, MJPEG_PATH, PREVIEW_PATH, VIEWER_PATH, signed
from .ascii import AsciiStreamView, AudioView
from .base import RetrocamView, async_stream_chunks
from .footage import FootageFrameView, FootageView
from .footage_hls import FootageMasterView, FootageMediaView, FootagePlaylistView
from .frames import FrameView
from .media import MediaListView, MediaView, ThumbnailView
from .mjpeg import async_stream_mjpeg
from .viewer_page import viewer_page

PREVIEWS: HassKey[dict[str, bytes]] = HassKey(f"{DOMAIN}_previews")
"""First frames of sources being set up, JPEG, by flow id."""


@callback
def async_register_views(hass: HomeAssistant) -> None:
    """Register the users' views; once, since Home Assistant cannot remove one."""
    async_previews(hass)
    live = (LiveView, MjpegView, ViewerView, FrameView, AsciiStreamView, AudioView)
    footage = (FootageView, FootageFrameView, FootagePlaylistView)
    hls = (FootageMasterView, FootageMediaView)
    for view in (*live, *footage, *hls, ThumbnailView, MediaListView, MediaView):
        hass.http.register_view(view())


@callback
def async_previews(hass: HomeAssistant) -> dict[str, bytes]:
    """Return the previews by flow id; the first call registers their view.

    A flow may be first: without an entry, Home Assistant sets up nothing but the flow.
    """
    if (previews := hass.data.get(PREVIEWS)) is None:
        previews = hass.data[PREVIEWS] = {}
        hass.http.register_view(PreviewView())
    return previews


class LiveView(RetrocamView):
    """Generated and relayed video, in MPEG-TS, for Home Assistant's stream worker."""

    url = LIVE_PATH
    name = "api:retrocam:live"

    async def get(self, request: web.Request, entry_id: str) -> web.StreamResponse:
        """Stream until the reader leaves."""
        # The stream worker is not a user: it has a token. It also reads while the entry is set up or
        # unloaded, when its instance is not loaded.
        entry = request.app[KEY_HASS].config_entries.async_get_entry(entry_id)
        instance = getattr(entry, "runtime_data", None)
        if not isinstance(instance, GeneratedCamera | UrlCamera):
            raise web.HTTPNotFound
        source = instance.publisher if isinstance(instance, GeneratedCamera) else instance.relay
        if source is None:
            raise web.HTTPNotFound
        # As bytes: compare_digest accepts only ASCII strings.
        token = request.query.get("auth", "").encode(errors="replace")
        if not compare_digest(token, instance.token.encode()):
            raise web.HTTPForbidden
        async with aclosing(source.reader()) as chunks:
            if not isinstance(source, Relay) or request.method == hdrs.METH_HEAD:
                return await async_stream_chunks(request, "video/mp2t", chunks)
            # Say so if the camera does not answer, instead of an empty stream.
            if (first := await anext(chunks, None)) is None:
                raise web.HTTPBadGateway
            return await async_stream_chunks(request, "video/mp2t", _with_first(first, chunks))

    head = get


async def _with_first(first: bytes, chunks: AsyncIterable[bytes]) -> AsyncGenerator[bytes]:
    yield first
    async for chunk in chunks:
        yield chunk


class MjpegView(RetrocamView):
    """The MJPEG stream of a camera."""

    url = MJPEG_PATH
    name = "api:retrocam:mjpeg"

    async def get(self, request: web.Request, entry_id: str) -> web.StreamResponse:
        """Stream until the viewer leaves."""
        return await async_stream_mjpeg(request, self.instance(request, entry_id))

    head = get


class ViewerView(RetrocamView):
    """A page with the MJPEG stream."""

    url = VIEWER_PATH
    name = "api:retrocam:mjpeg:viewer"

    async def get(self, request: web.Request, entry_id: str) -> web.Response:
        """Answer with the page, which reads the stream by a signed path."""
        instance = self.instance(request, entry_id)
        source = signed(request.app[KEY_HASS], MJPEG_PATH.format(entry_id=entry_id))
        return web.Response(
            content_type="text/html",
            headers={"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"},
            text=viewer_page(instance.name, source),
        )

    head = get


class PreviewView(RetrocamView):
    """The first frame of a source being set up."""

    url = PREVIEW_PATH
    name = "api:retrocam:preview"

    async def get(self, request: web.Request, flow_id: str) -> web.Response:
        """Answer with the frame, for administrators and for the flow's own signed link."""
        self.check_authenticated(request)
        user: User = request[KEY_HASS_USER]
        if not (user.is_admin or user.system_generated):
            raise web.HTTPForbidden
        if (jpeg := request.app[KEY_HASS].data[PREVIEWS].get(flow_id)) is None:
            raise web.HTTPNotFound
        return web.Response(
            body=jpeg, content_type="image/jpeg", headers={"Cache-Control": "no-store"}
        )

    head = get
