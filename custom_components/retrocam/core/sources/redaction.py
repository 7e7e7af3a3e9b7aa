"""Redacts URLs and their parts in log texts of FFmpeg and of Home Assistant's stream component.

Cameras take credentials in the query (`?usr=..&pwd=..`), in the path (`/user=admin_password=..`) and
as tokens in a path; a redirect and the segments of a playlist bring URLs that no entry knows. So every
URL is cut to scheme, host and port, and the parts of known URLs are removed wherever they stand alone.
"""

from base64 import b64encode
from collections.abc import Iterator
import json
import re
from typing import Final
from urllib.parse import quote, quote_plus, unquote, urlsplit

from .urls import REDACTED

_SHORTEST: Final = 3
"""Characters. A shorter credential would remove letters from every word of a text."""
_SHORTEST_VALUE: Final = 4
"""Characters of a value in a query; shorter ones are channels and the like."""
_SHORTEST_SEGMENT: Final = 12
"""Characters of a path segment that may be a token; with a digit among them, half as many."""
_SHORTEST_PATH: Final = 8
"""Characters of a whole path; shorter ones are words such as `stream`."""
_SHORT_NUMBER: Final = re.compile(r"\d{1,5}")
"""A port or a resolution, unless its key says otherwise."""
_SECRET_KEY: Final = re.compile(r"(?i)pas|pwd|pin|key|tok|auth|sig|sec|usr|user")

_URL: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://(\S*)")
_AROUND: Final = "'\"`<>()[]{},;."
"""Quotes and punctuation that FFmpeg and Python put after a URL."""
_VALUES: Final = re.compile(r"[?&][^\s'\"?&]*=[^\s'\"]*|(?<=\w)\?[^\s'\"]+")
"""A query without its URL, as in a relative reference."""

_FFMPEG: Final = (
    # The session description: only what tells the codecs is harmless.
    (re.compile(r"(?s)\bSDP:.*"), lambda match: _kept_of_sdp(match[0])),
    (re.compile(r"(?s)\b(request|Sending):.*"), rf"\1: {REDACTED}"),
    (
        re.compile(r"(?i)\b([\w-]*(?:cookie|authori[sz]ation|authenticate|location))\b.*"),
        rf"\1: {REDACTED}",
    ),
    (re.compile(r"\b(path|app|fname|playpath) = \S+"), rf"\1 = {REDACTED}"),
    (re.compile(r"(['\"])(?![A-Za-z][\w+.-]*://)(?:(?!\1).)*\1"), rf"\1{REDACTED}\1"),
    (re.compile(r"(?<![\w/.:])/[^\s'\"]+"), f"/{REDACTED}"),
)
"""What FFmpeg's protocols and demuxers write besides URLs: requests, headers, playlist lines, paths."""
_SDP_LINE: Final = re.compile(r"m=|a=rtpmap:")

_BETWEEN_PIECES: Final = re.compile(r"[/?&;]|_(?=[A-Za-z]+=)")


class UrlSecrets:
    """The parts of one URL that may be secret, in all spellings."""

    def __init__(self, url: str) -> None:
        """Take apart `url`, credentials included; one that is none is secret as a whole."""
        try:
            pieces, host = set(_pieces(url)), urlsplit(url).hostname
        except ValueError:
            pieces, host = {url}, None
        forms = {form for piece in pieces for form in _spellings(piece)}
        alternatives = [re.escape(form) for form in sorted(forms, key=len, reverse=True)]
        self._parts = _any_of(alternatives)
        if host:
            alternatives.append(rf"(?<![\w.-]){re.escape(host)}(?![\w-])")
        self._parts_and_host = _any_of(alternatives)

    def concern(self, text: str) -> bool:
        """Tell whether a secret part stands in `text`, or the host."""
        return self._parts_and_host.search(text) is not None

    def removed_from(self, text: str) -> str:
        """Return `text` without the secret parts."""
        return self._parts.sub(REDACTED, text)


def _any_of(alternatives: list[str]) -> re.Pattern[str]:
    # Without an alternative it would match everywhere.
    return re.compile("|".join(alternatives) or r"(?!)", re.IGNORECASE)


def _pieces(url: str) -> Iterator[str]:
    """Yield what may stand alone: credentials, path, query, and each value and token in them."""
    parts = urlsplit(url)
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    yield from (each for each in (user, password) if len(each) >= _SHORTEST)
    if user or password:
        yield b64encode(f"{user}:{password}".encode()).decode()
    path = parts.path.strip("/")
    yield from (each for each in (parts.query, parts.fragment) if len(each) >= _SHORTEST_VALUE)
    if len(path) >= _SHORTEST_PATH:
        yield path
    for piece in _BETWEEN_PIECES.split(f"{path}?{parts.query}"):
        key, assigned, value = piece.partition("=")
        if assigned and _may_be_secret(key, value):
            yield value
        elif len(piece) * (2 if re.search(r"\d", piece) else 1) >= _SHORTEST_SEGMENT:
            yield piece


def _may_be_secret(key: str, value: str) -> bool:
    if len(value) < _SHORTEST_VALUE:
        return False
    return bool(_SECRET_KEY.search(key)) or not _SHORT_NUMBER.fullmatch(value)


def _spellings(piece: str) -> set[str]:
    """Return `piece` as it is, decoded, encoded by each rule, encoded twice, and as Python quotes it."""
    plain = {piece, unquote(piece)}
    encoded = {
        form for each in plain for form in (quote(each), quote(each, safe=""), quote_plus(each))
    }
    twice = {quote(each, safe="") for each in encoded}
    quoted = {form for each in plain for form in (repr(each)[1:-1], json.dumps(each)[1:-1])}
    return plain | encoded | twice | quoted


def hide_urls(text: str) -> str:
    """Return `text` with each URL cut to scheme, host and port, and queries without a URL removed."""
    return _VALUES.sub(f"?{REDACTED}", _URL.sub(_cut, text))


def hide_in_ffmpeg_line(text: str) -> str:
    """Return a line of FFmpeg's log as `hide_urls`, and without paths, headers and quoted names."""
    text = hide_urls(text)
    for pattern, instead in _FFMPEG:
        text = pattern.sub(instead, text)
    return text


def _cut(match: re.Match[str]) -> str:
    scheme, rest = match[1], match[2]
    body = rest.rstrip(_AROUND)
    after = rest[len(body) :]
    netloc = re.split(r"[/?#\\]", body, maxsplit=1)[0]
    host = netloc.rpartition("@")[2]
    if "@" in body[len(netloc) :] and "@" not in netloc:
        # A password with a slash in it: what looks like the host may be the user.
        host = REDACTED
    return f"{scheme}://{host or REDACTED}{after}"


def _kept_of_sdp(text: str) -> str:
    lines = [line.strip() for line in text.splitlines()[1:]]
    return "\n".join(["SDP:", *(line for line in lines if _SDP_LINE.match(line))])
