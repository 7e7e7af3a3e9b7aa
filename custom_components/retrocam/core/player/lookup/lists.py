"""Lists of radio and television stations: `.m3u` without the tags of HLS, and `.pls`."""

from dataclasses import dataclass
import re
from typing import Final
from urllib.parse import urljoin, urlsplit

from ...errors import UnsupportedMediaError
from ..net.fetch import escape_reference, split_url

MAX_LIST_BYTES: Final = 512 * 1024
"""Of a list to read: some name ten thousand stations, of which only the first are tried."""
MAX_ENTRIES: Final = 100
_HEADER: Final = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:#EXTM3U|\[playlist\]|\[reference\])", re.IGNORECASE
)
_HLS: Final = re.compile(
    r"^#EXT-X-(?:TARGETDURATION|MEDIA-SEQUENCE|STREAM-INF|I-FRAME|MEDIA:|MAP:|KEY:|ENDLIST|PART)",
    re.MULTILINE,
)
_PLS_ENTRY: Final = re.compile(r"\s*(file|ref|title)(\d{1,9})\s*=\s*(.*)", re.IGNORECASE)
_QUOTED: Final = re.compile(r'"[^"]*"')
_SUFFIXES: Final = (".m3u", ".m3u8", ".pls")
_MIME_TYPES: Final = re.compile(
    r"(?:audio|application)/(?:x-|vnd\.apple\.)?(?:mpegurl|scpls|pls\+xml)"
)
HEADER_BYTES: Final = 512


@dataclass(frozen=True, slots=True)
class Station:
    """An entry of a list."""

    url: str
    title: str | None


def may_be_list(begin: bytes, url: str, content_type: str) -> bool:
    """Return whether a body is text that may be a list, by its first HEADER_BYTES, its URL and its type.

    Media never are, whatever their type and name.
    """
    if _HEADER.match(begin):
        return True
    named = urlsplit(url).path.lower().endswith(_SUFFIXES) or is_list_type(content_type)
    text = begin.removeprefix(b"\xef\xbb\xbf").lstrip()
    is_html = text[:1] == b"<"
    return named and bool(text) and not is_html and not any(byte < 9 for byte in begin)


def is_list_type(content_type: str) -> bool:
    """Return whether a Content-Type is that of a list or an HLS playlist."""
    return _MIME_TYPES.match(content_type.strip().lower()) is not None


def parse_list(data: bytes, url: str) -> list[Station] | None:
    """Return the first entries of a list read from `url` that are http(s) URLs; None for HLS.

    `data` may be cut off. Raises UnsupportedMediaError without such entries.
    """
    text = _decode(data)
    if _HLS.search(text):
        return None
    lines = text.splitlines()
    is_pls = any(_PLS_ENTRY.fullmatch(line) for line in lines) and "#EXTM3U" not in text[:16]
    stations = _pls(lines, url) if is_pls else _m3u(lines, url)
    if not stations:
        raise UnsupportedMediaError("a list without an http(s) URL")
    return stations[:MAX_ENTRIES]


def _decode(data: bytes) -> str:
    """Decode as UTF-8, else as Windows-1252, which most old lists are in."""
    if len(data) >= MAX_LIST_BYTES:
        data = data[: data.rfind(b"\n") + 1]
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _m3u(lines: list[str], base: str) -> list[Station]:
    stations = []
    title = ""
    for line in map(str.strip, lines):
        if line.upper().startswith("#EXTINF:"):
            title = _QUOTED.sub("", line).partition(",")[2]
        elif line and not line.startswith("#"):
            # Some players take headers after a bar.
            stations += _station(line.partition("|")[0], title, base)
            title = ""
    return stations


def _pls(lines: list[str], base: str) -> list[Station]:
    files: dict[int, str] = {}
    titles: dict[int, str] = {}
    for line in lines:
        if (match := _PLS_ENTRY.fullmatch(line)) is not None:
            values = titles if match[1].lower() == "title" else files
            values.setdefault(int(match[2]), match[3].strip())
    return [
        station
        for number, file in sorted(files.items())
        for station in _station(file, titles.get(number, ""), base)
    ]


def _station(reference: str, title: str, base: str) -> list[Station]:
    """Return an entry, or nothing for a URL that is not http(s)."""
    if not (reference := reference.strip()):
        return []
    try:
        url = urljoin(base, escape_reference(reference))
        split_url(url)
    except ValueError, UnsupportedMediaError:
        return []
    return [Station(url, title.strip() or None)]
