"""The share page: its files, and the way in and out."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
import logging
from pathlib import Path
from typing import Any, Final

from aiohttp import hdrs, web
from homeassistant.components.http import KEY_HASS
from homeassistant.components.http.ban import process_wrong_login
from homeassistant.core import HomeAssistant, callback
from homeassistant.util.hass_dict import HassKey

from ..cameras import CameraInstance
from ..cameras.ascii import DEFAULT_PRESET
from ..cameras.grid import GridInstance
from ..cameras.player import PlayerInstance
from ..const import DOMAIN
from ..core.ascii.presets import PRESETS
from ..core.errors import LockedOutError, WrongPinError
from ..core.grid.layout import Layout
from ..core.share.credentials import Pass
from ..core.share.pins import is_pin
from ..datetimes import iso
from ..panel import DIST
from ..urls import (
    SHARE_ASSET_PATH,
    SHARE_INFO_PATH,
    SHARE_LOCK_PATH,
    SHARE_PAGE_PATH,
    SHARE_UNLOCK_PATH,
    share_path,
)
from .actions import ShareActionView
from .base import (
    COOKIE,
    HEADERS,
    LockedError,
    ShareView,
    bad_request,
    check_origin,
    json_body,
    refusal,
    set_cookie,
)
from .media import SHARE_MEDIA_VIEWS

_LOGGER = logging.getLogger(__name__)

PAGE: Final = "share.html"
BASE: Final = b"{{base}}"
"""What stands in the page for its own path."""
_TYPES: Final = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".woff2": "font/woff2",
    ".webmanifest": "application/manifest+json",
}


@dataclass(frozen=True, slots=True)
class PageFile:
    """One built file of the page."""

    data: bytes
    type: str
    tag: str
    """What changes with the data."""


FILES: HassKey[Mapping[str, PageFile]] = HassKey(f"{DOMAIN}_share_files")
"""The page's files by name, once they have been read."""


@callback
def async_register_share_views(hass: HomeAssistant) -> None:
    """Register all that guests can reach."""
    views = (PageView, AssetView, UnlockView, LockView, InfoView, ShareActionView)
    for view in (*views, *SHARE_MEDIA_VIEWS):
        hass.http.register_view(view())


def read_page(dist: Path) -> dict[str, PageFile]:
    """Read the built files of the page. Blocks."""
    files = {}
    for path in sorted(dist.glob("share*")):
        if path.suffix in _TYPES:
            data = path.read_bytes()
            files[path.name] = PageFile(data, _TYPES[path.suffix], sha256(data).hexdigest()[:16])
    return files


async def _async_files(hass: HomeAssistant) -> Mapping[str, PageFile]:
    """Return the page's files: read once, as soon as they are built."""
    if (files := hass.data.get(FILES)) is None:
        files = await hass.async_add_executor_job(read_page, DIST)
        if PAGE not in files:
            _LOGGER.warning("The share page is not built (no %s/%s)", DIST.name, PAGE)
            return {}
        hass.data[FILES] = files
    return files


class PageView(ShareView):
    """The page itself: the same for every link, whether there is such a page or not."""

    url = SHARE_PAGE_PATH
    name = "retrocam:share"

    async def get(self, request: web.Request, slug: str) -> web.Response:
        """Answer with the shell, which asks for the rest."""
        page = (await _async_files(request.app[KEY_HASS])).get(PAGE)
        if page is None:
            raise refusal(web.HTTPServiceUnavailable, "not_built")
        return web.Response(
            body=page.data.replace(BASE, share_path(slug).encode()),
            content_type=page.type,
            charset="utf-8",
            headers=HEADERS,
        )


class AssetView(ShareView):
    """What the page is made of. It holds no secret."""

    url = SHARE_ASSET_PATH
    name = "retrocam:share:asset"

    async def get(self, request: web.Request, slug: str, name: str) -> web.Response:
        """Answer with a file of the page; browsers ask each time whether it is still the same."""
        files = await _async_files(request.app[KEY_HASS])
        if name == PAGE or (file := files.get(name)) is None:
            raise refusal(web.HTTPNotFound, "not_found")
        headers = {**HEADERS, "Cache-Control": "no-cache", hdrs.ETAG: f'"{file.tag}"'}
        if any(tag.value in (file.tag, "*") for tag in request.if_none_match or ()):
            return web.Response(status=304, headers=headers)
        response = web.Response(
            body=file.data, content_type=file.type, headers=headers, zlib_executor_size=1024
        )
        response.enable_compression()
        return response


class UnlockView(ShareView):
    """The way in."""

    url = SHARE_UNLOCK_PATH
    name = "retrocam:share:unlock"

    async def post(self, request: web.Request, slug: str) -> web.Response:
        """Take a PIN and give a cookie.

        A wrong PIN counts as a wrong login in Home Assistant's own list.
        """
        # Home Assistant logs the address of a wrong login, and the link is a secret.
        address = request.remote or ""
        anonymous = request.clone(
            rel_url="/retrocam", scheme=request.scheme, host=request.host, remote=address
        )
        pin = (await json_body(request)).get("pin")
        if not isinstance(pin, str) or not is_pin(pin):
            raise bad_request("a PIN has 4 to 12 digits")

        def tell() -> None:
            if address:
                request.app[KEY_HASS].async_create_task(process_wrong_login(anonymous))

        try:
            lock, allowed = await self.door(request).async_unlock(slug, pin, address, tell)
        except LockedOutError as err:
            raise refusal(web.HTTPTooManyRequests, err.code, retry_after=err.retry_after) from None
        except WrongPinError as err:
            raise refusal(LockedError, err.code) from None
        response = web.Response(status=204, headers=HEADERS)
        set_cookie(request, response, lock, allowed)
        return response


class LockView(ShareView):
    """The way out."""

    url = SHARE_LOCK_PATH
    name = "retrocam:share:lock"

    async def post(self, request: web.Request, slug: str) -> web.Response:
        """Make the cookie worthless, also copies of it, and end what is open."""
        check_origin(request)
        door = self.door(request)
        guest = door.enter(slug, request.cookies.get(COOKIE, ""))
        if guest is not None:
            door.async_leave(guest)
        response = web.Response(status=204, headers=HEADERS)
        response.del_cookie(
            COOKIE,
            path=share_path(slug),
            httponly=True,
            samesite="Strict",
            secure=request.secure,
        )
        return response


class InfoView(ShareView):
    """What there is to see, and what a guest may do."""

    url = SHARE_INFO_PATH
    name = "retrocam:share:info"

    async def get(self, request: web.Request, slug: str) -> web.Response:
        """Answer for who has a cookie, and renew it when it is older than a day."""
        guest, instance = self.enter(request, slug)
        now = self.door(request).clock()
        allowed = guest.allowed
        if renew := allowed.is_old(now):
            allowed = allowed.renewed(now)
        response = self.answer(describe_share(instance, allowed))
        if renew:
            set_cookie(request, response, guest.lock, allowed)
        return response


def describe_share(instance: CameraInstance, allowed: Pass) -> dict[str, Any]:
    """Return what a guest is told of an instance: nothing that has a meaning elsewhere."""
    share = instance.share
    said: dict[str, Any] = {
        "kind": "camera",
        "title": instance.name,
        "control": share.control,
        "history": share.history,
        "preset": DEFAULT_PRESET,
        "presets": list(PRESETS),
        "charset": None,
        "layout": None,
        "layouts": [],
        "main": None,
        "members": [],
        "audio": False,
        "expires": iso(allowed.expires),
        "full": share.is_full_for(allowed),
    }
    if isinstance(instance, PlayerInstance):
        style = instance.style
        said |= {"kind": "player", "preset": style.preset, "charset": style.charset, "audio": True}
    elif isinstance(instance, GridInstance):
        said |= {
            "kind": "grid",
            "layout": instance.layout.value,
            "layouts": [layout.value for layout in Layout],
            "main": str(instance.compositor.view.main),
            "members": [
                {"id": str(number), "name": member.name}
                for number, member in enumerate(instance.members)
            ],
        }
    return said
