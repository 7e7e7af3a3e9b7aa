"""Servers that send endless data, read in a child process with limited memory.

Run as a module with the kind of server and the reader; prints the outcome and the memory as JSON.
"""

import contextlib
import json
from pathlib import Path
import resource
import socket
import sys
import threading
from typing import Final

import av
from homeassistant.components.stream.exceptions import StreamWorkerError
from homeassistant.components.stream.worker import try_open_stream

from custom_components.retrocam.core.errors import SourceError
from custom_components.retrocam.core.sources.allocation import limit_allocations
from custom_components.retrocam.core.sources.probe import probe
from custom_components.retrocam.core.sources.urls import PROTOCOL_WHITELIST

_MJPEG: Final = (
    b"HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=b\r\n\r\n"
    b"--b\r\nContent-Type: image/jpeg\r\n"
)
_BLOCK: Final = b"\xff\xd8" + bytes(1 << 20)
_CHUNK: Final = b"%x\r\n" % len(_BLOCK) + _BLOCK + b"\r\n"
_PES: Final = b"\x47\x01\x00\x10" + bytes([0xAA]) * 184

SERVERS: Final[dict[str, tuple[bytes, bytes]]] = {
    "announced": (_MJPEG + b"Content-Length: 99999999999\r\n\r\n", _BLOCK),
    "announced_2gb": (_MJPEG + b"Content-Length: 2000000000\r\n\r\n", _BLOCK),
    "no_length": (_MJPEG + b"\r\n", _BLOCK),
    "chunked": (
        _MJPEG.replace(b"HTTP/1.0", b"HTTP/1.1").replace(
            b"\r\n\r\n", b"\r\nTransfer-Encoding: chunked\r\n\r\n21\r\n"
        )
        + b"\r\n\r\n",
        _CHUNK,
    ),
    "h264": (
        b"HTTP/1.0 200 OK\r\nContent-Type: video/h264\r\n\r\n"
        + bytes.fromhex("000000016742c01eda0280f6806d0a13500000000168ce06e20000000165"),
        b"\xaa" * (1 << 20),
    ),
    "mpegts": (b"HTTP/1.0 200 OK\r\nContent-Type: video/mp2t\r\n\r\n", _PES * 5000),
    "rtsp": (b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 2000000000\r\n\r\n", _BLOCK),
    "http_header": (b"HTTP/1.0 200 OK\r\nX: ", b"a" * (1 << 20)),
    "playlist_line": (
        b"HTTP/1.0 200 OK\r\nContent-Type: application/vnd.apple.mpegurl\r\n\r\n#EXTM3U\n",
        b"a" * (1 << 20),
    ),
}
ENOUGH: Final = 700_000_000
"""Bytes that a server sends to a reader without a limit."""
PATIENCE: Final = 3.0
"""Timeout of each FFmpeg call, s, for servers that FFmpeg would read for ever."""
LONG_PATIENCE: Final = 60.0
"""Timeout for the others, whose end is a limit, s: on a busy machine that takes a while."""
ENDLESS: Final = ("h264", "rtsp", "http_header")


def serve(head: bytes, block: bytes, blocks: int = sys.maxsize) -> int:
    """Answer each connection with `head` and repeated `block`; return the port."""
    server = socket.create_server(("127.0.0.1", 0))

    def answer(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.recv(65536)
            connection.sendall(head)
            for _ in range(blocks):
                connection.sendall(block)

    def accept() -> None:
        while True:
            connection, _ = server.accept()
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    port: int = server.getsockname()[1]
    return port


def peak() -> int:
    """Return the peak memory of this process, in bytes."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


def read_as_worker(url: str) -> str:
    """Open and read a source as Home Assistant's stream worker does."""
    try:
        container = try_open_stream(url, {"protocol_whitelist": PROTOCOL_WHITELIST})
        for _ in container.demux():
            pass
    except StreamWorkerError:
        return "refused"
    except av.FFmpegError:
        return "ended"
    return "ended"


def read_as_probe(url: str, patience: float) -> str:
    """Open a source as a config flow does; return the error code."""
    try:
        probe(url, {}, threading.Event(), open_timeout=patience, read_timeout=patience)
    except SourceError as error:
        return error.code
    return "opened"


def main(kind: str, reader: str, *, limited: bool) -> None:
    """Read one server; print outcome and memory."""
    blocks = sys.maxsize
    if limited:
        limit_allocations()
    else:
        blocks = ENOUGH // len(SERVERS[kind][1])
    # Of address space: a fault here must not exhaust the machine.
    resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30))
    scheme = "rtsp" if kind == "rtsp" else "http"
    url = f"{scheme}://127.0.0.1:{serve(*SERVERS[kind], blocks)}/x"
    before = peak()
    patience = PATIENCE if kind in ENDLESS else LONG_PATIENCE
    end = read_as_worker(url) if reader == "worker" else read_as_probe(url, patience)
    sys.stdout.write(json.dumps({"end": end, "grown": peak() - before}) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], limited="unlimited" not in sys.argv)
