"""One URL as a file that FFmpeg can read and seek."""

from collections.abc import Callable, Sequence
from http.client import HTTPException
import io
import logging
import re
from typing import Final

from ...errors import MediaRefusedError, PlayError, PlayNetworkError, UnsupportedMediaError
from .addresses import Network
from .fetch import RangeRefusedError, as_play_error, fetch, is_permanent
from .response import Body, HttpResponse
from .streams import MediaInput

_LOGGER = logging.getLogger(__name__)

_RETRY_DELAYS: Final = (0.3, 1.0, 2.0, 4.0)
"""Seconds between attempts to resume a broken or stalled connection."""
_MAX_SKIP: Final = 256 * 1024
"""Bytes that are cheaper to read than to skip by a new request."""
_BLOCK: Final = 64 * 1024
_MAX_DIGITS: Final = 18
"""Of a size in bytes that FFmpeg can hold."""
_CONTENT_RANGE: Final = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)")
_WINDOW: Final = 1024 * 1024
"""Bytes kept for steps back, which FFmpeg makes in badly interleaved files."""


class RemoteFile:
    """One URL as a file for PyAV. Does not read ahead, seeks by Range, and resumes broken connections.

    Used by one thread. `read` and `seek` raise no network errors, which FFmpeg could only print: `read`
    ends the file and `failure` is set.
    """

    failure: PlayError | None = None
    is_live: bool = False
    """Whether it has neither an end nor a beginning to return to: see `LiveFile`."""

    def __init__(
        self, source: MediaInput, network: Network, *, offset: int = 0, length: int | None = None
    ) -> None:
        """Send the first request; for `length` bytes from `offset`, if given. Raises a PlayError."""
        self.name = "media"  # FFmpeg guesses formats by file name: make it probe the bytes
        self._source, self._network = source, network
        self._offset = offset
        self._size: int | None = length
        self._position = 0
        self._body: Body | None = None
        self._received = 0
        """Position of the next byte of the response."""
        self._response_end: int | None = None
        """Position after the response, if it is a range."""
        self._window = bytearray()
        """The last bytes before `_received`."""
        self._ranges = offset > 0 or length is not None
        """Whether the server supports ranges."""
        self._asks_for_ranges = True
        self._delays: Sequence[float] = _RETRY_DELAYS
        self._failed = 0
        """Attempts that failed in a row; of a live stream, since it last sent enough."""
        self._retry(self._open)
        if self.failure is not None:
            raise self.failure

    def seekable(self) -> bool:
        """Return False for endless streams: without ranges, seeking back restarts the file."""
        return self._ranges or self._size is not None

    def tell(self) -> int:
        """Return the position."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Set the position, and return it; -1 for an unknown end."""
        if whence == io.SEEK_CUR:
            offset += self._position
        elif whence == io.SEEK_END:
            if self._size is None:
                return -1
            offset += self._size
        self._position = max(0, offset)
        return self._position

    def read(self, size: int = -1) -> bytes:
        """Return 1 to `size` bytes, as they arrive; none at the end."""
        if self.failure is not None or self._at_end():
            return b""
        return self._retry(lambda: self._read(size if size > 0 else _BLOCK)) or b""

    def next_section(self) -> bool:
        """Return whether another file begins after the end; see `LiveFile`."""
        return False

    def _at_end(self) -> bool:
        return self._size is not None and self._position >= self._size

    def _read(self, size: int) -> bytes:
        if self._size is not None:
            size = min(size, self._size - self._position)
        back = self._received - self._position
        if 0 < back <= len(self._window):
            begin = len(self._window) - back
            data = bytes(self._window[begin : begin + size])
        else:
            data = self._read_network(size)
        self._position += len(data)
        return data

    def _read_network(self, size: int) -> bytes:
        while not self._at_end():
            self._skip()
            if self._body is None:
                self._open()
                continue  # it may start at the beginning of the file
            if data := self._receive(size):
                return data
            self.close()
            self._on_response_end()
        return b""

    def _on_response_end(self) -> None:
        """Take the end of an unlimited response for that of the file, others for a broken connection."""
        if self._response_end is None and self._size is None:
            self._size = self._position
        elif not self._ranges or self._received < (self._response_end or 0):
            raise ConnectionError("the connection ended before the file did")

    def _receive(self, size: int) -> bytes:
        assert self._body is not None  # noqa: S101  # for the type checker
        data = self._body.read(size)
        self._received += len(data)
        self._window += data
        if len(self._window) > 2 * _WINDOW:
            del self._window[:-_WINDOW]
        return data

    def _skip(self) -> None:
        """Read the open response up to the position, or drop it."""
        gap = self._position - self._received
        if self._body is None or gap == 0:
            return
        if gap > 0 and (gap <= _MAX_SKIP or not self._ranges):
            while gap > 0 and (data := self._receive(min(gap, _BLOCK))):
                gap -= len(data)
        if gap:
            self.close()
            if gap > 0 and not self._ranges:
                raise ConnectionError("the connection ended before the position")

    def _open(self) -> None:
        """Request the rest of the file. Raises a PlayError, OSError or HTTPException."""
        while not self._at_end():
            try:
                response = self._request()
            except RangeRefusedError:
                self._on_range_refused()
                continue
            try:
                body = Body(response)
                if not (body.is_encoded and response.status == 206):
                    self._read_headers(response, body)
                    self._body = body
                    return
            except BaseException:
                response.close()
                raise
            # A range of the encoded bytes cannot be decoded.
            response.close()
            self._stop_asking_for_ranges()

    def _request(self) -> HttpResponse:
        source = self._source
        if source.is_valid is not None and not source.is_valid():
            raise MediaRefusedError("the URL is no longer valid")
        headers = {**source.headers, "Accept-Encoding": "identity"}
        if self._asks_for_ranges:
            headers["Range"] = self._requested_range()
        return fetch(
            self._network, source.url, headers=headers, same_origin=source.is_valid is None
        )

    def _requested_range(self) -> str:
        start = self._offset + self._position
        ends = [] if self._source.chunk_size is None else [start + self._source.chunk_size - 1]
        if self._size is not None and self._ranges:
            ends.append(self._offset + self._size - 1)
        return f"bytes={start}-{min(ends, default='')}"

    def _on_range_refused(self) -> None:
        """Take the position for the end of the file; at its beginning, ask without a range."""
        if self._position and self._ranges and self._size is None:
            self._size = self._position
        else:
            self._stop_asking_for_ranges()

    def _stop_asking_for_ranges(self) -> None:
        if self._offset or not self._asks_for_ranges:
            raise UnsupportedMediaError("the server does not support ranges")
        self._asks_for_ranges = self._ranges = False

    def _read_headers(self, response: HttpResponse, body: Body) -> None:
        """Read the range of the response and the size of the file."""
        start = self._offset + self._position
        content_range = _CONTENT_RANGE.match(response.headers.get("Content-Range", ""))
        position, self._response_end = 0, None
        if response.status == 206 and content_range:
            first, last, size = content_range.groups()
            position = int(first) - self._offset
            if int(first) > start or position < 0:
                raise PlayNetworkError("the server sent another range than requested")
            # With an earlier one, as of servers that ignore what is requested, the rest is skipped.
            self._ranges = int(first) == start
            self._response_end = int(last) + 1 - self._offset
            if self._size is None and size != "*":
                self._size = int(size) - self._offset
        elif self._offset:
            raise UnsupportedMediaError("the server does not support ranges")
        elif response.status == 206 and start:
            raise PlayNetworkError("the server does not say which range it sent")
        else:
            self._ranges = False
            length = response.headers.get("Content-Length", "")
            is_length = len(length) <= _MAX_DIGITS and length.isdecimal()
            if self._size is None and is_length and not body.is_encoded:
                self._size = int(length)
        if position != self._received:
            self._window.clear()
        self._received = position

    def _retry[T](self, attempt: Callable[[], T]) -> T | None:
        """Return the result of `attempt`, repeated after errors; None with `failure` set."""
        if not self.is_live:
            self._failed = 0
        while True:
            try:
                return attempt()
            except (PlayError, OSError, HTTPException) as err:
                self.close()
                is_last = is_permanent(err) or self._failed >= len(self._delays)
                if is_last or self._network.wait(self._delays[self._failed]):
                    self.failure = as_play_error(err)
                    return None
                self._failed += 1
                _LOGGER.debug("Trying again after %r", err)

    def close(self) -> None:
        """Close the connection, if any; `read` opens another one."""
        if self._body is not None:
            self._body.close()
            self._body = None
