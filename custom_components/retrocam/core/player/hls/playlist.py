"""HLS media playlists (RFC 8216), taken apart."""

from collections.abc import Mapping
from dataclasses import dataclass
import math
import re
from typing import Final
from urllib.parse import urljoin

from ...errors import DrmError, UnsupportedMediaError
from ..net.fetch import escaped, split_url

# A name is tried from its beginning only: from each of its letters, it would take time by their square.
_ATTRIBUTE: Final = re.compile(r'(?<![A-Z0-9-])([A-Z0-9-]+)=("[^"]*"|[^",]*)')

_MOST_SEGMENTS: Final = 50_000
"""A day of segments of two seconds has 43,200."""
_MOST_LETTERS: Final = 32 * 1024 * 1024
"""Of all URLs together, each of which is as long as the playlist's own, or longer."""
_LONGEST: Final = 1e6
"""Seconds of a segment."""
_MOST_NUMBER: Final = 1 << 62

type ByteRange = tuple[int, int]
"""First byte, and how many."""


@dataclass(frozen=True, slots=True)
class Key:
    """How segments are encrypted: AES-128 in CBC mode."""

    url: str
    iv: bytes | None
    """None: the segment's number."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of media, some seconds long."""

    number: int
    start: float
    """Seconds since the playlist's first segment."""
    duration: float
    url: str
    span: ByteRange | None
    key: Key | None
    head: tuple[str, ByteRange | None] | None
    """What must be read before it, once (EXT-X-MAP)."""
    begins_part: bool
    """Whether time line or codecs begin anew."""


@dataclass(frozen=True, slots=True)
class Playlist:
    """A media playlist, as it was at one moment."""

    segments: tuple[Segment, ...]
    ended: bool
    target: float
    """Longest duration of a segment, s."""


def parse_playlist(text: str, url: str) -> Playlist:
    """Read a media playlist that came from `url`.

    Raises UnsupportedMediaError when it is none or names anything but http(s), DrmError for encryption
    that needs a licence.
    """
    return _Parser(url).parse(text)


class _Parser:
    def __init__(self, url: str) -> None:
        self._url = url
        self._segments: list[Segment] = []
        self._number = 0
        self._start = 0.0
        self._duration = 0.0
        self._target = 10.0
        self._span: ByteRange | None = None
        self._span_end = 0
        self._key: Key | None = None
        self._head: tuple[str, ByteRange | None] | None = None
        self._begins_part = False
        self._ended = False
        self._letters = 0

    def parse(self, text: str) -> Playlist:
        lines = [line.strip() for line in text.splitlines()]
        if not lines or not lines[0].removeprefix("\ufeff").startswith("#EXTM3U"):
            raise UnsupportedMediaError("not an HLS playlist")
        try:
            for line in lines[1:]:
                if line.startswith("#"):
                    self._tag(*line.partition(":")[::2])
                elif line:
                    self._segment(line)
        except (ValueError, OverflowError) as err:
            if isinstance(err, UnsupportedMediaError):
                raise
            raise UnsupportedMediaError("a broken HLS playlist") from err
        return Playlist(tuple(self._segments), self._ended, self._target)

    def _tag(self, name: str, value: str) -> None:
        match name:
            case "#EXTINF":
                self._duration = _seconds(value.partition(",")[0])
            case "#EXT-X-TARGETDURATION":
                self._target = max(1.0, _seconds(value))
            case "#EXT-X-MEDIA-SEQUENCE":
                self._number = _whole(value)
            case "#EXT-X-BYTERANGE":
                self._span = self._byte_range(value)
            case "#EXT-X-DISCONTINUITY":
                self._begins_part = True
            case "#EXT-X-ENDLIST":
                self._ended = True
            case "#EXT-X-KEY":
                self._key = self._read_key(_attributes(value))
            case "#EXT-X-MAP":
                attributes = _attributes(value)
                span = attributes.get("BYTERANGE")
                head = self._absolute(attributes["URI"]), self._byte_range(span) if span else None
                self._begins_part |= self._head not in (None, head)
                self._head = head
            case "#EXT-X-STREAM-INF":
                raise UnsupportedMediaError("a playlist of playlists")

    def _segment(self, line: str) -> None:
        if len(self._segments) == _MOST_SEGMENTS:
            raise UnsupportedMediaError("too many segments")
        url = self._absolute(line)
        self._segments.append(
            Segment(
                number=self._number,
                start=self._start,
                duration=self._duration,
                url=url,
                span=self._span,
                key=self._key,
                head=self._head,
                begins_part=self._begins_part,
            )
        )
        self._number += 1
        self._start += self._duration
        self._span, self._begins_part = None, False

    def _byte_range(self, value: str) -> ByteRange:
        count, _, first = value.partition("@")
        start, length = _whole(first) if first else self._span_end, _whole(count)
        self._span_end = start + length
        return start, length

    def _absolute(self, reference: str) -> str:
        url = urljoin(self._url, escaped(reference))
        split_url(url)
        self._letters += len(url)
        if self._letters > _MOST_LETTERS:
            raise UnsupportedMediaError("URLs without an end")
        return url

    def _read_key(self, attributes: Mapping[str, str]) -> Key | None:
        match attributes.get("METHOD"):
            case "NONE":
                return None
            case "AES-128" if attributes.get("KEYFORMAT", "identity") == "identity":
                iv = attributes.get("IV")
                return Key(
                    self._absolute(attributes["URI"]),
                    int(iv, 16).to_bytes(16) if iv is not None else None,
                )
        raise DrmError("the segments are encrypted for licensed players")


def _seconds(value: str) -> float:
    seconds = float(value)
    if not math.isfinite(seconds):
        raise ValueError("not a duration")
    # Some lists say -1 for what they do not know.
    return min(max(0.0, seconds), _LONGEST)


def _whole(value: str) -> int:
    """Read a whole number. Raises ValueError, also for what no file or list has."""
    number = int(value)
    if not 0 <= number <= _MOST_NUMBER:
        raise ValueError("no number of a segment or a byte")
    return number


def _attributes(value: str) -> dict[str, str]:
    found = {name: text.strip('"') for name, text in _ATTRIBUTE.findall(value)}
    found.setdefault("URI", "")
    return found
