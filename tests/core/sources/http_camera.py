"""A camera that is asked by HTTP, and what it may answer with."""

import contextlib
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
import io
import threading
from typing import override

import av

from custom_components.retrocam.core.pattern.picture import TestPattern

SECRET = "hunter2hunter2"


def video(container: str, *, frames: int = 30, skip_keyframes: bool = False) -> bytes:
    """Encode the test pattern."""
    pattern = TestPattern(320, 180, 25)
    data = io.BytesIO()
    with av.open(data, "w", format=container) as output:
        stream = output.add_stream("libx264", rate=25)
        stream.width, stream.height = pattern.width, pattern.height
        stream.gop_size = frames
        pictures = [pattern.render(number, 0.0) for number in range(frames)]
        for picture in [*pictures, None]:
            for packet in stream.encode(picture):
                if not (skip_keyframes and packet.is_keyframe):
                    output.mux(packet)
    return data.getvalue()


def sound() -> bytes:
    """Encode a second of silence."""
    data = io.BytesIO()
    with av.open(data, "w", format="mpegts") as output:
        stream = output.add_stream("aac", rate=48000, layout="mono")
        for start in range(0, 48000, 1024):
            frame = av.AudioFrame("fltp", "mono", 1024)
            frame.planes[0].update(bytes(4096))
            frame.sample_rate, frame.pts = 48000, start
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return data.getvalue()


class HttpCamera:
    """An HTTP server that answers with what it was given, by path: a status and a body."""

    def __init__(self) -> None:
        """Listen on a free port."""
        self.answers: dict[str, tuple[int, bytes]] = {}
        self.headers: dict[str, dict[str, str]] = {}
        self.asked: list[str] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, self))
        # `server_close` then waits for each request: none is to outlive its test.
        self.server.daemon_threads = False
        self.thread = threading.Thread(
            target=self.server.serve_forever, args=(0.01,), name="http camera"
        )
        self.thread.start()

    def url(self, path: str, status: int, body: bytes = b"", **headers: str) -> str:
        """Give an answer, and return where it is."""
        self.answers[path] = status, body
        self.headers[path] = headers
        return f"http://user:{SECRET}@127.0.0.1:{self.server.server_port}{path}"

    def close(self) -> None:
        """End the server and its thread."""
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, camera: HttpCamera, *args: object) -> None:
        self.camera = camera
        super().__init__(*args)  # type: ignore[arg-type]  # as FFmpeg makes it

    def do_GET(self) -> None:
        self.camera.asked.append(self.path)
        status, body = self.camera.answers[self.path]
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in self.camera.headers[self.path].items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        with contextlib.suppress(ConnectionError):
            self.wfile.write(body)

    @override
    def log_message(self, *_args: object) -> None:
        pass
