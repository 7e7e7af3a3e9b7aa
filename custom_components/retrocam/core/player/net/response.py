"""Responses, of radio servers as well, and their bodies without content coding and metadata."""

from collections.abc import Callable
from http.client import HTTPResponse
from io import BufferedIOBase, BytesIO, RawIOBase
from typing import TYPE_CHECKING, Final, override
import zlib

from ...errors import PlayNetworkError, UnsupportedMediaError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_MAX_STATUS_LINE: Final = 65_537
"""As `http.client`, which refuses a longer one."""
_CHUNK_BYTES: Final = 64 * 1024
_CODINGS: Final = ("gzip", "x-gzip", "deflate")
_DETECT: Final = 32 + zlib.MAX_WBITS
"""zlib recognizes both headers by itself."""
_MAX_METADATA_INTERVAL: Final = 1 << 24
_METADATA_UNIT: Final = 16


class CutOffError(ConnectionError):
    """The connection ended before the encoded data did."""


class BrokenCodingError(PlayNetworkError):
    """The body cannot be decoded."""


class HttpResponse(HTTPResponse):
    """A response that owns its connection."""

    address: str = ""
    """URL of the response, after redirects."""
    close_socket: Callable[[], None] | None = None
    is_icy: bool = False
    """Whether it is of a SHOUTcast server, with `ICY` in place of `HTTP/1.0`."""

    def _read_status(self) -> tuple[str, int, str]:
        """Read the status line; called by `http.client`."""
        stream: BufferedIOBase = self.fp
        line = stream.readline(_MAX_STATUS_LINE)
        self.is_icy = line.startswith(b"ICY ")
        if self.is_icy:
            line = b"HTTP/1.0" + line[3:]
        self.fp = BytesIO(line)  # type: ignore[assignment]  # is only read
        try:
            status: tuple[str, int, str] = super()._read_status()  # type: ignore[misc]  # untyped
        finally:
            self.fp = stream  # type: ignore[assignment]  # as before
        return status

    @override
    def close(self) -> None:
        """Close the response and its connection. May be called again."""
        super().close()
        if self.close_socket is not None:
            self.close_socket()


class Body:
    """Reads the body of a response as it arrives. Used by one thread.

    Decodes gzip and deflate, which servers of stored files send even if not accepted, and drops ICY
    metadata, which some send unasked.
    """

    def __init__(self, response: HttpResponse) -> None:
        """Read nothing yet. Raises UnsupportedMediaError for an unknown content coding."""
        self._response = response
        coding = response.headers.get("Content-Encoding", "").strip().lower()
        if coding not in ("", "identity", *_CODINGS):
            raise UnsupportedMediaError("an unknown content coding")
        self.is_encoded = coding in _CODINGS
        """Whether the lengths of its headers are those of encoded bytes."""
        self._decompressor = zlib.decompressobj(_DETECT) if self.is_encoded else None
        self._compressed = b""
        """Received, not decompressed yet."""
        self._interval = _metadata_interval(response)
        self._until_metadata = self._interval or 0

    def read(self, size: int) -> bytes:
        """Return 1 to `size` bytes, waiting for them; none at the end.

        Raises OSError or HTTPException, CutOffError for incomplete encoded data, and BrokenCodingError.
        """
        if size <= 0:
            return b""  # which zlib takes for no limit
        if self._decompressor is not None:
            return self._decompress(size)
        if self._interval is None:
            return self._response.read1(size)
        if not self._until_metadata:
            self._skip_metadata()
            self._until_metadata = self._interval
        data = self._response.read1(min(size, self._until_metadata))
        self._until_metadata -= len(data)
        return data

    def _decompress(self, size: int) -> bytes:
        assert self._decompressor is not None  # noqa: S101  # for the type checker
        while not self._decompressor.eof:
            chunk = self._compressed or self._response.read1(_CHUNK_BYTES)
            if not chunk:
                raise CutOffError("the connection ended before the encoded data did")
            try:
                data = self._decompressor.decompress(chunk, size)
            except zlib.error as err:
                raise BrokenCodingError("the encoded data are broken") from err
            self._compressed = self._decompressor.unconsumed_tail
            if data:
                return data
        return b""

    def _skip_metadata(self) -> None:
        left = _METADATA_UNIT * ord(self._response.read1(1) or b"\0")
        while left and (data := self._response.read1(left)):
            left -= len(data)

    def close(self) -> None:
        """Close the response and its connection. May be called again."""
        self._response.close()


class RawBody(RawIOBase):
    """A body as a file, read as it arrives."""

    def __init__(self, read: Callable[[int], bytes], close: Callable[[], None]) -> None:
        """`read` returns up to that many bytes, none at the end."""
        self._read, self._close = read, close

    @override
    def readable(self) -> bool:
        return True

    @override
    def readinto(self, buffer: WriteableBuffer) -> int:
        target = memoryview(buffer).cast("B")
        data = self._read(len(target))
        target[: len(data)] = data
        return len(data)

    @override
    def close(self) -> None:
        super().close()
        self._close()


def _metadata_interval(response: HttpResponse) -> int | None:
    """Return the bytes between metadata, None without."""
    text = response.headers.get("icy-metaint", "")
    interval = int(text) if len(text) < 10 and text.isdecimal() else 0
    return interval if 0 < interval <= _MAX_METADATA_INTERVAL else None
