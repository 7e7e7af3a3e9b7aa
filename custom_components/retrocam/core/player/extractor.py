"""yt-dlp, kept on our network: all its connections are made, and so checked, by a `Network`.

Import it only where something is looked up: yt-dlp takes a second and 40 MB to load.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from http.client import HTTPException
import io
import logging
import time
from typing import Any, Final, override
import urllib.request
import zlib

from yt_dlp import YoutubeDL
from yt_dlp.networking import Request, RequestHandler, Response
from yt_dlp.networking.exceptions import HTTPError, TransportError
from yt_dlp.version import __version__

from ..errors import (
    BotCheckError,
    NoFormatsError,
    PlayError,
    PlayNotFoundError,
    UnsupportedMediaError,
    UpcomingError,
)
from .addresses import Network
from .fetch import Answer, headers_for, redirect_target, send
from .formats import Format, choose, expiry
from .lookup_errors import lookup_error
from .media import MediaInput, Resolved
from .runtimes import JAVASCRIPT_RUNTIMES

_LOGGER = logging.getLogger(__name__)

_FRESH: Final = 90 * 86_400.0
"""Seconds after which yt-dlp itself calls a release old."""
_OF_AGE: Final = (BotCheckError, NoFormatsError, UnsupportedMediaError)
"""What an old release makes of a site that has changed."""
_MOST_REDIRECTS: Final = 10
_MOST_BYTES: Final = 64 * 1024 * 1024
"""Of an unpacked page."""
_EXTRACTORS: Final = ("default", r"-(iqiyi|iq\.com|pornhub|douyu).*")
"""All but those that have pages run by PhantomJS, a program that connects to where it likes."""


class GuardedRH(RequestHandler):  # type: ignore[misc]  # yt-dlp has no types
    """yt-dlp's way to the network, and its only one: http and https, over checked connections."""

    _SUPPORTED_URL_SCHEMES = ("http", "https")
    # A proxy would connect to where we do not see: none is used, whatever the environment says.
    _SUPPORTED_PROXY_SCHEMES = None
    _SUPPORTED_FEATURES = None

    def __init__(self, *, network: Network, **settings: Any) -> None:
        super().__init__(**settings)
        self._network = network

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
            sent = headers | ({"Cookie": cookie} if cookie else {})
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
    content: io.BufferedIOBase = answer
    if answer.headers.get("Content-Encoding", "").lower() == "gzip":
        try:
            unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
            content = io.BytesIO(unpacker.decompress(answer.read(), _MOST_BYTES))
        except (OSError, HTTPException, zlib.error) as err:
            raise TransportError(cause=err) from err
        finally:
            answer.close()
    response = Response(content, answer.address, answer.headers, answer.status, answer.reason)
    if not 200 <= answer.status < 300:
        raise HTTPError(response)
    return response


class _Downloader(YoutubeDL):  # type: ignore[misc]  # yt-dlp has no types
    def __init__(self, network: Network, settings: Mapping[str, Any]) -> None:
        self._network = network
        super().__init__(dict(settings))

    @override
    def build_request_director(self, handlers: Any, preferences: Any = None) -> Any:
        """Replace all of yt-dlp's handlers by ours."""

        def guarded(**settings: Any) -> GuardedRH:
            return GuardedRH(network=self._network, **settings)

        return super().build_request_director([guarded], [])


class _Log:
    """Takes yt-dlp's messages, and notices when it misses a JavaScript runtime."""

    def __init__(self) -> None:
        self.needs_javascript = False

    def debug(self, message: str) -> None:
        _LOGGER.debug("%s", message)

    def warning(self, message: str) -> None:
        if "javascript runtime" in message.lower():
            self.needs_javascript = True
        _LOGGER.debug("%s", message)

    error = debug


def extract(query: str, network: Network, *, max_height: int, cache_dir: str | None) -> Resolved:
    """Look `query`, a URL or `ytsearch1:` and words, up. Blocks; ends when `network` is closed.

    Raises a PlayError.
    """
    log = _Log()
    settings = {
        "quiet": True,
        "noprogress": True,
        "color": "never",
        "logger": log,
        "noplaylist": True,
        "playlist_items": "1",
        "skip_download": True,
        "cachedir": cache_dir or False,
        "proxy": "",
        "allowed_extractors": _EXTRACTORS,
        "socket_timeout": 10,
        "extractor_retries": 1,
        "js_runtimes": {name: {} for name in JAVASCRIPT_RUNTIMES},
        "format": lambda context: _selected(context["formats"], max_height),
    }
    try:
        with _Downloader(network, settings) as downloader:
            info = downloader.extract_info(query, download=False)
            resolved = _resolved(_first(info), downloader.cookiejar, log)
    except Exception as err:
        error = lookup_error(err)
        error.needs_javascript = log.needs_javascript
        error.outdated = isinstance(error, _OF_AGE) and is_outdated(__version__, time.time())
        raise error from err
    return resolved


def is_outdated(version: str, now: float) -> bool:
    """Tell whether a release of yt-dlp, called by its date, is months old at the UNIX time `now`."""
    try:
        year, month, day = map(int, version.split(".")[:3])
        released = datetime(year, month, day, tzinfo=UTC).timestamp()
    except ValueError:
        return False
    return now - released > _FRESH


def _selected(formats: list[Format], max_height: int) -> list[dict[str, Any]]:
    """Answer yt-dlp's question for formats, in its own terms."""
    chosen = choose(formats, max_height)
    if not chosen:
        return []
    joined = "+".join(str(each.get("format_id")) for each in chosen)
    return [{**chosen[0], "format_id": joined, "requested_formats": chosen}]


def _first(info: Any) -> Mapping[str, Any]:
    """Return the video that was meant: itself, or the first of a list or search."""
    while info is not None and info.get("_type") in ("playlist", "multi_video"):
        info = next((entry for entry in info.get("entries") or () if entry), None)
    if info is None:
        raise PlayNotFoundError("nothing was found")
    found: Mapping[str, Any] = info
    return found


def _resolved(info: Mapping[str, Any], jar: Any, log: _Log) -> Resolved:
    if info.get("live_status") == "is_upcoming":
        raise UpcomingError("it has not begun")
    formats = info.get("requested_formats")
    if not formats:
        raise NoFormatsError("there is no format that can be played")
    return Resolved(
        inputs=tuple(_input(each, jar) for each in formats),
        title=str(info.get("title") or info.get("id") or ""),
        page=info.get("webpage_url"),
        thumbnail=info.get("thumbnail"),
        duration=info.get("duration"),
        is_live=bool(info.get("is_live")),
        expires=expiry([each["url"] for each in formats]),
        needs_javascript=log.needs_javascript,
    )


def _input(each: Format, jar: Any) -> MediaInput:
    headers = {str(name): str(value) for name, value in (each.get("http_headers") or {}).items()}
    cookie = jar.get_cookie_header(each["url"])
    if cookie:
        headers["Cookie"] = cookie
    return MediaInput(
        url=each["url"],
        headers=headers,
        is_playlist=str(each.get("protocol")).startswith("m3u8"),
        chunk=(each.get("downloader_options") or {}).get("http_chunk_size"),
        not_before=each.get("available_at"),
    )
