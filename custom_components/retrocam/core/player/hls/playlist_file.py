"""HLS media playlists, read as one stream of bytes.

FFmpeg reads the concatenated segments as a single file and never sees the playlist: no nested playlists,
no protocol but http(s), and no wait that cannot be ended. A discontinuity ends the file.
"""

from collections.abc import Callable
from http.client import HTTPException
from typing import Final

from ...errors import (
    PlayError,
    PlayNetworkError,
    PlayNotFoundError,
    PlayTimeoutError,
    UnsupportedMediaError,
)
from ..net.addresses import Network
from ..net.fetch import as_play_error, fetch_all, headers_for, is_permanent
from ..net.http_file import RemoteFile
from ..net.streams import MediaInput
from .cipher import DecryptedFile
from .live_edge import LiveEdge, usual_distance
from .playlist import ByteRange, InitSection, Playlist, PlaylistSegment, parse_playlist

_MAX_PLAYLIST_BYTES: Final = 8 * 1024 * 1024
_KEY_BYTES: Final = 16
_MAX_KEYS: Final = 8
"""Keys in the cache: a live stream may have another one for each segment."""
_LIVE_SEGMENTS: Final = 3
"""Segments before the end of a live playlist to start at (RFC 8216, 6.3.3)."""
_MAX_MISSING: Final = 3
"""Consecutive segments of a live stream that may be missing."""
_ROUNDING: Final = 0.001
"""Seconds by which a sum of durations may be off."""


def _live_edge(playlist: Playlist) -> LiveEdge | None:
    """Return the end of a playlist, None unless it is live."""
    if playlist.ended:
        return None
    segments = playlist.segments
    last, begin = segments[-1], segments[-_LIVE_SEGMENTS:][0]
    return LiveEdge(
        distance=last.end - begin.start,
        window=last.end,
        segment=max(segment.duration for segment in segments),
        date=None if last.date is None else last.date + last.duration,
    )


class PlaylistFile:
    """The segments of a playlist as one file for PyAV, not seekable; see `RemoteFile` for failures.

    Used by one thread. Ends where the time line or the codecs change: see `next_section`.
    """

    def __init__(
        self,
        source: MediaInput,
        network: Network,
        *,
        start: float = 0.0,
        begin: Callable[[LiveEdge | None], float] = usual_distance,
    ) -> None:
        """Load the playlist and start at the segment that has `start`, in s. Raises a PlayError.

        `begin` is given the end of a live playlist, None for others, and returns the seconds before that
        end at which to start.
        """
        self.name = "media"
        self.failure: PlayError | None = None
        self._file: RemoteFile | DecryptedFile | None = None
        self._source, self._network = source, network
        self._keys: dict[str, bytes] = {}
        try:
            self._playlist = self._load()
        except (OSError, HTTPException) as err:
            raise as_play_error(err) from err
        segments = self._playlist.segments
        if not segments:
            raise UnsupportedMediaError("the playlist is empty")
        edge = _live_edge(self._playlist)
        distance = begin(edge)
        if edge is not None:
            start = edge.window - distance + _ROUNDING
        later = (index for index, segment in enumerate(segments) if segment.start > start)
        self._index = max(0, next(later, len(segments)) - 1)
        if edge is not None and not edge.window:  # without durations
            self._index = max(0, len(segments) - _LIVE_SEGMENTS)
        self._time = 0.0 if self.is_live else segments[self._index].start
        self.section_start = self._time
        """Start of the current section on the playlist's time line, s."""
        self._init_section: InitSection | None = None
        self._section_begun = False
        self._missing = 0

    @property
    def is_live(self) -> bool:
        """Whether segments are still added."""
        return not self._playlist.ended

    @property
    def duration(self) -> float | None:
        """Duration in s, None while live."""
        return self._playlist.segments[-1].end if self._playlist.ended else None

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes; none at the end of the section."""
        while self.failure is None:
            try:
                self._file = self._file or self._next_file()
                if self._file is None:
                    return b""
                data = self._file.read(size)
                if self._file.failure is not None:
                    raise self._file.failure
                if data:
                    self._missing = 0
                    return data
            except (PlayError, OSError, HTTPException) as err:
                self._missing += 1
                error = as_play_error(err)
                gone = isinstance(error, (PlayNotFoundError, PlayTimeoutError))
                skippable = self.is_live and (gone or not is_permanent(error))
                if self._network.closed or not skippable or self._missing > _MAX_MISSING:
                    self.failure = error
            self.close()
        return b""

    def next_section(self) -> bool:
        """Continue after a discontinuity. Returns False at the end of the playlist."""
        if self.failure is not None or self._next_segment() is None:
            return False
        self.section_start = self._time
        self._section_begun, self._init_section = False, None
        return True

    def _load(self) -> Playlist:
        url, data = fetch_all(
            self._network,
            self._source.url,
            headers=self._source.headers,
            max_bytes=_MAX_PLAYLIST_BYTES,
            prefix=b"#EXTM3U",
        )
        return parse_playlist(data.decode("utf-8", "replace"), url)

    def _next_segment(self) -> PlaylistSegment | None:
        """Return the next segment; wait for it while the stream is live."""
        if self._index < len(self._playlist.segments):
            return self._playlist.segments[self._index]
        waited = 0.0
        while self.is_live:
            last = self._playlist.segments[-1].sequence
            pause = max(0.5, self._playlist.target_duration / 2)
            waited += pause
            if waited > max(30.0, 4 * self._playlist.target_duration):
                raise PlayTimeoutError("no new segment of the live stream")
            if self._network.wait(pause):
                raise PlayNetworkError("the network is closed")
            playlist = self._load()
            self._playlist = playlist if playlist.segments else self._playlist
            for index, segment in enumerate(playlist.segments):
                if segment.sequence > last:
                    self._index = index
                    return segment
        return None

    def _next_file(self) -> RemoteFile | DecryptedFile | None:
        """Open the next initialization section or segment. None at the end of the section."""
        segment = self._next_segment()
        if segment is None or (segment.discontinuity and self._section_begun):
            return None
        section = segment.init_section
        if section is not None and section != self._init_section:
            file = self._open(section.url, section.byte_range)
            self._init_section = section
            return file
        self._index += 1
        self._section_begun = True
        self._time += segment.duration
        key = segment.key
        if key is None:
            return self._open(segment.url, segment.byte_range)
        iv = key.iv or segment.sequence.to_bytes(16)
        secret = self._load_key(key.url)
        return DecryptedFile(self._open(segment.url, segment.byte_range), secret, iv)

    def _load_key(self, url: str) -> bytes:
        if url not in self._keys:
            _, self._keys[url] = fetch_all(
                self._network, url, headers=self._headers(url), max_bytes=_KEY_BYTES
            )
            if len(self._keys) > _MAX_KEYS:
                del self._keys[next(iter(self._keys))]
        return self._keys[url]

    def _open(self, url: str, byte_range: ByteRange | None) -> RemoteFile:
        offset, length = byte_range or (0, None)
        source = MediaInput(url, self._headers(url))
        return RemoteFile(source, self._network, offset=offset, length=length)

    def _headers(self, url: str) -> dict[str, str]:
        return headers_for(url, self._source.headers, self._source.url)

    def close(self) -> None:
        """Close the current segment."""
        if self._file is not None:
            self._file.close()
            self._file = None
