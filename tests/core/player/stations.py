"""Servers of endless streams, and their faults."""

from collections.abc import Iterator
import socket
import struct
from typing import override

from custom_components.retrocam.core.player.net.addresses import Network

from .server import Request


class Impatient(Network):
    """A network that does not wait between attempts."""

    @override
    def wait(self, seconds: float) -> bool:
        return self.closed


class Station:
    """Sends the next of its `parts` to each connection, without a length and from its beginning.

    The last part stays open, all others are closed after it.
    """

    def __init__(
        self,
        *parts: bytes,
        media_type: str = "audio/mpeg",
        headers: dict[str, str] | None = None,
        icy: bool = False,
        chunked: bool = False,
        cut: bool = False,
        stays: bool = True,
    ) -> None:
        """Begin with `ICY` if `icy`. Break the connections if `cut`, else close them orderly."""
        self._parts = iter(parts)
        self._headers = {"Content-Type": media_type, **(headers or {})}
        self._icy, self._chunked, self._cut = icy, chunked, cut
        self._open = len(parts) if stays else 0
        self.requests: list[Request] = []

    def __call__(self, request: Request) -> None:
        """Answer a request of a server."""
        self.requests.append(request)
        part = next(self._parts, None)
        if part is None or request.command == "HEAD":
            request.send_error(400 if part is not None else 404)
            return
        self._open -= 1
        if self._icy:
            request.wfile.write(b"ICY 200 OK\r\n")
        else:
            version = request.protocol_version if self._chunked else "HTTP/1.0"
            request.wfile.write(f"{version} 200 OK\r\n".encode())
        headers = self._headers | ({"Transfer-Encoding": "chunked"} if self._chunked else {})
        for name, value in headers.items():
            request.wfile.write(f"{name}: {value}\r\n".encode())
        request.wfile.write(b"\r\n")
        request.wfile.write(_chunked(part) if self._chunked else part)
        if self._open == 0:
            request.hang()
        elif self._cut:
            cut(request)
        elif self._chunked:
            request.wfile.write(b"0\r\n\r\n")
        request.close_connection = True


def cut(request: Request) -> None:
    """Reset the connection; what was sent can still be read."""
    request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    request.server.shutdown_request = request.server.close_request  # type: ignore[method-assign]  # no orderly end


def _chunked(data: bytes) -> bytes:
    return b"".join(
        f"{len(part):x}\r\n".encode() + part + b"\r\n"
        for part in (data[at : at + 4000] for at in range(0, len(data), 4000))
    )


def with_metadata(data: bytes, interval: int, title: str) -> bytes:
    """Insert ICY metadata: the title once, then empty blocks."""
    text = f"StreamTitle='{title}';".encode()
    text += bytes(-len(text) % 16)
    blocks: Iterator[bytes] = iter([bytes([len(text) // 16]) + text])
    pieces = [data[at : at + interval] for at in range(0, len(data), interval)]
    return b"".join(piece + next(blocks, b"\0") for piece in pieces)
