"""Retrocam's HTTP views of live pictures, and the registration of the users' views."""

from contextlib import aclosing
from hmac import compare_digest
from html import escape

from aiohttp import web
from homeassistant.auth.models import User
from homeassistant.components.http import KEY_HASS, KEY_HASS_USER
from homeassistant.core import HomeAssistant, callback
from homeassistant.util.hass_dict import HassKey

from ..cameras.generated import DrawnInstance
from ..const import DOMAIN
from ..urls import LIVE_PATH, MJPEG_PATH, PREVIEW_PATH, VIEWER_PATH, signed
from .ascii import AudioView, CellsView
from .base import RetrocamView
from .frames import FrameView
from .media import MediaListView, MediaView, ThumbnailView
from .mjpeg import async_stream_mjpeg

PREVIEWS: HassKey[dict[str, bytes]] = HassKey(f"{DOMAIN}_previews")
"""The first pictures of sources that are being set up, by flow."""


@callback
def async_register_views(hass: HomeAssistant) -> None:
    """Register the users' views; once, since Home Assistant cannot take one away."""
    async_previews(hass)
    views = (
        LiveView,
        MjpegView,
        ViewerView,
        FrameView,
        CellsView,
        AudioView,
        ThumbnailView,
        MediaListView,
        MediaView,
    )
    for view in views:
        hass.http.register_view(view())


@callback
def async_previews(hass: HomeAssistant) -> dict[str, bytes]:
    """Return where a flow puts its picture; the first call registers the view that shows it.

    A flow may come first: as long as there is no entry, Home Assistant sets up nothing but the flow.
    """
    if (previews := hass.data.get(PREVIEWS)) is None:
        previews = hass.data[PREVIEWS] = {}
        hass.http.register_view(PreviewView())
    return previews


class LiveView(RetrocamView):
    """What Retrocam draws, as H.264 in MPEG-TS, for Home Assistant's own stream worker."""

    url = LIVE_PATH
    name = "api:retrocam:live"

    async def get(self, request: web.Request, entry_id: str) -> web.StreamResponse:
        """Answer with the live stream until the reader leaves."""
        # The stream worker is no user: it has the token instead. It reads while the entry is being set
        # up and unloaded, too, when there is an instance that is not loaded.
        entry = request.app[KEY_HASS].config_entries.async_get_entry(entry_id)
        instance = getattr(entry, "runtime_data", None)
        if not isinstance(instance, DrawnInstance):
            raise web.HTTPNotFound
        # As bytes: texts are compared only if they are ASCII.
        token = request.query.get("auth", "").encode(errors="replace")
        if not compare_digest(token, instance.token.encode()):
            raise web.HTTPForbidden
        response = web.StreamResponse(
            headers={"Content-Type": "video/mp2t", "Cache-Control": "no-store"}
        )
        await response.prepare(request)
        try:
            async with aclosing(instance.publisher.reader()) as chunks:
                async for chunk in chunks:
                    await response.write(chunk)
        except ConnectionError:
            pass  # the reader left
        return response


class MjpegView(RetrocamView):
    """The MJPEG stream of an instance."""

    url = MJPEG_PATH
    name = "api:retrocam:mjpeg"

    async def get(self, request: web.Request, entry_id: str) -> web.StreamResponse:
        """Answer with MJPEG until the viewer leaves."""
        self.check_authenticated(request)
        return await async_stream_mjpeg(request, self.instance(request, entry_id))


class ViewerView(RetrocamView):
    """A page that shows the MJPEG stream."""

    url = VIEWER_PATH
    name = "api:retrocam:mjpeg:viewer"

    async def get(self, request: web.Request, entry_id: str) -> web.Response:
        """Answer with the page; it reads the stream by a signed path."""
        self.check_authenticated(request)
        instance = self.instance(request, entry_id)
        source = signed(request.app[KEY_HASS], MJPEG_PATH.format(entry_id=entry_id))
        return web.Response(
            content_type="text/html",
            headers={"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"},
            text=_VIEWER_PAGE.format(name=escape(instance.name), source=escape(source)),
        )


class PreviewView(RetrocamView):
    """The first picture of a source that is being set up."""

    url = PREVIEW_PATH
    name = "api:retrocam:preview"

    async def get(self, request: web.Request, flow_id: str) -> web.Response:
        """Answer with the picture, to administrators, whose flow it is, and for the flow's own link."""
        self.check_authenticated(request)
        user: User = request[KEY_HASS_USER]
        if not (user.is_admin or user.system_generated):
            raise web.HTTPForbidden
        if (jpeg := request.app[KEY_HASS].data[PREVIEWS].get(flow_id)) is None:
            raise web.HTTPNotFound
        return web.Response(
            body=jpeg, content_type="image/jpeg", headers={"Cache-Control": "no-store"}
        )


_VIEWER_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{name}</title>
<style>
html, body {{ height: 100%; margin: 0; background: #111; }}
img {{ width: 100%; height: 100%; object-fit: contain; }}
</style>
<img src="{source}" alt="{name}">
</html>
"""
