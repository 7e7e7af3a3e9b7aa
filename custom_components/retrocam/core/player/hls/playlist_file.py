"""HLS media playlists, read as one stream of bytes.

The segments of a playlist are one after another what a single file would hold, so FFmpeg reads them as
one file and never sees the playlist: there is no list within a list, no protocol but http(s), and no
wait that cannot be ended. A discontinuity ends the file; the next part is another one.
"""

from http.client import HTTPException
import io
from typing import Final, override

from ...errors import (
    PlayError,
    PlayNetworkError,
    PlayNotFoundError,
    PlayTimeoutError,
    UnsupportedMediaError,
)
from ..net.addresses import Network
from ..net.fetch import fetch_all, headers_for, is_lasting, play_error
from ..net.http_file import RemoteFile
from ..net.streams import MediaInput
from .cipher import Deciphered
from .playlist import ByteRange, Playlist, Segment, parse_playlist

_MOST_BYTES: Final = 8 * 1024 * 1024
_MOST_KEY_BYTES: Final = 16
_MOST_KEYS: Final = 8
"""Keys that are kept: a live stream may have another one for each segment."""
_BEHIND_LIVE: Final = 3
"""Segments before the end of a live playlist to begin at (RFC 8216, 6.3.3)."""
_MOST_MISSING: Final = 3
"""Segments in a row that may be gone before the stream counts as lost."""


class PlaylistFile(io.RawIOBase):
    """The segments of a playlist as one file that cannot be sought; see `RemoteFile` for failures.

    Used by one thread. Ends where the time line or the codecs change: `next_part` then begins the next.
    """

    def __init__(self, source: MediaInput, network: Network, *, start: float = 0.0) -> None:
        """Read the playlist and go to the segment that holds `start`, in s. Raises a PlayError."""
        super().__init__()
        self.name = "media"
        self.failure: PlayError | None = None
        self._piece: io.RawIOBase | None = None
        self._source, self._network = source, network
        self._keys: dict[str, bytes] = {}
        self._playlist = self._load()
        self._index = self._first_index(start)
        segments = self._playlist.segments
        if not segments:
            raise UnsupportedMediaError("the playlist is empty")
        self.part_start = segments[self._index].start if self._playlist.ended else 0.0
        """Seconds on the playlist's time line at which the current part begins."""
        self._time = self.part_start
        self._head: tuple[str, ByteRange | None] | None = None
        self._part_begun = False
        self._missing = 0

    @property
    def is_live(self) -> bool:
        """Whether segments are still being added."""
        return not self._playlist.ended

    @property
    def duration(self) -> float | None:
        """Seconds from first to last, None while live."""
        last = self._playlist.segments[-1]
        return last.start + last.duration if self._playlist.ended else None

    @override
    def readable(self) -> bool:
        return True

    @override
    def seekable(self) -> bool:
        return False

    @override
    def read(self, size: int = -1, /) -> bytes:
        """Return up to `size` bytes, or none at the end of the part."""
        while self.failure is None:
            try:
                if self._piece is None and not self._next_piece():
                    return b""
                assert self._piece is not None  # noqa: S101  # _next_piece sets it
                data = self._piece.read(size)
                failure = getattr(self._piece, "failure", None)
                if failure is not None:
                    raise failure  # told apart below, like all others
                if data:
                    self._missing = 0
                    return data
                self._close_piece()
            except (PlayError, OSError, HTTPException) as err:
                self._close_piece()
                self._judge(play_error(err))
        return b""

    def next_part(self) -> bool:
        """Go on behind a discontinuity. False when there is no more."""
        if self.failure is not None or self._find() is None:
            return False
        self.part_start = self._time
        self._part_begun, self._head = False, None
        return True

    @override
    def close(self) -> None:
        self._close_piece()
        super().close()

    def _judge(self, error: PlayError) -> None:
        """Go on without a segment if the stream is live; anything else ends the file."""
        self._missing += 1
        gone = isinstance(error, (PlayNotFoundError, PlayTimeoutError)) or not is_lasting(error)
        if self._network.closed or not self.is_live or not gone or self._missing > _MOST_MISSING:
            self.failure = error

    def _load(self) -> Playlist:
        try:
            url, data = fetch_all(
                self._network, self._source.url, headers=self._source.headers, most=_MOST_BYTES
            )
        except (OSError, HTTPException) as err:
            raise play_error(err) from err
        return parse_playlist(data.decode("utf-8", "replace"), url)

    def _first_index(self, start: float) -> int:
        segments = self._playlist.segments
        if not self._playlist.ended:
            return max(0, len(segments) - _BEHIND_LIVE)
        behind = (index for index, segment in enumerate(segments) if segment.start > start)
        return max(0, next(behind, len(segments)) - 1)

    def _find(self) -> Segment | None:
        """Return the next segment, after waiting for it if the stream is live."""
        if self._index < len(self._playlist.segments):
            return self._playlist.segments[self._index]
        silent = 0.0
        while self.is_live:
            last = self._playlist.segments[-1].number
            pause = max(0.5, self._playlist.target / 2)
            silent += pause
            if silent > max(30.0, 4 * self._playlist.target):
                raise PlayTimeoutError("the live stream does not go on")
            if self._network.wait(pause):
                raise PlayNetworkError("the job was given up")
            fresh = self._load()
            self._playlist = fresh if fresh.segments else self._playlist
            for index, segment in enumerate(fresh.segments):
                if segment.number > last:
                    self._index = index
                    return segment
        return None

    def _next_piece(self) -> bool:
        """Open the next head or segment. False at the end of the part."""
        segment = self._find()
        if segment is None or (segment.begins_part and self._part_begun):
            return False
        if segment.head is not None and segment.head != self._head:
            self._piece = self._open(*segment.head, None)
            self._head = segment.head
            return True
        self._index += 1
        self._part_begun = True
        self._time += segment.duration
        self._piece = self._open(segment.url, segment.span, self._cipher(segment))
        return True

    def _cipher(self, segment: Segment) -> tuple[bytes, bytes] | None:
        if segment.key is None:
            return None
        url = segment.key.url
        if url not in self._keys:
            _, self._keys[url] = fetch_all(
                self._network, url, headers=self._headers(url), most=_MOST_KEY_BYTES
            )
            if len(self._keys) > _MOST_KEYS:
                del self._keys[next(iter(self._keys))]
        return self._keys[url], segment.key.iv or segment.number.to_bytes(16)

    def _open(
        self, url: str, span: ByteRange | None, cipher: tuple[bytes, bytes] | None
    ) -> io.RawIOBase:
        offset, length = span or (0, None)
        source = MediaInput(url, self._headers(url))
        piece = RemoteFile(source, self._network, offset=offset, length=length)
        return piece if cipher is None else Deciphered(piece, *cipher)

    def _headers(self, url: str) -> dict[str, str]:
        """Keep from other hosts what is for the playlist's own."""
        return headers_for(url, self._source.headers, self._source.url)

    def _close_piece(self) -> None:
        if self._piece is not None:
            self._piece.close()
            self._piece = None
