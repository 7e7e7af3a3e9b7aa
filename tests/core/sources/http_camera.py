"""An HTTP camera, and videos for its responses."""

import contextlib
from fractions import Fraction
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
import io
import threading
from typing import override

import av
from av.container import OutputContainer

from custom_components.retrocam.core.pattern.picture import TestPattern

SECRET = "hunter2hunter2"


def video(
    container: str,
    *,
    frames: int = 30,
    fps: Fraction = Fraction(25),
    skip_keyframes: bool = False,
    audio_codec: str = "",
) -> bytes:
    """Encode the test pattern; with silence, if there is an audio codec."""
    pattern = TestPattern(320, 180, 25)
    data = io.BytesIO()
    with av.open(data, "w", format=container) as output:
        stream = output.add_stream("libx264", rate=fps)
        stream.width, stream.height = pattern.width, pattern.height
        stream.gop_size = frames
        if audio_codec:
            _add_silence(output, audio_codec, frames / fps)
        pictures = [pattern.render(number, 0.0) for number in range(frames)]
        for number, drawn in enumerate(pictures):
            drawn.pts, drawn.time_base = number, 1 / fps
        for picture in [*pictures, None]:
            for packet in stream.encode(picture):
                if not (skip_keyframes and packet.is_keyframe):
                    output.mux(packet)
    return data.getvalue()


def _add_silence(output: OutputContainer, codec: str, seconds: Fraction) -> None:
    """Add an audio stream; all video streams have been added."""
    stream = output.add_stream(codec, rate=48000, layout="mono")
    assert isinstance(stream, av.AudioStream)
    samples = 1152 if "mp3" in codec else 1024
    for start in range(0, int(48000 * seconds), samples):
        frame = av.AudioFrame("fltp", "mono", samples)
        frame.planes[0].update(bytes(4 * samples))
        frame.sample_rate, frame.pts = 48000, start
        output.mux(stream.encode(frame))
    output.mux(stream.encode(None))


def sound(codec: str = "aac") -> bytes:
    """Encode a second of silence."""
    data = io.BytesIO()
    with av.open(data, "w", format="mpegts") as output:
        _add_silence(output, codec, Fraction(1))
    return data.getvalue()


class HttpCamera:
    """An HTTP server with a fixed status and body for each path."""

    def __init__(self) -> None:
        """Listen on a free port."""
        self.answers: dict[str, tuple[int, bytes]] = {}
        self.headers: dict[str, dict[str, str]] = {}
        self.asked: list[str] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, self))
        # `server_close` then waits for all requests.
        self.server.daemon_threads = False
        self.thread = threading.Thread(
            target=self.server.serve_forever, args=(0.01,), name="http camera"
        )
        self.thread.start()

    def url(self, path: str, status: int, body: bytes = b"", **headers: str) -> str:
        """Set the response of a path, and return its URL."""
        self.answers[path] = status, body
        self.headers[path] = headers
        return f"http://user:{SECRET}@127.0.0.1:{self.server.server_port}{path}"

    def close(self) -> None:
        """End the server and its thread."""
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


class _Handler(BaseHTTPRequestHandler):
    timeout = 5
    """Seconds for a request: a client that was cancelled may keep a connection without one."""

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
