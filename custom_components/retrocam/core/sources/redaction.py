"""Redaction of URLs and their parts in log texts of FFmpeg and of Home Assistant's stream component.

Cameras take credentials in the query (`?usr=..&pwd=..`), in the path (`/user=admin_password=..`) and as
tokens in a path; redirects and playlists bring URLs that no entry has. So every URL is cut to scheme,
host and port, and the parts of known URLs are removed wherever they occur.
"""

from base64 import b64encode
from collections.abc import Iterator
import json
import re
from typing import Final
from urllib.parse import quote, quote_plus, unquote, urlsplit

from .urls import REDACTED

_MIN_CREDENTIAL: Final = 3
"""Characters. Shorter credentials would remove letters from every word."""
_MIN_VALUE: Final = 4
"""Characters of a query value; shorter ones are channels and the like."""
_MIN_TOKEN: Final = 12
"""Characters of a path segment that may be a token; half as many if it has a digit."""
_MIN_PATH: Final = 8
"""Characters of a whole path; shorter ones are words such as `stream`."""
_SHORT_NUMBER: Final = re.compile(r"\d{1,5}")
"""A port or a resolution, unless its key suggests a secret."""
_SECRET_KEY: Final = re.compile(r"(?i)pas|pwd|pin|key|tok|auth|sig|sec|usr|user")

_URL: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://(\S*)")
_AROUND: Final = "'\"`<>()[]{},;."
"""Quotes and punctuation of FFmpeg and Python after a URL."""
_QUERY: Final = re.compile(r"[?&][^\s'\"?&]*=[^\s'\"]*|(?<=\w)\?[^\s'\"]+")
"""A query without its URL, as in a relative reference."""

_FFMPEG: Final = (
    (re.compile(r"(?s)\bSDP:.*"), lambda match: _redact_sdp(match[0])),
    (re.compile(r"(?s)\b(request|Sending):.*"), rf"\1: {REDACTED}"),
    (
        re.compile(r"(?i)\b([\w-]*(?:cookie|authori[sz]ation|authenticate|location))\b.*"),
        rf"\1: {REDACTED}",
    ),
    (re.compile(r"\b(path|app|fname|playpath) = \S+"), rf"\1 = {REDACTED}"),
    (re.compile(r"(['\"])(?![A-Za-z][\w+.-]*://)(?:(?!\1).)*\1"), rf"\1{REDACTED}\1"),
    (re.compile(r"(?<![\w/.:])/[^\s'\"]+"), f"/{REDACTED}"),
)
"""What FFmpeg's protocols and demuxers log besides URLs: requests, headers, playlist lines, paths."""
_SDP_CODECS: Final = re.compile(r"m=|a=rtpmap:")

_SEPARATORS: Final = re.compile(r"[/?&;]|_(?=[A-Za-z]+=)")


class UrlSecrets:
    """The parts of one URL that may be secret, in all spellings."""

    def __init__(self, url: str) -> None:
        """Split `url`, credentials included; a malformed one is secret as a whole."""
        try:
            parts, host = set(_secret_parts(url)), urlsplit(url).hostname
        except ValueError:
            parts, host = {url}, None
        spellings = {spelling for part in parts for spelling in _spellings(part)}
        alternatives = [re.escape(text) for text in sorted(spellings, key=len, reverse=True)]
        self._parts = _any_of(alternatives)
        if host:
            alternatives.append(rf"(?<![\w.-]){re.escape(host)}(?![\w-])")
        self._parts_and_host = _any_of(alternatives)

    def found_in(self, text: str) -> bool:
        """Return whether `text` has a secret part or the host."""
        return self._parts_and_host.search(text) is not None

    def redact(self, text: str) -> str:
        """Return `text` without the secret parts."""
        return self._parts.sub(REDACTED, text)


def _any_of(alternatives: list[str]) -> re.Pattern[str]:
    # An empty pattern would match everywhere.
    return re.compile("|".join(alternatives) or r"(?!)", re.IGNORECASE)


def _secret_parts(url: str) -> Iterator[str]:
    """Yield credentials, path, query, and each value and token in them."""
    parts = urlsplit(url)
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    yield from (text for text in (user, password) if len(text) >= _MIN_CREDENTIAL)
    if user or password:
        yield b64encode(f"{user}:{password}".encode()).decode()
    path = parts.path.strip("/")
    yield from (text for text in (parts.query, parts.fragment) if len(text) >= _MIN_VALUE)
    if len(path) >= _MIN_PATH:
        yield path
    for token in _SEPARATORS.split(f"{path}?{parts.query}"):
        key, assigned, value = token.partition("=")
        if assigned and _may_be_secret(key, value):
            yield value
        elif len(token) * (2 if re.search(r"\d", token) else 1) >= _MIN_TOKEN:
            yield token


def _may_be_secret(key: str, value: str) -> bool:
    return len(value) >= _MIN_VALUE and bool(
        _SECRET_KEY.search(key) or not _SHORT_NUMBER.fullmatch(value)
    )


def _spellings(text: str) -> set[str]:
    """Return `text` as it is, decoded, encoded by each rule, encoded twice, and quoted by Python."""
    plain = {text, unquote(text)}
    encoded = {form for t in plain for form in (quote(t), quote(t, safe=""), quote_plus(t))}
    twice = {quote(t, safe="") for t in encoded}
    quoted = {form for t in plain for form in (repr(t)[1:-1], json.dumps(t)[1:-1])}
    return plain | encoded | twice | quoted


def redact_log_text(text: str) -> str:
    """Return `text` with URLs cut to scheme, host and port, and without queries of relative URLs."""
    return _QUERY.sub(f"?{REDACTED}", _URL.sub(_redact_match, text))


def redact_ffmpeg_line(text: str) -> str:
    """Redact as `redact_log_text`, and paths, headers and quoted names of FFmpeg's log too."""
    text = redact_log_text(text)
    for pattern, replacement in _FFMPEG:
        text = pattern.sub(replacement, text)
    return text


def _redact_match(match: re.Match[str]) -> str:
    scheme, rest = match.groups()
    body = rest.rstrip(_AROUND)
    netloc = re.split(r"[/?#\\]", body, maxsplit=1)[0]
    host = netloc.rpartition("@")[2]
    if "@" in body[len(netloc) :] and "@" not in netloc:
        # A password with a `/`: the apparent host may be the user.
        host = REDACTED
    return f"{scheme}://{host or REDACTED}{rest[len(body) :]}"


def _redact_sdp(text: str) -> str:
    """Keep only the codecs of a session description."""
    lines = [line.strip() for line in text.splitlines()[1:]]
    return "\n".join(["SDP:", *(line for line in lines if _SDP_CODECS.match(line))])
