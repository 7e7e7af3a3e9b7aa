"""The base of the views for guests: no login of Home Assistant, but the cookie of one share page.

Whoever has no valid cookie gets the same answer wherever the link leads, or does not lead.
"""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import closing, contextmanager
import json
from typing import Any, Final

from aiohttp import hdrs, web
from homeassistant.components.http import KEY_HASS, HomeAssistantView
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import callback
from homeassistant.util.json import JSON_DECODE_EXCEPTIONS, json_loads

from ..cameras import CameraInstance
from ..cameras.share_auth import DOOR, Door, Guest
from ..core.share.credentials import LIFETIME, Lock, Pass
from ..urls import share_path

COOKIE: Final = "retrocam_share"
MOST_BYTES: Final = 4096
"""Of a request's body."""
PATIENCE: Final = 10.0
"""Seconds in which it must be there."""
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
    """401 without a cookie. Not aiohttp's own: Home Assistant would count that as a wrong login."""

    status_code = 401


def refusal(kind: type[web.HTTPException], code: str, **more: Any) -> web.HTTPException:
    """Return what is raised to answer with {"error": code, ...}."""
    headers = dict(HEADERS)
    if (seconds := more.get("retry_after")) is not None:
        headers[hdrs.RETRY_AFTER] = str(seconds)
    text = json.dumps({"error": code, **more})
    return kind(text=text, content_type="application/json", headers=headers)


def bad_request(message: str) -> web.HTTPException:
    """Return what is raised to answer a request that nobody of ours sends."""
    return refusal(web.HTTPBadRequest, "bad_request", message=message)


class ShareView(HomeAssistantView):
    """The base of the views for guests."""

    requires_auth = False

    @callback
    def enter(self, request: web.Request, slug: str) -> tuple[Guest, CameraInstance]:
        """Let a guest in, and return what there is to see.

        Raises LockedError, and HTTPServiceUnavailable while it is not loaded.
        """
        guest = self.door(request).enter(slug, request.cookies.get(COOKIE, ""))
        if guest is None:
            raise refusal(LockedError, "locked")
        if guest.entry.state is not ConfigEntryState.LOADED:
            raise refusal(web.HTTPServiceUnavailable, "unavailable", retry_after=2)
        return guest, guest.entry.runtime_data

    @staticmethod
    def door(request: web.Request) -> Door:
        """Return the door that all guests come through."""
        return request.app[KEY_HASS].data[DOOR]

    @staticmethod
    def answer(result: Any) -> web.Response:
        """Return a JSON answer."""
        return HomeAssistantView.json(result, headers=HEADERS)


def set_cookie(request: web.Request, response: web.Response, lock: Lock, allowed: Pass) -> None:
    """Give a guest a cookie; only by https if the request came so, by Home Assistant's own rules."""
    response.set_cookie(
        COOKIE,
        lock.sign(allowed),
        path=share_path(lock.slug),
        max_age=LIFETIME,
        httponly=True,
        samesite="Strict",
        secure=request.secure,
    )


def check_origin(request: web.Request) -> None:
    """Refuse what another site has a browser send. Raises HTTPForbidden.

    Browsers tell where a request comes from by `Sec-Fetch-Site`, by https only, and by `Origin`, which
    must then be where the request goes to. Who sends neither is no browser.
    """
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get(hdrs.ORIGIN)
    if site == "same-origin" or (site is None and origin is None):
        return
    if origin is None or origin.partition("://")[2].lower() != request.host.lower():
        raise refusal(web.HTTPForbidden, "forbidden", message="from another site")


async def json_body(request: web.Request) -> dict[str, Any]:
    """Return the JSON object that was sent, by this page. Raises HTTPForbidden or HTTPBadRequest."""
    check_origin(request)
    if request.content_type != "application/json":
        raise bad_request("send JSON")
    data = b""
    try:
        async with asyncio.timeout(PATIENCE):
            async for chunk in request.content.iter_any():
                data += chunk
                if len(data) > MOST_BYTES:
                    raise bad_request("too much")
        body = json_loads(data)
    except (*JSON_DECODE_EXCEPTIONS, web.RequestPayloadError, TimeoutError) as err:
        raise bad_request("send JSON") from err
    if not isinstance(body, dict):
        raise bad_request("send an object")
    return body


@contextmanager
def visiting(request: web.Request, guest: Guest) -> Iterator[asyncio.Event]:
    """Count an open stream; gives what is set when the guest has to go.

    Raises HTTPTooManyRequests when this guest has too many, HTTPServiceUnavailable when all have.
    """
    share = guest.entry.runtime_data.share
    if share.is_full_for(guest.allowed):
        raise refusal(web.HTTPTooManyRequests, "too_many_streams", retry_after=5)
    left = guest.allowed.expires - ShareView.door(request).clock()
    with share.visit(guest.allowed, left) as ended:
        if ended is None:
            raise refusal(web.HTTPServiceUnavailable, "busy", retry_after=5)
        yield ended


async def async_while_welcome(
    request: web.Request, guest: Guest, stream: Coroutine[Any, Any, web.StreamResponse]
) -> web.StreamResponse:
    """Answer with a stream until it ends, or the guest has to go: then the connection is cut."""
    with closing(stream), visiting(request, guest) as ended:
        streaming = asyncio.ensure_future(stream)
        ending = asyncio.ensure_future(ended.wait())
        try:
            await asyncio.wait((streaming, ending), return_when=asyncio.FIRST_COMPLETED)
            if streaming.done():
                return streaming.result()
        finally:
            ending.cancel()
            streaming.cancel()
            await asyncio.gather(ending, streaming, return_exceptions=True)
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
