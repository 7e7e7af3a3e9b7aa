"""An RTSP server that answers the requests of each connection as told, and never plays."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
import socketserver
import threading
from typing import Final

_SDP: Final = (
    b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\n"
    b"a=rtpmap:96 H264/90000\r\na=control:trackID=0\r\n"
)


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, refusals: Sequence[tuple[str, int]]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.refusals = list(refusals)
        """For each connection, a method and the status that refuses it."""


class _Handler(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        refused, status = self.server.refusals.pop(0)
        while (method := self.rfile.readline().decode().partition(" ")[0]).strip():
            sequence = ""
            while line := self.rfile.readline().strip():
                if line.lower().startswith(b"cseq:"):
                    sequence = line.decode().partition(":")[2]
            code = status if method == refused else 200
            body = _SDP if method == "DESCRIBE" and code == 200 else b""
            head = f"RTSP/1.0 {code} -\r\nCSeq:{sequence}\r\nPublic: DESCRIBE, SETUP, PLAY\r\n"
            head += f"Content-Type: application/sdp\r\nContent-Length: {len(body)}\r\n\r\n"
            self.wfile.write(head.encode() + body)


@contextmanager
def refusing(*refusals: tuple[str, int]) -> Iterator[str]:
    """Serve as many connections as there are pairs of a method and its status; yield the URL."""
    with _Server(refusals) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), name="rtsp refusals")
        thread.start()
        try:
            yield f"rtsp://127.0.0.1:{server.server_address[1]}/cam"
        finally:
            server.shutdown()
            thread.join()
    assert server.refusals == []
