"""A camera that sends MJPEG over HTTP, for tests: any frame rate, boundary and type.

Frame n is sent at `MjpegCamera.epoch + n / fps` and carries its number, so that a clip can be compared
with the clock of its sender. All clients are at the same frame.
"""

from collections.abc import Iterator
import contextlib
from dataclasses import dataclass
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
import math
import ssl
import threading
import time
from typing import Any, Self, override

from custom_components.retrocam.core.frames import jpeg
from custom_components.retrocam.core.pattern.picture import TestPattern


@dataclass(frozen=True, slots=True, kw_only=True)
class MjpegFormat:
    """The format of the multipart stream."""

    fps: float = 5.0
    width: int = 320
    height: int = 180
    boundary: str = "frame"
    """As in the response's header; the lines of the body begin with `--` and it."""
    part_type: str = "image/jpeg"
    """Empty: parts without a type."""
    first_boundary: bool = True
    """Whether a boundary precedes the first part."""
    lengths: bool = True
    """Whether parts have their length."""


class MjpegCamera:
    """An HTTP server on a free port. A context manager; clients end with it."""

    def __init__(self, tls: ssl.SSLContext | None = None, **options: Any) -> None:
        """`options` are those of MjpegFormat."""
        self.format = MjpegFormat(**options)
        self.epoch = time.time()
        """UNIX time of frame 0."""
        self.closed = threading.Event()
        self.requests = 0
        """Number of connections that asked for the stream."""
        self.sent: dict[int, float] = {}
        """When each frame was sent, by a monotonic clock: late on a busy machine."""
        self.clients = 0
        """Number of connections that get the stream; of one client at a time."""
        self.ended = threading.Event()
        """Set for the connections of now; see `disconnect`."""
        self.status = 200
        """The HTTP status of the answer to new clients; another refuses them."""
        self.flowing = threading.Event()
        """Clear it to stop sending, but keep the connections open."""
        self.flowing.set()
        self._pattern = TestPattern(self.format.width, self.format.height, 25)
        self._lock = threading.Lock()
        self._newest = (-1, b"")
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, self))
        # `server_close` then waits for all requests.
        self.server.daemon_threads = False
        if tls is not None:
            self.server.socket = tls.wrap_socket(
                self.server.socket, server_side=True, do_handshake_on_connect=False
            )
        self._scheme = "http" if tls is None else "https"
        self._thread = threading.Thread(
            target=self.server.serve_forever, args=(0.01,), name="mjpeg camera"
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closed.set()
        self.flowing.set()
        self.server.shutdown()
        self._thread.join()
        self.server.server_close()

    @property
    def url(self) -> str:
        """The URL of the stream."""
        return f"{self._scheme}://127.0.0.1:{self.server.server_port}/video.mjpg"

    def disconnect(self) -> None:
        """Close the connections, at the next frame. Clients may reconnect."""
        ended, self.ended = self.ended, threading.Event()
        ended.set()

    def sent_at(self, number: int) -> float:
        """Return the UNIX time at which a frame is sent."""
        return self.epoch + number / self.format.fps

    def parts(self) -> Iterator[bytes]:
        """Yield the pieces of a client's body as they become due, until the camera is closed."""
        form = self.format
        delimiter = f"--{form.boundary}\r\n".encode()
        if form.first_boundary:
            yield delimiter
        number = math.ceil((time.time() - self.epoch) * form.fps)
        while not self.closed.wait(max(0.0, self.sent_at(number) - time.time())):
            if not self.flowing.is_set():
                self.flowing.wait()
                number = math.ceil((time.time() - self.epoch) * form.fps)
            data = self._frame(number)
            self.sent[number] = time.monotonic()
            headers = f"Content-Type: {form.part_type}\r\n" if form.part_type else ""
            headers += f"Content-Length: {len(data)}\r\n" if form.lengths else ""
            yield headers.encode() + b"\r\n" + data + b"\r\n" + delimiter
            number += 1

    def _frame(self, number: int) -> bytes:
        with self._lock:
            if number != self._newest[0]:
                frame = self._pattern.render(number, self.sent_at(number))
                self._newest = number, jpeg.encode(frame)
            return self._newest[1]


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, camera: MjpegCamera, *args: object) -> None:
        self.camera = camera
        # A client that fails its TLS handshake is none of the camera's errors.
        with contextlib.suppress(OSError):
            super().__init__(*args)  # type: ignore[arg-type]  # as the server makes it

    def do_GET(self) -> None:
        self.camera.requests += 1
        if self.camera.status != 200:
            self.send_error(self.camera.status)
            return
        self.send_response(200)
        ended = self.camera.ended
        kind = f"multipart/x-mixed-replace; boundary={self.camera.format.boundary}"
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.camera.clients += 1
        try:
            for part in self.camera.parts():
                if ended.is_set():
                    return
                self.wfile.write(part)
        finally:
            self.camera.clients -= 1

    @override
    def log_message(self, *_args: object) -> None:
        pass
