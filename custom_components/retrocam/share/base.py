"""Base of the views for guests, who have the cookie of one share page instead of a login.

Without a valid cookie, the answer is the same whether the page exists or not.
"""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import closing, contextmanager
from hmac import compare_digest
import json
from typing import Any, Final

from aiohttp import hdrs, web
from homeassistant.components.http import KEY_HASS, HomeAssistantView
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import callback
from homeassistant.util.json import JSON_DECODE_EXCEPTIONS, json_loads

from ..cameras import CameraInstance
from ..cameras.share_auth import SHARE_AUTH, Guest, ShareAuth
from ..core.share.credentials import LIFETIME, GuestSession, ShareCredentials, Visitor
from ..urls import share_path

COOKIE: Final = "retrocam_share"
VISITOR_COOKIE: Final = "retrocam_page"
PAGE_HEADER: Final = "X-Retrocam-Token"
PAGE_QUERY: Final = "token"
"""Carry the token of a page; the query for WebSocket, since pages cannot set its headers."""
_MAX_BODY: Final = 4096
"""Bytes."""
_BODY_TIMEOUT: Final = 10.0
"""Seconds."""
HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
        "media-src 'self'; connect-src 'self'; worker-src 'self'; frame-ancestors 'none'; "
        "base-uri 'none'; form-action 'self'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class LockedError(web.HTTPClientError):
    """401 without a cookie. Not aiohttp's own, which Home Assistant counts as a wrong login."""

    status_code = 401


def error_response(kind: type[web.HTTPException], code: str, **fields: Any) -> web.HTTPException:
    """Return the exception that answers with {"error": code, ...}."""
    headers = dict(HEADERS)
    if (seconds := fields.get("retry_after")) is not None:
        headers[hdrs.RETRY_AFTER] = str(seconds)
    text = json.dumps({"error": code, **fields})
    return kind(text=text, content_type="application/json", headers=headers)


def bad_request(message: str) -> web.HTTPException:
    """Return the exception for a request that the page does not send."""
    return error_response(web.HTTPBadRequest, "bad_request", message=message)


class ShareView(HomeAssistantView):
    """Base of the views for guests."""

    requires_auth = False

    @callback
    def authenticate(self, request: web.Request, slug: str) -> tuple[Guest, CameraInstance]:
        """Return the guest and the shared instance.

        Raises LockedError without a valid cookie, HTTPServiceUnavailable while it is not loaded.
        """
        guest = self.share_auth(request).enter(slug, request.cookies.get(COOKIE, ""))
        if guest is None:
            raise error_response(LockedError, "locked")
        if guest.entry.state is not ConfigEntryState.LOADED:
            raise error_response(web.HTTPServiceUnavailable, "unavailable", retry_after=2)
        return guest, guest.entry.runtime_data

    @staticmethod
    def share_auth(request: web.Request) -> ShareAuth:
        """Return the authentication of share pages."""
        return request.app[KEY_HASS].data[SHARE_AUTH]

    @staticmethod
    def answer(result: Any) -> web.Response:
        """Return a JSON response."""
        return HomeAssistantView.json(result, headers=HEADERS)


def set_cookie(
    request: web.Request,
    response: web.Response,
    credentials: ShareCredentials,
    session: GuestSession,
) -> None:
    """Set a guest's cookie, `secure` if the browser used https."""
    response.set_cookie(
        COOKIE,
        credentials.sign(session),
        path=share_path(credentials.slug),
        max_age=LIFETIME,
        httponly=True,
        samesite="Strict",
        secure=is_https(request),
    )


def is_https(request: web.Request) -> bool:
    """Return whether the browser used https: as its Origin says, else by Home Assistant's own rules.

    A proxy may pass on neither, or the wrong protocol, with which a browser drops the cookie.
    """
    if origin := request.headers.get(hdrs.ORIGIN):
        return origin.lower().startswith("https:")
    return request.secure


def visitor_of(request: web.Request) -> Visitor | None:
    """Return the visitor of the page's own cookie."""
    return Visitor.of_cookie(request.cookies.get(VISITOR_COOKIE, ""))


def check_origin(request: web.Request, token: str | None) -> None:
    """Reject cross-site requests of browsers. Raises HTTPForbidden.

    Browsers send `Sec-Fetch-Site`, over https only, or `Origin`. That equals the host, unless a proxy
    in between replaced the host: the page must then send `token`, which pages of other sites cannot
    know. A client that sends neither is not a browser.
    """
    if (site := request.headers.get("Sec-Fetch-Site")) is not None:
        if site == "same-origin":
            return
        raise error_response(web.HTTPForbidden, "forbidden", message="from another site")
    origin = request.headers.get(hdrs.ORIGIN)
    if origin is None or origin.partition("://")[2].lower() == request.host.lower():
        return
    given = request.headers.get(PAGE_HEADER) or request.query.get(PAGE_QUERY, "")
    # As bytes: compare_digest accepts only ASCII strings.
    if token is None or not compare_digest(given.encode(errors="replace"), token.encode()):
        raise error_response(web.HTTPForbidden, "other_host", message="from another host")


async def json_body(request: web.Request, token: str | None) -> dict[str, Any]:
    """Return the JSON object of a same-site request. Raises HTTPForbidden or HTTPBadRequest.

    `token` is that of `check_origin`.
    """
    check_origin(request, token)
    if request.content_type != "application/json":
        raise bad_request("send JSON")
    data = b""
    try:
        async with asyncio.timeout(_BODY_TIMEOUT):
            async for chunk in request.content.iter_any():
                data += chunk
                if len(data) > _MAX_BODY:
                    raise bad_request("too much")
        body = json_loads(data)
    except (*JSON_DECODE_EXCEPTIONS, web.RequestPayloadError, TimeoutError) as err:
        raise bad_request("send JSON") from err
    if not isinstance(body, dict):
        raise bad_request("send an object")
    return body


@contextmanager
def open_stream(request: web.Request, guest: Guest) -> Iterator[asyncio.Event]:
    """Register an open stream; yields the event that ends it.

    Raises HTTPTooManyRequests if this guest has too many, HTTPServiceUnavailable if all have.
    """
    share = guest.entry.runtime_data.share
    if share.is_full_for(guest.session):
        raise error_response(web.HTTPTooManyRequests, "too_many_streams", retry_after=5)
    left = guest.session.expires - ShareView.share_auth(request).clock()
    with share.stream(guest.session, left) as ended:
        if ended is None:
            raise error_response(web.HTTPServiceUnavailable, "busy", retry_after=5)
        yield ended


async def async_stream_for_guest(
    request: web.Request, guest: Guest, stream: Coroutine[Any, Any, web.StreamResponse]
) -> web.StreamResponse:
    """Await a streaming response; abort the connection when the guest's session ends."""
    with closing(stream), open_stream(request, guest) as ended:
        tasks = asyncio.ensure_future(stream), asyncio.ensure_future(ended.wait())
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if tasks[0].done():
                return tasks[0].result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
