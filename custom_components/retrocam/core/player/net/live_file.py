"""A URL that may be an endless stream, such as HTTP-TS and internet radio."""

from typing import Final, override

from ...errors import PlayError, PlayNetworkError, PlayNotFoundError
from .addresses import Network
from .fetch import is_permanent
from .http_file import RemoteFile
from .response import Body, HttpResponse
from .streams import MediaInput

_RETRY_DELAYS: Final = (0.3, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0)
"""Seconds between attempts to reconnect: half a minute, in which a station is restarted."""
_HEAD_BYTES: Final = 64 * 1024
"""Compared after a reconnection: more than the headers that streams in Ogg and Matroska repeat."""
_ALIVE_BYTES: Final = 16 * 1024
"""After which a connection counts as successful."""


class LiveFile(RemoteFile):
    """A `RemoteFile` that is live if the server offers neither its length nor ranges.

    Such a stream is joined anew after a broken connection, at the present: `read` returns nothing more,
    and `next_section` begins another file. If the server begins from the start instead, as one does
    for a file, reading goes on at the same position; or ends, if it had reached the end.
    """

    def __init__(self, source: MediaInput, network: Network) -> None:
        """Send the first request. Raises a PlayError."""
        self._head = bytearray()
        """The first bytes of the section."""
        self._is_radio = self._is_connected = False
        """`_is_connected`: there was a response."""
        self._end_is_known = False
        """Whether the end of the response is told from a broken connection."""
        self._may_have_ended = False
        self.is_cut = False
        """Whether the section has ended, and the connection is a new one."""
        super().__init__(source, network)

    @override
    def next_section(self) -> bool:
        """Begin to read what follows after a reconnection; return False without one."""
        is_cut, self.is_cut = self.is_cut, False
        return is_cut and self.failure is None

    @override
    def _at_end(self) -> bool:
        return self.is_cut or super()._at_end()

    @override
    def _open(self) -> None:
        try:
            super()._open()
        except PlayError as err:
            if self._is_radio and isinstance(err, PlayNotFoundError):
                raise PlayNetworkError("the station is away") from err
            if not (self._may_have_ended and is_permanent(err)):
                raise
            self._size = self._position
        else:
            if self.is_live and self._is_connected:
                self._rejoin()
            self._is_connected = True

    @override
    def _read_headers(self, response: HttpResponse, body: Body) -> None:
        super()._read_headers(response, body)
        if not self._is_connected:
            names = [name.lower() for name in response.headers]
            self._is_radio = response.is_icy or any(
                name.startswith(("icy-", "ice-")) for name in names
            )
            is_endless = self._is_radio or "content-length" not in names
            self.is_live = is_endless and not self._ranges
        if self.is_live:
            self._size, self._delays = None, _RETRY_DELAYS
        self._end_is_known = not self._is_radio and (response.chunked or body.is_encoded)

    @override
    def _receive(self, size: int) -> bytes:
        position = self._received
        data = super()._receive(size)
        if self.is_live and position == len(self._head) < _HEAD_BYTES:
            self._head += data
        if self._received >= _ALIVE_BYTES:
            self._failed = 0
        return data

    @override
    def _on_response_end(self) -> None:
        if not self.is_live or self._end_is_known:
            super()._on_response_end()
            return
        self._may_have_ended = not self._is_radio
        raise ConnectionError("the stream has ended, or was cut off")

    def _rejoin(self) -> None:
        """Find out by the first bytes whether the stream is live, or a file that begins again."""
        first = b""
        is_file = not self._is_radio
        while is_file and len(first) < len(self._head):
            if not (data := self._receive(len(self._head) - len(first))):
                break
            first += data
            is_file = self._head.startswith(first)
        if not is_file:
            self._head, self._window = bytearray(first), bytearray(first)
            self._position = 0
            self.is_cut = True
        elif self._may_have_ended:
            self._size = self._position
        self._may_have_ended = False
