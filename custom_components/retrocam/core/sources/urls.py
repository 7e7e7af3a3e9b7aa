"""Sources of video by URL: what is allowed, how credentials go in, and how it is told without them."""

from ipaddress import ip_address
import re
from typing import Final
from urllib.parse import SplitResult, quote, unquote, urlsplit, urlunsplit

from ..errors import InvalidUrlError, UnsupportedSchemeError
from ..texts import is_plain

URL_SCHEMES: Final = ("rtsp", "rtsps", "http", "https", "rtmp", "rtmps")
"""What a source may be; above all not `file:`, `concat:` or `data:`."""

PROTOCOL_WHITELIST: Final = (
    "crypto,http,httpproxy,https,rtmp,rtmps,rtmpt,rtmpts,rtp,rtsp,rtsps,srtp,tcp,tls,udp"
)
"""FFmpeg's `protocol_whitelist`: nothing that reads this machine, also not for a playlist's entries."""

MAX_URL: Final = 4096
"""Characters of a URL."""
REDACTED: Final = "**redacted**"
_IN_URL: Final = re.compile(r"(://|[?#])\S+")


def source_url(url: str, username: str | None = None, password: str | None = None) -> str:
    """Return `url` with the credentials in it, percent-encoded; those given in `url` go first.

    Raises UnsupportedSchemeError or InvalidUrlError.
    """
    url = url.strip()
    if not is_plain(url, most=MAX_URL):
        raise InvalidUrlError("characters that no URL has, or too many")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as err:
        raise InvalidUrlError("not a URL") from err
    if not parts.scheme or " " in url:
        raise InvalidUrlError("not a URL")
    if parts.scheme.lower() not in URL_SCHEMES:
        raise UnsupportedSchemeError("the URL's scheme is not supported")
    if not host or port == 0:
        raise InvalidUrlError("the URL has no host")
    if _hides_password(parts):
        raise InvalidUrlError("a password that is not encoded cuts the URL short")
    if parts.username is None and username:
        userinfo = _encoded(username)
        if password:
            userinfo += ":" + _encoded(password)
        parts = parts._replace(netloc=f"{userinfo}@{parts.netloc}")
    return urlunsplit(parts)


def _encoded(text: str) -> str:
    """Percent-encode a user or a password. Raises InvalidUrlError for what cannot be encoded."""
    if len(text) > MAX_URL:
        raise InvalidUrlError("too many characters for a URL")
    try:
        return quote(text, safe="")
    except UnicodeEncodeError:
        # Not chained: it holds the password.
        raise InvalidUrlError("characters that no encoding has") from None


def _hides_password(parts: SplitResult) -> bool:
    """Tell whether what looks like host and port is a user and the digits of a password before a `/`.

    Such a URL would be logged with its password by whoever takes it at its word.
    """
    if parts.port is None or parts.username is not None or "@" not in parts.path:
        return False
    try:
        ip_address(parts.hostname or "")
    except ValueError:
        return True
    return False


def split_credentials(url: str) -> tuple[str, str | None, str | None]:
    """Return `url` without its credentials, and these, decoded; None where there are none.

    Raises UnsupportedSchemeError or InvalidUrlError.
    """
    parts = urlsplit(source_url(url))
    username = unquote(parts.username) if parts.username else None
    password = unquote(parts.password) if parts.password else None
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2])), username, password


def redact_url(url: str) -> str:
    """Return `url` without what may be secret: user, password, and all values of its query."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return REDACTED
    netloc = parts.netloc.rpartition("@")[2]
    if parts.username is not None:
        netloc = f"{REDACTED}@{netloc}"
    path, query = parts.path, REDACTED if parts.query else ""
    if "@" in path:
        # A password with a slash that is not encoded: what seems to be the host is the user.
        netloc, path = f"{REDACTED}@{path.rpartition('@')[2].partition('/')[0]}", ""
    return urlunsplit((parts.scheme, netloc, path, query, ""))


def redact_urls(text: str) -> str:
    """Return words of others, as in errors and logs, without what stands in URLs and their queries."""
    return _IN_URL.sub(rf"\1{REDACTED}", text)
