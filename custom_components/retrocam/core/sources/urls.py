"""URLs of video sources: validation, credentials and redaction."""

from ipaddress import ip_address
import re
from typing import Final
from urllib.parse import SplitResult, quote, unquote, urlsplit, urlunsplit

from ..errors import InvalidUrlError, UnsupportedSchemeError
from ..texts import is_plain

URL_SCHEMES: Final = ("rtsp", "rtsps", "http", "https", "rtmp", "rtmps")
"""Allowed schemes; in particular not `file:`, `concat:` or `data:`."""

PROTOCOL_WHITELIST: Final = (
    "crypto,http,httpproxy,https,rtmp,rtmps,rtmpt,rtmpts,rtp,rtsp,rtsps,srtp,tcp,tls,udp"
)
"""FFmpeg's `protocol_whitelist`: none reads local files, also for entries of a playlist."""

DEFAULT_PORTS: Final = {
    "rtsp": 554,
    "rtsps": 322,
    "http": 80,
    "https": 443,
    "rtmp": 1935,
    "rtmps": 443,
}
"""Ports of URLs without one."""

MAX_URL: Final = 4096
"""Characters of a URL."""
REDACTED: Final = "**redacted**"
_IN_URL: Final = re.compile(r"(://|[?#])\S+")


def source_url(url: str, username: str | None = None, password: str | None = None) -> str:
    """Return `url` with percent-encoded credentials; those in `url` take precedence.

    Raises UnsupportedSchemeError or InvalidUrlError.
    """
    url = url.strip()
    if not is_plain(url, max_length=MAX_URL):
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
        raise InvalidUrlError("a `/` in the password is not percent-encoded")
    if parts.username is None and username:
        userinfo = _encode(username)
        if password:
            userinfo += ":" + _encode(password)
        parts = parts._replace(netloc=f"{userinfo}@{parts.netloc}")
    return urlunsplit(parts)


def _encode(text: str) -> str:
    if len(text) > MAX_URL:
        raise InvalidUrlError("too many characters for a URL")
    try:
        return quote(text, safe="")
    except UnicodeEncodeError:
        # Unchained: it has the password.
        raise InvalidUrlError("characters that cannot be encoded") from None


def _hides_password(parts: SplitResult) -> bool:
    """Return whether host and port seem to be a user and the digits of a password before a `/`.

    The password in the path would be logged.
    """
    if parts.port is None or parts.username is not None or "@" not in parts.path:
        return False
    try:
        ip_address(parts.hostname or "")
    except ValueError:
        return True
    return False


def split_credentials(url: str) -> tuple[str, str | None, str | None]:
    """Return `url` without credentials, and the decoded user and password, or None.

    Raises UnsupportedSchemeError or InvalidUrlError.
    """
    parts = urlsplit(source_url(url))
    username = unquote(parts.username) if parts.username else None
    password = unquote(parts.password) if parts.password else None
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2])), username, password


def redact_url(url: str) -> str:
    """Return `url` without user, password and query; what is no URL is redacted as a whole."""
    try:
        parts = urlsplit(url)
        netloc = parts.netloc.rpartition("@")[2]
        if parts.username is not None:
            netloc = f"{REDACTED}@{netloc}"
        path, query = parts.path, REDACTED if parts.query else ""
        if "@" in path:
            # A password with a `/` that is not encoded: the apparent host is the user.
            netloc, path = f"{REDACTED}@{path.rpartition('@')[2].partition('/')[0]}", ""
            urlsplit(f"//{netloc}")
    except ValueError:
        return REDACTED
    return urlunsplit((parts.scheme, netloc, path, query, ""))


def redact_urls(text: str) -> str:
    """Return a message of another library without the contents of URLs and queries, hosts included."""
    return _IN_URL.sub(rf"\1{REDACTED}", text)
