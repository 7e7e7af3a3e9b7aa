"""HTTP for the player: one request, and redirects.

All of it blocks, and is called in threads of the player. Every connection is made by a `Network`, so
every hop of a redirect is checked, and closing the network ends whatever waits here.
"""

import base64
from collections.abc import Callable, Mapping
import contextlib
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPResponse
import socket
import string
from typing import Final, override
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

_REDIRECTS: Final = (301, 302, 303, 307, 308)
_MOST_REDIRECTS: Final = 10
_OWN_HOST_ONLY: Final = frozenset({"authorization", "cookie"})


class TooManyRedirectsError(UnsupportedMediaError):
    """Redirects that do not end."""


class Answer(HTTPResponse):
    """A response that closes its connection with itself."""

    network: Network | None = None
    sock: socket.socket | None = None
    address: str = ""
    """The URL that answered."""

    @override
    def close(self) -> None:
        """Close the response and its connection. May be called again."""
        super().close()
        if self.network is not None and self.sock is not None:
            self.network.forget(self.sock)


def split_url(url: str) -> SplitResult:
    """Take an http(s) URL apart. Raises UnsupportedMediaError for anything else."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
        # UnicodeError is a ValueError: of lone surrogates, and of names that the DNS cannot have.
        url.encode()
        (host or "").encode("idna")
    except ValueError as err:
        raise UnsupportedMediaError("not a URL") from err
    if parts.scheme not in ("http", "https") or not host or not is_plain(host) or port == 0:
        raise UnsupportedMediaError("not an http or https URL")
    return parts


def origin_of(url: str) -> Origin | None:
    """Return the origin of an http(s) URL, None for anything else."""
    try:
        parts = split_url(url)
    except UnsupportedMediaError:
        return None
    tls = parts.scheme == "https"
    return Origin.at(parts.hostname or "", parts.port or (443 if tls else 80), tls=tls)


def send(
    network: Network,
    url: str,
    *,
    headers: Mapping[str, str],
    method: str = "GET",
    body: bytes | None = None,
    timeout: float | None = None,
) -> Answer:
    """Send one request over a connection of its own and return the answer, whatever its status.

    Follows no redirect. Raises UnsupportedMediaError, BlockedAddressError, OSError or HTTPException.
    """
    parts = split_url(url)
    host = parts.hostname or ""
    tls = parts.scheme == "https"
    port = parts.port or (443 if tls else 80)
    connection = HTTPConnection(host, port)
    # A tunnel or a proxy would choose the address by itself: the socket is made here.
    connection.sock = sock = network.connect(host, port, tls=tls, timeout=timeout)
    connection.response_class = Answer
    try:
        path = urlunsplit(("", "", parts.path or "/", parts.query, ""))
        connection.request(method, path, body=body, headers=_complete(headers, parts, port))
        answer = connection.getresponse()
    except ValueError:
        # Not chained: it holds what HTTP cannot.
        network.forget(sock)
        raise UnsupportedMediaError("a URL or a header that HTTP cannot hold") from None
    except BaseException:
        network.forget(sock)
        raise
    assert isinstance(answer, Answer)  # noqa: S101  # tells the type checker; made by response_class
    answer.network, answer.sock, answer.address = network, sock, url
    return answer


def _complete(headers: Mapping[str, str], parts: SplitResult, port: int) -> dict[str, str]:
    host = (parts.hostname or "").encode("idna").decode()
    host = f"[{host}]" if ":" in host else host
    default = 443 if parts.scheme == "https" else 80
    complete = {"Host": host if port == default else f"{host}:{port}", "Connection": "close"}
    complete |= {name: value for name, value in headers.items() if name.lower() != "connection"}
    complete |= _authorization(parts)
    return complete


def _authorization(parts: SplitResult) -> dict[str, str]:
    if parts.username is None:
        return {}
    userinfo = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return {"Authorization": "Basic " + base64.b64encode(userinfo.encode()).decode()}


@dataclass(frozen=True, slots=True)
class Login:
    """User and password of a URL, for its own host."""

    origin: str = ""
    authorization: Mapping[str, str] = field(default_factory=dict)

    def headers(self, url: str) -> dict[str, str]:
        """Return what a request for `url` is to have of it: nothing, if that is another host."""
        return headers_for(url, self.authorization, self.origin)


def without_login(url: str) -> tuple[str, Login]:
    """Return an http(s) URL, or anything else, without user and password, and these."""
    try:
        parts = split_url(url)
    except UnsupportedMediaError:
        return url, Login()
    if parts.username is None:
        return url, Login()
    bare = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    return bare, Login(bare, _authorization(parts))


def link_of(page: str | None) -> str | None:
    """Return an http(s) URL without a login, None for what else a site may call its page."""
    if page is None or origin_of(page) is None:
        return None
    return without_login(page)[0]


def redirect_target(answer: Answer) -> str | None:
    """Return the URL that an answer points to, or None if it is no redirect."""
    location = answer.headers.get("Location")
    if answer.status not in _REDIRECTS or not location:
        return None
    # `http.client` reads headers as Latin-1: what was UTF-8 on the wire is so again.
    with contextlib.suppress(UnicodeError):
        location = location.encode("latin-1").decode()
    return urljoin(answer.address, escaped(location))


def escaped(reference: str) -> str:
    """Return a reference with what no URL may hold percent-encoded, as browsers do."""
    return quote(reference, safe=string.punctuation)


def headers_for(url: str, headers: Mapping[str, str], origin: str) -> dict[str, str]:
    """Return what of the headers meant for the URL `origin` may go to `url`: secrets to its origin only.

    They may go from the usual port of http to that of https, as many servers redirect, and never back.
    """
    ours, theirs = origin_of(origin), origin_of(url)
    same = ours is not None and theirs in (ours, _with_tls(ours))
    return {
        name: value for name, value in headers.items() if same or name.lower() not in _OWN_HOST_ONLY
    }


def _with_tls(origin: Origin) -> Origin:
    return (
        origin._replace(port=443, tls=True) if (origin.port, origin.tls) == (80, False) else origin
    )


def follow(
    network: Network,
    url: str,
    *,
    headers: Callable[[str], Mapping[str, str]],
    method: str = "GET",
    body: bytes | None = None,
    timeout: float | None = None,
    forbidden: Origin | None = None,
    on_answer: Callable[[Answer], None] | None = None,
) -> Answer:
    """Send a request, and again to where it is redirected; return the last answer, whatever its status.

    `headers` gives those for each URL, which may be of another host. `forbidden` is where no redirect
    may lead. `on_answer` is called with each answer. Raises as `send`, TooManyRedirectsError, and
    UnsupportedMediaError for a forbidden redirect.
    """
    for _ in range(_MOST_REDIRECTS):
        answer = send(network, url, headers=headers(url), method=method, body=body, timeout=timeout)
        if on_answer is not None:
            on_answer(answer)
        target = redirect_target(answer)
        if target is None:
            return answer
        answer.close()
        if forbidden is not None and origin_of(target) == forbidden:
            raise UnsupportedMediaError("redirects to what may not be asked for")
        if answer.status == 303 or (answer.status in (301, 302) and method == "POST"):
            method, body = "GET" if method != "HEAD" else method, None
        url = target
    raise TooManyRedirectsError("redirects without an end")


def fetch(
    network: Network, url: str, *, headers: Mapping[str, str], returning: bool = True
) -> Answer:
    """GET with redirects. Returns an answer of status 200 or 206.

    Without `returning`, a redirect may not lead to the URL's own origin, which is asked once.
    Raises UnsupportedMediaError, BlockedAddressError, PlayNotFoundError, MediaRefusedError,
    RateLimitedError, PlayNetworkError, OSError or HTTPException.
    """
    answer = follow(
        network,
        url,
        headers=lambda target: headers_for(target, headers, url),
        forbidden=None if returning else origin_of(url),
    )
    if answer.status in (200, 206):
        return answer
    answer.close()
    raise _error_of(answer.status)


def fetch_all(
    network: Network, url: str, *, headers: Mapping[str, str], most: int
) -> tuple[str, bytes]:
    """GET a small thing whole: the URL that answered, and at most `most` bytes.

    Raises as `fetch` does, and UnsupportedMediaError when there is more.
    """
    answer = fetch(network, url, headers=headers)
    try:
        data = answer.read(most + 1)
    finally:
        answer.close()
    if len(data) > most:
        raise UnsupportedMediaError("larger than anything of its kind")
    return answer.address, data


def _error_of(status: int) -> PlayError:
    message = f"the server answered {status}"
    if status in (401, 403, 410):
        return MediaRefusedError(message)
    if status == 404:
        return PlayNotFoundError(message)
    if status == 429:
        return RateLimitedError(message)
    return PlayNetworkError(message)


def is_lasting(error: Exception) -> bool:
    """Tell whether asking again is useless."""
    return isinstance(error, PlayError) and type(error) is not PlayNetworkError


def play_error(error: Exception) -> PlayError:
    """Return the PlayError that an error of a connection means, chained to it."""
    if isinstance(error, PlayError):
        return error
    kind = PlayTimeoutError if isinstance(error, TimeoutError) else PlayNetworkError
    wrapped = kind(str(error) or type(error).__name__)
    wrapped.__cause__ = error
    return wrapped
