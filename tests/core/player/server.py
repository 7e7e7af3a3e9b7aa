"""A media server on this machine that may misbehave."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
import re
import ssl
import threading
from typing import override

type Answerer = Callable[["Request"], None]


@dataclass(slots=True)
class Page:
    """The answer at a path."""

    body: bytes = b""
    type: str = "application/octet-stream"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    ranges: bool = True
    """Accept range requests."""
    cut_after: int | None = None
    """Bytes after which the first connection is closed."""


class Request(BaseHTTPRequestHandler):
    """One request and its answer."""

    protocol_version = "HTTP/1.1"
    server: MediaServer

    def do_GET(self) -> None:
        self.server.log.append(self)
        page = self.server.pages.get(self.path)
        if page is None:
            page = Page(b"nothing here", status=404)
        if callable(page):
            page(self)
        else:
            self.answer(page)

    do_HEAD = do_POST = do_GET  # noqa: N815  # names that http.server calls

    def answer(self, page: Page) -> None:
        """Send a page, or the requested range of it."""
        body, status, headers = page.body, page.status, dict(page.headers)
        requested = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if requested and page.ranges and status == 200:
            first, last = int(requested[1]), int(requested[2] or len(body) - 1)
            headers["Content-Range"] = f"bytes {first}-{min(last, len(body) - 1)}/{len(body)}"
            body, status = body[first : last + 1], 206
        self.send_response(status)
        self.send_header("Content-Type", page.type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        if page.cut_after is not None and len(body) > page.cut_after:
            body, page.cut_after = body[: page.cut_after], None
            self.close_connection = True
        self.wfile.write(body)

    def hang(self) -> None:
        """Send nothing more until the client disconnects."""
        self.server.hanging.release()
        self.connection.settimeout(None)
        self.connection.recv(1)
        self.server.disconnected.release()
        self.close_connection = True

    @override
    def log_message(self, format: str, *args: object) -> None:
        pass


class MediaServer(ThreadingHTTPServer):
    """Serves `pages` by path, and logs all requests."""

    daemon_threads = True

    def __init__(
        self, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None, port: int = 0
    ) -> None:
        super().__init__((host, port), Request)
        self.pages: dict[str, Page | Answerer] = {}
        self.log: list[Request] = []
        self.hanging = threading.Semaphore(0)
        """Released by each hanging request."""
        self.disconnected = threading.Semaphore(0)
        """Released when its client has disconnected."""
        self.root = f"{'https' if tls else 'http'}://{host}:{self.server_port}"
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_side=True)

    def add(self, path: str, page: Page | Answerer) -> str:
        """Serve a page; return its URL."""
        self.pages[path] = page
        return self.root + path

    def redirect(self, path: str, to: str, status: int = 302) -> str:
        """Serve a redirect; return its URL."""
        return self.add(path, Page(status=status, headers={"Location": to}))

    def asked(self, path: str) -> list[Request]:
        """Return the requests for a path."""
        return [request for request in self.log if request.path == path]

    @override
    def handle_error(self, request: object, client_address: object) -> None:
        """Clients may disconnect at any time."""


@contextmanager
def serving(
    host: str = "127.0.0.1", tls: ssl.SSLContext | None = None, port: int = 0
) -> Iterator[MediaServer]:
    """Run a server in the context."""
    with MediaServer(host, tls, port) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), name="test server")
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
