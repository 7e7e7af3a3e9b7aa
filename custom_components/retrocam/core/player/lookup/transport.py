"""yt-dlp's request handler, over connections checked by a `Network`.

Imported in the look-up process only.
"""

from http.client import HTTPException
import io
from typing import Any, Final, override
import urllib.request

from yt_dlp.networking import Request, RequestHandler, Response
from yt_dlp.networking.exceptions import HTTPError, TransportError

from ...errors import PlayError, UnsupportedMediaError
from ..net.addresses import Network
from ..net.fetch import Login, TooManyRedirectsError, follow, headers_for
from ..net.response import Body, CutOffError, HttpResponse, RawBody

_MAX_PAGE_BYTES: Final = 16 * 1024 * 1024
"""Decompressed; the largest known to be needed are scripts of 3 MB."""


class GuardedRH(RequestHandler):
    """yt-dlp's only request handler: http and https, over checked connections."""

    _SUPPORTED_URL_SCHEMES = ("http", "https")
    # No proxies, whatever the environment says: their connections could not be checked.
    _SUPPORTED_PROXY_SCHEMES = None
    _SUPPORTED_FEATURES = None

    def __init__(self, *, network: Network, login: Login, **settings: Any) -> None:
        super().__init__(**settings)
        self._network, self._login = network, login

    @override
    def _check_extensions(self, extensions: dict[str, Any]) -> None:
        super()._check_extensions(extensions)
        for key in ("cookiejar", "timeout", "legacy_ssl", "keep_header_casing"):
            extensions.pop(key, None)

    @override
    def _send(self, request: Request) -> Response:
        jar = self._get_cookiejar(request)
        headers: dict[str, str] = {"Accept-Encoding": "gzip", **self._get_headers(request)}

        def headers_at(url: str) -> dict[str, str]:
            cookie = jar.get_cookie_header(url)
            own = headers_for(url, headers, request.url) | self._login.headers(url)
            return own | ({"Cookie": cookie} if cookie else {})

        def keep_cookies(answer: HttpResponse) -> None:
            unopened = urllib.request.Request(answer.address)  # noqa: S310  # not opened
            jar.extract_cookies(answer, unopened)
            headers.pop("Cookie", None)

        try:
            answer = follow(
                self._network,
                request.url,
                headers=headers_at,
                method=request.method,
                body=_request_body(request.data),
                timeout=self._calculate_timeout(request),
                on_response=keep_cookies,
            )
        except TooManyRedirectsError as err:
            # As yt-dlp's own handlers: the site is at fault, not the media.
            raise TransportError(str(err)) from None
        except (PlayError, OSError, HTTPException, ValueError) as err:
            raise TransportError(cause=err) from err
        return _response(answer)


def _request_body(data: Any) -> bytes | None:
    if data is None or isinstance(data, bytes):
        return data
    return bytes(data.read()) if hasattr(data, "read") else b"".join(data)


def _response(answer: HttpResponse) -> Response:
    """Return an answer whose body is read as it arrives; an error beyond `_MAX_PAGE_BYTES`."""
    body, bytes_left = Body(answer), _MAX_PAGE_BYTES

    def read(size: int) -> bytes:
        nonlocal bytes_left
        try:
            data = body.read(size)
        except CutOffError:
            return b""  # the beginning of a page is often enough
        bytes_left -= len(data)
        if bytes_left < 0:
            body.close()
            raise UnsupportedMediaError("larger than any page")
        return data

    content = io.BufferedReader(RawBody(read, body.close))
    response = Response(content, answer.address, answer.headers, answer.status, answer.reason)
    if not 200 <= answer.status < 300:
        raise HTTPError(response)
    return response
