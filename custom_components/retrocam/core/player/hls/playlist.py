"""Parser of HLS media playlists (RFC 8216)."""

from dataclasses import dataclass
from datetime import UTC, datetime
import math
import re
from typing import Final
from urllib.parse import urljoin

from ...errors import DrmError, UnsupportedMediaError
from ..net.fetch import escape_reference, split_url

# Matches a name at its beginning only: trying each of its characters would take quadratic time.
_ATTRIBUTE: Final = re.compile(r'(?<![A-Z0-9-])([A-Z0-9-]+)=("[^"]*"|[^",]*)')

_MAX_SEGMENTS: Final = 50_000
"""A day of segments of 2 s has 43,200."""
_MAX_URL_CHARACTERS: Final = 32 * 1024 * 1024
"""Of all URLs together, each of which is as long as the playlist's own, or longer."""
_MAX_DURATION: Final = 1e6
"""Seconds of a segment."""
_MAX_INTEGER: Final = 1 << 62


type ByteRange = tuple[int, int]
"""Offset and length, bytes."""


@dataclass(frozen=True, slots=True)
class Key:
    """Encryption by AES-128 in CBC mode."""

    url: str
    iv: bytes | None
    """None: the segment's sequence number."""


@dataclass(frozen=True, slots=True)
class InitSection:
    """Media Initialization Section (EXT-X-MAP), read once before the segments that it applies to."""

    url: str
    byte_range: ByteRange | None


@dataclass(frozen=True, slots=True)
class PlaylistSegment:
    """One segment of a playlist."""

    sequence: int
    start: float
    """Seconds since the start of the playlist's first segment."""
    duration: float
    url: str
    byte_range: ByteRange | None
    key: Key | None
    init_section: InitSection | None
    discontinuity: bool
    """Whether the time line or the codecs change before it."""
    date: float | None
    """UNIX time of its start, if stated for it or an earlier one."""

    @property
    def end(self) -> float:
        """Its end, on the time line of `start`."""
        return self.start + self.duration


@dataclass(frozen=True, slots=True)
class Playlist:
    """One version of a media playlist."""

    segments: tuple[PlaylistSegment, ...]
    ended: bool
    target_duration: float
    """Maximum duration of a segment, s."""


def parse_playlist(text: str, url: str) -> Playlist:
    """Parse a media playlist that was read from `url`.

    Raises UnsupportedMediaError for anything else, and for URLs other than http(s); DrmError for
    encryption that needs a licence.
    """
    lines = [line.strip() for line in text.splitlines()]
    if not lines or not lines[0].removeprefix("\ufeff").startswith("#EXTM3U"):
        raise UnsupportedMediaError("not an HLS playlist")
    parser = _Parser(url)
    try:
        for line in lines[1:]:
            if line.startswith("#"):
                parser.read_tag(*line.partition(":")[::2])
            elif line:
                parser.add_segment(line)
    except UnsupportedMediaError:
        raise
    except (ValueError, OverflowError) as err:
        raise UnsupportedMediaError("a broken HLS playlist") from err
    return Playlist(tuple(parser.segments), parser.ended, parser.target_duration)


class _Parser:
    def __init__(self, url: str) -> None:
        self.segments: list[PlaylistSegment] = []
        self.ended = False
        self.target_duration = 10.0
        self._url = url
        self._url_characters = 0
        # Of the next segment.
        self._sequence = 0
        self._start = self._duration = 0.0
        self._byte_range: ByteRange | None = None
        self._key: Key | None = None
        self._init_section: InitSection | None = None
        self._discontinuity = False
        self._date: float | None = None
        self._range_end = 0
        """Where a byte range without an offset starts."""

    def read_tag(self, name: str, value: str) -> None:
        match name:
            case "#EXTINF":
                self._duration = _seconds(value.partition(",")[0])
            case "#EXT-X-TARGETDURATION":
                self.target_duration = max(1.0, _seconds(value))
            case "#EXT-X-MEDIA-SEQUENCE":
                self._sequence = _integer(value)
            case "#EXT-X-BYTERANGE":
                self._byte_range = self._parse_range(value)
            case "#EXT-X-ENDLIST":
                self.ended = True
            case "#EXT-X-STREAM-INF":
                raise UnsupportedMediaError("a multivariant playlist")
            case _:
                self._read_segment_tag(name, value)

    def _read_segment_tag(self, name: str, value: str) -> None:
        """Read a tag that applies to the segments after it."""
        match name:
            case "#EXT-X-DISCONTINUITY":
                self._discontinuity, self._date = True, None
            case "#EXT-X-PROGRAM-DATE-TIME":
                self._date = _date(value)
            case "#EXT-X-KEY":
                self._key = self._parse_key(value)
            case "#EXT-X-MAP":
                section = self._parse_init_section(value)
                self._discontinuity |= self._init_section not in (None, section)
                self._init_section = section

    def add_segment(self, reference: str) -> None:
        if len(self.segments) == _MAX_SEGMENTS:
            raise UnsupportedMediaError("too many segments")
        self.segments.append(
            PlaylistSegment(
                sequence=self._sequence,
                start=self._start,
                duration=self._duration,
                url=self._absolute(reference),
                byte_range=self._byte_range,
                key=self._key,
                init_section=self._init_section,
                discontinuity=self._discontinuity,
                date=self._date,
            )
        )
        self._sequence += 1
        self._start += self._duration
        if self._date is not None:
            self._date += self._duration
        self._byte_range, self._discontinuity = None, False

    def _absolute(self, reference: str) -> str:
        url = urljoin(self._url, escape_reference(reference))
        split_url(url)
        self._url_characters += len(url)
        if self._url_characters > _MAX_URL_CHARACTERS:
            raise UnsupportedMediaError("URLs are too long")
        return url

    def _parse_range(self, value: str) -> ByteRange:
        length, _, start = value.partition("@")
        byte_range = _integer(start) if start else self._range_end, _integer(length)
        self._range_end = sum(byte_range)
        return byte_range

    def _parse_init_section(self, value: str) -> InitSection:
        attributes = _attributes(value)
        byte_range = attributes.get("BYTERANGE")
        return InitSection(
            self._absolute(attributes.get("URI", "")),
            self._parse_range(byte_range) if byte_range else None,
        )

    def _parse_key(self, value: str) -> Key | None:
        attributes = _attributes(value)
        match attributes.get("METHOD"):
            case "NONE":
                return None
            case "AES-128" if attributes.get("KEYFORMAT", "identity") == "identity":
                iv = attributes.get("IV")
                return Key(
                    self._absolute(attributes.get("URI", "")),
                    None if iv is None else int(iv, 16).to_bytes(16),
                )
        raise DrmError("the segments are encrypted for licensed players")


def _seconds(value: str) -> float:
    seconds = float(value)
    if not math.isfinite(seconds):
        raise ValueError("not a duration")
    # Some playlists have -1 for an unknown duration.
    return min(max(0.0, seconds), _MAX_DURATION)


def _date(value: str) -> float | None:
    """Return the UNIX time of an ISO 8601 date; None for any other text."""
    try:
        date = datetime.fromisoformat(value.strip())
        return date.replace(tzinfo=date.tzinfo or UTC).timestamp()
    except ValueError, OverflowError:
        return None


def _integer(value: str) -> int:
    number = int(value)
    if not 0 <= number <= _MAX_INTEGER:
        raise ValueError("out of range")
    return number


def _attributes(value: str) -> dict[str, str]:
    return {name: text.strip('"') for name, text in _ATTRIBUTE.findall(value)}
