"""One URL as a file that FFmpeg can read and seek."""

from collections.abc import Callable
from http.client import HTTPException
import io
import logging
import re
from typing import Final, override

from ...errors import MediaRefusedError, PlayError, PlayNetworkError, UnsupportedMediaError
from .addresses import Network
from .fetch import Answer, fetch, is_lasting, play_error
from .streams import MediaInput

_LOGGER = logging.getLogger(__name__)

_PATIENCE: Final = (0.3, 1.0, 2.0, 4.0)
"""Seconds between attempts to go on after a broken or stalled connection."""
_SMALL_SKIP: Final = 256 * 1024
"""Bytes that are cheaper to read over than to ask for anew."""
_MOST_DIGITS: Final = 18
"""Of a size in bytes that FFmpeg can hold."""
_WINDOW: Final = 1024 * 1024
"""Bytes kept for steps back, which FFmpeg makes where sound and pictures are not well interleaved."""


class RemoteFile(io.RawIOBase):
    """One URL as a file: reads ahead of nothing, seeks by Range, and goes on after a broken connection.

    Used by one thread. `read` and `seek` do not raise for the network's sake, since FFmpeg could only
    print what it is told: `read` then ends the file and `failure` says why.
    """

    def __init__(
        self, source: MediaInput, network: Network, *, offset: int = 0, length: int | None = None
    ) -> None:
        """Ask for the first bytes, of a part of the URL if `length` is given.

        Raises a PlayError when there are none to be had.
        """
        super().__init__()
        self.name = "media"  # FFmpeg guesses formats by names: let it look at the bytes
        self.failure: PlayError | None = None
        self._source, self._network = source, network
        self._first = offset
        self._size: int | None = length
        self._position = 0
        self._answer: Answer | None = None
        self._reached = 0
        """Where the open answer goes on."""
        self._until: int | None = None
        """Up to where it goes, if it is a range."""
        self._window = bytearray()
        """The last bytes before `_reached`."""
        self._ranges = offset > 0 or length is not None
        self._keep_trying(self._open)
        self._raise_failure()

    @override
    def readable(self) -> bool:
        return True

    @override
    def seekable(self) -> bool:
        # Without ranges, going far back means to begin again, which an endless stream cannot.
        return self._ranges or self._size is not None

    @override
    def tell(self) -> int:
        return self._position

    @override
    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if whence == io.SEEK_CUR:
            offset += self._position
        elif whence == io.SEEK_END:
            if self._size is None:
                return -1
            offset += self._size
        self._position = max(0, offset)
        return self._position

    @override
    def read(self, size: int = -1, /) -> bytes:
        """Return up to `size` bytes (what has arrived, at least one), or none at the end."""
        if self.failure is not None or (self._size is not None and self._position >= self._size):
            return b""
        return self._keep_trying(lambda: self._read(size if size > 0 else 65536)) or b""

    @override
    def close(self) -> None:
        self._drop()
        super().close()

    def _read(self, size: int) -> bytes:
        if self._size is not None:
            size = min(size, self._size - self._position)
        back = self._reached - self._position
        if 0 < back <= len(self._window):
            begin = len(self._window) - back
            data = bytes(self._window[begin : begin + size])
        else:
            data = self._read_on(size)
        self._position += len(data)
        return data

    def _read_on(self, size: int) -> bytes:
        """Read from the network, at the position."""
        while True:
            self._skip()
            if self._answer is None:
                self._open()
                continue  # it may have begun at the beginning
            if data := self._receive(size):
                return data
            self._drop()
            if self._size is None:
                self._size = self._position
                return b""
            if self._until is None or self._reached < self._until:
                raise ConnectionError("the connection ended before the file did")

    def _receive(self, size: int) -> bytes:
        assert self._answer is not None  # noqa: S101  # for the type checker
        data = self._answer.read1(size)
        self._reached += len(data)
        self._window += data
        if len(self._window) > 2 * _WINDOW:
            del self._window[:-_WINDOW]
        return data

    def _skip(self) -> None:
        """Get the open answer to the wanted position, or give it up."""
        gap = self._position - self._reached
        if self._answer is None or gap == 0:
            return
        if 0 < gap <= _SMALL_SKIP or (gap > 0 and not self._ranges):
            while gap > 0 and (data := self._receive(min(gap, 65536))):
                gap -= len(data)
        if gap:
            self._drop()

    def _open(self) -> None:
        start = self._first + self._position
        end = None
        if self._source.chunk is not None:
            end = start + self._source.chunk - 1
        if self._size is not None and (self._first or self._ranges):
            last = self._first + self._size - 1
            end = last if end is None else min(end, last)
        wanted = f"bytes={start}-{'' if end is None else end}"
        headers = {**self._source.headers, "Range": wanted, "Accept-Encoding": "identity"}
        valid = self._source.valid
        if valid is not None and not valid():
            raise MediaRefusedError("the URL is no longer valid")
        answer = fetch(self._network, self._source.url, headers=headers, returning=valid is None)
        try:
            self._take(answer, start)
        except BaseException:
            answer.close()
            raise
        self._answer = answer

    def _take(self, answer: Answer, start: int) -> None:
        """Learn from the headers where the answer begins and how large the file is."""
        ranged = re.match(
            r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)", answer.headers.get("Content-Range", "")
        )
        if answer.status == 206 and ranged:
            if int(ranged[1]) != start:
                raise PlayNetworkError(
                    "the server sent another part of the file than it was asked for"
                )
            self._ranges = True
            self._reach(self._position)
            self._until = int(ranged[2]) + 1 - self._first
            if self._size is None and ranged[3] != "*":
                self._size = int(ranged[3]) - self._first
            return
        if self._first:
            raise UnsupportedMediaError("the server cannot send a part of the file")
        self._ranges, self._until = False, None
        self._reach(0)
        length = answer.headers.get("Content-Length", "")
        if self._size is None and len(length) <= _MOST_DIGITS and length.isdecimal():
            self._size = int(length)

    def _reach(self, position: int) -> None:
        if position != self._reached:
            self._window.clear()
        self._reached = position

    def _keep_trying[T](self, attempt: Callable[[], T]) -> T | None:
        """Call `attempt` until it succeeds; give up with `failure` set."""
        error: Exception
        for pause in (*_PATIENCE, None):
            try:
                return attempt()
            except (PlayError, OSError, HTTPException) as err:
                error = err
            self._drop()
            if self._network.closed or is_lasting(error) or pause is None:
                break
            _LOGGER.debug("Going on after %r", error)
            if self._network.wait(pause):
                break
        self.failure = play_error(error)
        return None

    def _raise_failure(self) -> None:
        if self.failure is not None:
            self.close()
            raise self.failure

    def _drop(self) -> None:
        if self._answer is not None:
            self._answer.close()
            self._answer = None
