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
from ..net.fetch import Answer, Login, TooManyRedirectsError, follow, headers_for

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

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

        def headers_at(url: str) -> dict[str, str]:
            cookie = jar.get_cookie_header(url)
            sent = headers_for(url, headers, request.url) | self._login.headers(url)
            return sent | ({"Cookie": cookie} if cookie else {})

        def keep_cookies(answer: Answer) -> None:
            never_opened = urllib.request.Request(answer.address)  # noqa: S310  # as its name says
            jar.extract_cookies(answer, never_opened)
            headers.pop("Cookie", None)

        try:
            answer = follow(
                self._network,
                request.url,
                headers=headers_at,
                method=request.method,
                body=_body(request.data),
                timeout=self._calculate_timeout(request),
                on_answer=keep_cookies,
            )
        except TooManyRedirectsError as err:
            # Of a page, as yt-dlp's own transports have it: the site is at fault, not the media.
            raise TransportError(str(err)) from None
        except (PlayError, OSError, HTTPException, ValueError) as err:
            raise TransportError(cause=err) from err
        return _response(answer)


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
