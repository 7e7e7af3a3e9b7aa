"""HTTP requests of the player, with redirects.

All functions block and run in threads of the player. A `Network` makes every connection, so each hop of
a redirect is checked, and closing the network ends all waits.
"""

import base64
from codecs import BOM_UTF8
from collections.abc import Callable, Mapping
import contextlib
from dataclasses import dataclass, field
from functools import partial
from http.client import HTTPConnection
import string
from typing import Final, cast
from urllib.parse import SplitResult, quote, unquote, urljoin, urlsplit, urlunsplit

from ...errors import (
    MediaRefusedError,
    PlayError,
    PlayNetworkError,
    PlayNotFoundError,
    PlayTimeoutError,
    RateLimitedError,
    UnsupportedMediaError,
)
from ...texts import is_plain
from .addresses import Network, Origin
from .response import Body, HttpResponse

_REDIRECTS: Final = (301, 302, 303, 307, 308)
_MAX_REDIRECTS: Final = 10
_SAME_ORIGIN_HEADERS: Final = frozenset({"authorization", "cookie"})


class TooManyRedirectsError(UnsupportedMediaError):
    """More redirects than are followed."""


class RangeRefusedError(PlayNetworkError):
    """Status 416: the range begins behind the end, or the server does not support ranges."""


_STATUS_ERRORS: Final[Mapping[int, type[PlayError]]] = {
    401: MediaRefusedError,
    403: MediaRefusedError,
    404: PlayNotFoundError,
    410: MediaRefusedError,
    416: RangeRefusedError,
    429: RateLimitedError,
}


def split_url(url: str) -> SplitResult:
    """Split an http(s) URL. Raises UnsupportedMediaError for all others."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
        # UnicodeError is a ValueError: for lone surrogates, and names that DNS cannot have.
        url.encode()
        (host or "").encode("idna")
    except ValueError as err:
        raise UnsupportedMediaError("not a URL") from err
    if parts.scheme not in ("http", "https") or not host or not is_plain(host) or port == 0:
        raise UnsupportedMediaError("not an http or https URL")
    return parts


def _origin(parts: SplitResult) -> Origin:
    tls = parts.scheme == "https"
    return Origin.at(parts.hostname or "", parts.port or (443 if tls else 80), tls=tls)


def origin_of(url: str) -> Origin | None:
    """Return the origin of an http(s) URL, None for all others."""
    try:
        return _origin(split_url(url))
    except UnsupportedMediaError:
        return None


def send(
    network: Network,
    url: str,
    *,
    headers: Mapping[str, str],
    method: str = "GET",
    body: bytes | None = None,
    timeout: float | None = None,
) -> HttpResponse:
    """Send one request over a new connection and return the response of any status.

    Follows no redirect. Raises UnsupportedMediaError, BlockedAddressError, OSError or HTTPException.
    """
    parts = split_url(url)
    origin = _origin(parts)
    # Without a tunnel or proxy, which would choose the address itself.
    connection = HTTPConnection(origin.host, origin.port)
    connection.sock = sock = network.connect(origin, timeout=timeout)
    connection.response_class = HttpResponse
    try:
        path = urlunsplit(("", "", parts.path or "/", parts.query, ""))
        connection.request(method, path, body=body, headers=_complete(headers, parts, origin))
        response = cast(HttpResponse, connection.getresponse())
    except BaseException as err:
        network.close_socket(sock)
        if isinstance(err, ValueError):
            # Unchained: it quotes the URL or the header.
            raise UnsupportedMediaError("a URL or header that HTTP cannot carry") from None
        raise
    response.address, response.close_socket = url, partial(network.close_socket, sock)
    return response


def _complete(headers: Mapping[str, str], parts: SplitResult, origin: Origin) -> dict[str, str]:
    host = f"[{origin.host}]" if ":" in origin.host else origin.host
    if origin.port != (443 if origin.tls else 80):
        host = f"{host}:{origin.port}"
    complete = {"Host": host, "Connection": "close"}
    complete |= {name: value for name, value in headers.items() if name.lower() != "connection"}
    return complete | _authorization(parts)


def _authorization(parts: SplitResult) -> dict[str, str]:
    if parts.username is None:
        return {}
    userinfo = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return {"Authorization": "Basic " + base64.b64encode(userinfo.encode()).decode()}


@dataclass(frozen=True, slots=True)
class Login:
    """User and password of a URL, for its own origin."""

    origin: str = ""
    """The URL."""
    authorization: Mapping[str, str] = field(default_factory=dict)

    def headers(self, url: str) -> dict[str, str]:
        """Return the headers for a request to `url`; none for another origin."""
        return headers_for(url, self.authorization, self.origin)


def without_login(url: str) -> tuple[str, Login]:
    """Split user and password off an http(s) URL; any other text is returned as it is."""
    with contextlib.suppress(UnsupportedMediaError):
        parts = split_url(url)
        if parts.username is not None:
            bare = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
            return bare, Login(bare, _authorization(parts))
    return url, Login()


def page_link(page: str | None) -> str | None:
    """Return the URL of a page without a login; None unless it is http(s)."""
    return None if page is None or origin_of(page) is None else without_login(page)[0]


def redirect_target(response: HttpResponse) -> str | None:
    """Return the URL that a response redirects to, None without a redirect."""
    location = response.headers.get("Location")
    if response.status not in _REDIRECTS or not location:
        return None
    return urljoin(response.address, escape_reference(header_text(location)))


def header_text(value: str) -> str:
    """Return the text of a header, which `http.client` decodes as Latin-1; many servers send UTF-8."""
    with contextlib.suppress(UnicodeError):
        return value.encode("latin-1").decode()
    return value


def escape_reference(reference: str) -> str:
    """Percent-encode the characters that no URL may have, as browsers do; keeps existing escapes."""
    return quote(reference, safe=string.punctuation)


def headers_for(url: str, headers: Mapping[str, str], origin: str) -> dict[str, str]:
    """Return those of the headers for the URL `origin` that may go to `url`.

    Credentials and cookies stay with the origin. They also pass from http to https of a host, at the
    default ports, as many servers redirect; never back.
    """
    own, target = origin_of(origin), origin_of(url)
    same = own is not None and target in (
        own,
        own._replace(port=443, tls=True) if (own.port, own.tls) == (80, False) else own,
    )
    return {
        name: value
        for name, value in headers.items()
        if same or name.lower() not in _SAME_ORIGIN_HEADERS
    }


def follow(
    network: Network,
    url: str,
    *,
    headers: Callable[[str], Mapping[str, str]],
    method: str = "GET",
    body: bytes | None = None,
    timeout: float | None = None,
    forbidden: Origin | None = None,
    on_response: Callable[[HttpResponse], None] | None = None,
) -> HttpResponse:
    """Send a request, follow its redirects, and return the last response, of any status.

    `headers` returns the headers for each URL, which may be of another host. `on_response` is called
    with each response. Raises as `send`, TooManyRedirectsError, and UnsupportedMediaError for a redirect
    to the `forbidden` origin.
    """
    for _ in range(_MAX_REDIRECTS):
        response = send(
            network, url, headers=headers(url), method=method, body=body, timeout=timeout
        )
        if on_response is not None:
            on_response(response)
        target = redirect_target(response)
        if target is None:
            return response
        response.close()
        if forbidden is not None and origin_of(target) == forbidden:
            raise UnsupportedMediaError("redirected to a forbidden origin")
        if response.status == 303 or (response.status in (301, 302) and method == "POST"):
            method, body = "GET" if method != "HEAD" else method, None
        url = target
    raise TooManyRedirectsError("too many redirects")


def fetch(
    network: Network, url: str, *, headers: Mapping[str, str], same_origin: bool = True
) -> HttpResponse:
    """GET with redirects; to the URL's own origin only with `same_origin`. Requires status 200 or 206.

    Raises UnsupportedMediaError, BlockedAddressError, PlayNotFoundError, MediaRefusedError,
    RateLimitedError, PlayNetworkError, OSError or HTTPException.
    """
    response = follow(
        network,
        url,
        headers=lambda target: headers_for(target, headers, url),
        forbidden=None if same_origin else origin_of(url),
    )
    if response.status in (200, 206):
        return response
    response.close()
    error = _STATUS_ERRORS.get(response.status, PlayNetworkError)
    raise error(f"the server answered {response.status}")


def fetch_all(
    network: Network,
    url: str,
    *,
    headers: Mapping[str, str],
    max_bytes: int,
    prefix: bytes = b"",
) -> tuple[str, bytes]:
    """GET a whole resource. Returns the URL after redirects, and the body.

    Raises as `fetch`, and UnsupportedMediaError for a body of more than `max_bytes`, or at once for one
    that does not begin with `prefix`.
    """
    with fetch(network, url, headers=headers) as response:
        body = Body(response)
        data = bytearray()
        while chunk := body.read(max_bytes + 1 - len(data)):
            data += chunk
            begin = bytes(data[: len(prefix) + len(BOM_UTF8)]).removeprefix(BOM_UTF8)[: len(prefix)]
            if not prefix.startswith(begin):
                raise UnsupportedMediaError("not what it should be")
    if len(data) > max_bytes:
        raise UnsupportedMediaError(f"more than {max_bytes} bytes")
    return response.address, bytes(data)


def is_permanent(error: Exception) -> bool:
    """Return whether a retry is useless."""
    return isinstance(error, PlayError) and type(error) is not PlayNetworkError


def as_play_error(error: Exception) -> PlayError:
    """Return the PlayError for an error of a connection, chained to it."""
    if isinstance(error, PlayError):
        return error
    kind = PlayTimeoutError if isinstance(error, TimeoutError) else PlayNetworkError
    wrapped = kind(str(error) or type(error).__name__)
    wrapped.__cause__ = error
    return wrapped
