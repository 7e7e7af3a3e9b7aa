"""The share page: its files, login and logout."""

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
from ..cameras.grid import GridCamera
from ..cameras.player import AsciiPlayer
from ..const import DOMAIN
from ..core.ascii.presets import PRESETS
from ..core.errors import LockedOutError, WrongPinError
from ..core.grid.layout import Layout
from ..core.share.credentials import GuestSession, Visitor
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
    VISITOR_COOKIE,
    LockedError,
    ShareView,
    bad_request,
    check_origin,
    error_response,
    is_https,
    json_body,
    set_cookie,
    visitor_of,
)
from .footage import SHARE_FOOTAGE_VIEWS
from .media import SHARE_MEDIA_VIEWS

_LOGGER = logging.getLogger(__name__)

PAGE: Final = "share.html"
_BASE: Final = b"{{base}}"
"""Placeholder in the page for its own path."""
_TOKEN: Final = b"{{token}}"
"""Placeholder for the token of `check_origin`."""
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
    """A built file of the page."""

    data: bytes
    type: str
    tag: str
    """ETag: a hash of the data."""


FILES: HassKey[Mapping[str, PageFile]] = HassKey(f"{DOMAIN}_share_files")
"""The page's files by name, cached."""


@callback
def async_register_share_views(hass: HomeAssistant) -> None:
    """Register all views for guests."""
    views = (PageView, AssetView, UnlockView, LockView, InfoView, ShareActionView)
    for view in (*views, *SHARE_MEDIA_VIEWS, *SHARE_FOOTAGE_VIEWS):
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
    """Return the page's files; cached once they are built."""
    if (files := hass.data.get(FILES)) is None:
        files = await hass.async_add_executor_job(read_page, DIST)
        if PAGE not in files:
            _LOGGER.warning("The share page is not built (no %s/%s)", DIST.name, PAGE)
            return {}
        hass.data[FILES] = files
    return files


class PageView(ShareView):
    """The page itself: whether a link's page exists makes no difference."""

    url = SHARE_PAGE_PATH
    name = "retrocam:share"

    async def get(self, request: web.Request, slug: str) -> web.Response:
        """Answer with the page, which requests the rest."""
        page = (await _async_files(request.app[KEY_HASS])).get(PAGE)
        if page is None:
            raise error_response(web.HTTPServiceUnavailable, "not_built")
        visitor = visitor_of(request) or Visitor.new()
        body = page.data.replace(_BASE, share_path(slug).encode())
        response = web.Response(
            body=body.replace(_TOKEN, visitor.token(slug).encode()),
            content_type=page.type,
            charset="utf-8",
            headers=HEADERS,
        )
        # Lax: also sent when a link elsewhere is followed, so that other tabs keep their token. Never
        # `secure`: it grants nothing, and behind a proxy the protocol may be unknown.
        response.set_cookie(
            VISITOR_COOKIE, visitor.secret, path=share_path(slug), httponly=True, samesite="Lax"
        )
        return response

    head = get


class AssetView(ShareView):
    """The scripts and styles of the page, which contain no secret."""

    url = SHARE_ASSET_PATH
    name = "retrocam:share:asset"

    async def get(self, request: web.Request, slug: str, name: str) -> web.Response:
        """Answer with a file of the page, which browsers revalidate on each use."""
        files = await _async_files(request.app[KEY_HASS])
        if name == PAGE or (file := files.get(name)) is None:
            raise error_response(web.HTTPNotFound, "not_found")
        headers = {**HEADERS, "Cache-Control": "no-cache", hdrs.ETAG: f'"{file.tag}"'}
        if any(tag.value in (file.tag, "*") for tag in request.if_none_match or ()):
            return web.Response(status=304, headers=headers)
        response = web.Response(
            body=file.data, content_type=file.type, headers=headers, zlib_executor_size=1024
        )
        response.enable_compression()
        return response

    head = get


class UnlockView(ShareView):
    """Login by PIN."""

    url = SHARE_UNLOCK_PATH
    name = "retrocam:share:unlock"

    async def post(self, request: web.Request, slug: str) -> web.Response:
        """Check a PIN and set the cookie.

        A wrong PIN counts as a wrong login of Home Assistant.
        """
        # Home Assistant logs the path of a wrong login, and the link is a secret.
        address = request.remote or ""
        anonymous = request.clone(
            rel_url="/retrocam", scheme=request.scheme, host=request.host, remote=address
        )
        visitor = visitor_of(request)
        token = None if visitor is None else visitor.token(slug)
        pin = (await json_body(request, token)).get("pin")
        if not isinstance(pin, str) or not is_pin(pin):
            raise bad_request("a PIN has 4 to 12 digits")

        def on_wrong() -> None:
            if address:
                request.app[KEY_HASS].async_create_task(process_wrong_login(anonymous))

        auth = self.share_auth(request)
        try:
            credentials, session = await auth.async_unlock(slug, pin, address, on_wrong)
        except LockedOutError as err:
            raise error_response(
                web.HTTPTooManyRequests, err.code, retry_after=err.retry_after
            ) from None
        except WrongPinError as err:
            raise error_response(LockedError, err.code) from None
        response = web.Response(status=204, headers=HEADERS)
        set_cookie(request, response, credentials, session)
        return response


class LockView(ShareView):
    """Logout."""

    url = SHARE_LOCK_PATH
    name = "retrocam:share:lock"

    async def post(self, request: web.Request, slug: str) -> web.Response:
        """Revoke the session with all copies of its cookie, and end its streams."""
        auth = self.share_auth(request)
        guest = auth.enter(slug, request.cookies.get(COOKIE, ""))
        check_origin(request, None if guest is None else guest.token)
        if guest is not None:
            auth.async_leave(guest)
        response = web.Response(status=204, headers=HEADERS)
        response.del_cookie(
            COOKIE,
            path=share_path(slug),
            httponly=True,
            samesite="Strict",
            secure=is_https(request),
        )
        return response


class InfoView(ShareView):
    """Description of the shared instance and of the guest's rights."""

    url = SHARE_INFO_PATH
    name = "retrocam:share:info"

    async def get(self, request: web.Request, slug: str) -> web.Response:
        """Answer with the description; renew a cookie that is older than a day."""
        guest, instance = self.authenticate(request, slug)
        now = self.share_auth(request).clock()
        session = guest.session
        if renew := session.needs_renewal(now):
            session = session.renewed(now)
        response = self.answer({**_describe_share(instance, session), "token": guest.token})
        if renew:
            set_cookie(request, response, guest.credentials, session)
        return response

    head = get


def _describe_share(instance: CameraInstance, session: GuestSession) -> dict[str, Any]:
    """Return the description of an instance for guests, without ids valid elsewhere."""
    share = instance.share
    player = instance if isinstance(instance, AsciiPlayer) else None
    grid = instance if isinstance(instance, GridCamera) else None
    members = grid.members if grid else ()
    return {
        "kind": "player" if player else "grid" if grid else "camera",
        "title": instance.name,
        "control": share.control,
        "history": share.history,
        "rewind": instance.lookback.seconds if share.rewind and instance.lookback.enabled else 0,
        "preset": player.style.preset if player else DEFAULT_PRESET,
        "presets": list(PRESETS),
        "charset": player.style.charset if player else None,
        "layout": grid.layout.value if grid else None,
        "layouts": [layout.value for layout in Layout] if grid else [],
        "main": str(grid.compositor.view.main) if grid else None,
        "members": [
            {"id": str(number), "name": member.name} for number, member in enumerate(members)
        ],
        "audio": player is not None,
        "expires": iso(session.expires),
        "full": share.is_full_for(session),
    }
