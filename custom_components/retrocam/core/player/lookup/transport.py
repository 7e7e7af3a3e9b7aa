"""yt-dlp's way to the network: http and https over connections that a `Network` checks, no other.

For the process of look-ups, as `extractor`.
"""

from http.client import HTTPException
import io
from typing import TYPE_CHECKING, Any, Final, override
import urllib.request
import zlib

from yt_dlp.networking import Request, RequestHandler, Response
from yt_dlp.networking.exceptions import HTTPError, TransportError

from ...errors import PlayError, UnsupportedMediaError
from ..net.addresses import Network
from ..net.fetch import Answer, Login, headers_for, redirect_target, send

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_MOST_REDIRECTS: Final = 10
_MOST_BYTES: Final = 16 * 1024 * 1024
"""Of an unpacked page; the largest that sites are known to need are scripts of 3 MB."""
_PIECE: Final = 64 * 1024


class GuardedRH(RequestHandler):  # type: ignore[misc]  # yt-dlp has no types
    """yt-dlp's way to the network, and its only one: http and https, over checked connections."""

    _SUPPORTED_URL_SCHEMES = ("http", "https")
    # A proxy would connect to where we do not see: none is used, whatever the environment says.
    _SUPPORTED_PROXY_SCHEMES = None
    _SUPPORTED_FEATURES = None

    def __init__(self, *, network: Network, login: Login, **settings: Any) -> None:
        super().__init__(**settings)
        self._network, self._login = network, login

    @override
    def _check_extensions(self, extensions: dict[str, Any]) -> None:
        super()._check_extensions(extensions)
        for known in ("cookiejar", "timeout", "legacy_ssl", "keep_header_casing"):
            extensions.pop(known, None)

    @override
    def _send(self, request: Request) -> Response:
        jar = self._get_cookiejar(request)
        headers: dict[str, str] = {"Accept-Encoding": "gzip", **self._get_headers(request)}
        url, method, body = request.url, request.method, _body(request.data)
        for _ in range(_MOST_REDIRECTS):
            cookie = jar.get_cookie_header(url)
            sent = headers | self._login.headers(url) | ({"Cookie": cookie} if cookie else {})
            try:
                answer = send(
                    self._network,
                    url,
                    headers=sent,
                    method=method,
                    body=body,
                    timeout=self._calculate_timeout(request),
                )
            except (PlayError, OSError, HTTPException, ValueError) as err:
                raise TransportError(cause=err) from err
            jar.extract_cookies(answer, urllib.request.Request(url))  # noqa: S310  # never opened
            target = redirect_target(answer)
            if target is None:
                return _response(answer)
            answer.close()
            if answer.status == 303 or (answer.status in (301, 302) and method == "POST"):
                method, body = "GET" if method != "HEAD" else method, None
            headers.pop("Cookie", None)
            headers = headers_for(target, headers, url)
            url = target
        raise TransportError("too many redirects")


def _body(data: Any) -> bytes | None:
    if data is None or isinstance(data, bytes):
        return data
    return bytes(data.read()) if hasattr(data, "read") else b"".join(data)


def _response(answer: Answer) -> Response:
    content = io.BufferedReader(_Content(answer))
    response = Response(content, answer.address, answer.headers, answer.status, answer.reason)
    if not 200 <= answer.status < 300:
        raise HTTPError(response)
    return response


class _Content(io.RawIOBase):
    """What an answer holds, unpacked piece by piece; an error where it is more than any page."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        packed = answer.headers.get("Content-Encoding", "").lower() == "gzip"
        self._unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS) if packed else None
        self._packed = b""
        """Read, and not unpacked yet."""
        self._left = _MOST_BYTES

    @override
    def readable(self) -> bool:
        return True

    @override
    def readinto(self, buffer: WriteableBuffer) -> int:
        target = memoryview(buffer).cast("B")
        data = self._read(len(target))
        target[: len(data)] = data
        self._left -= len(data)
        if self._left < 0:
            self._answer.close()
            raise UnsupportedMediaError("larger than any page")
        return len(data)

    def _read(self, most: int) -> bytes:
        if self._unpacker is None:
            return self._answer.read(most)
        while not self._unpacker.eof:
            piece = self._packed or self._answer.read(_PIECE)
            data = self._unpacker.decompress(piece, most)
            self._packed = self._unpacker.unconsumed_tail
            if data or not piece:
                return data
        return b""

    @override
    def close(self) -> None:
        super().close()
        self._answer.close()
