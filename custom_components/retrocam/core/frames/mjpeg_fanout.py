"""MJPEG as HTTP carries it: the form of a frame, and one writing of it for all connections."""

import asyncio
from dataclasses import dataclass
from typing import Final

from .jpeg_ring import Frame, FrameRing

BOUNDARY: Final = "frame"
CONTENT_TYPE: Final = f"multipart/x-mixed-replace; boundary={BOUNDARY}"


def body_part(frame: Frame) -> bytes:
    """Return a frame as a part of a multipart body, with its time (UNIX s) and index as headers."""
    head = (
        f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(frame.data)}\r\n"
        f"X-Timestamp: {frame.time:.3f}\r\nX-Frame-Index: {frame.index}\r\n\r\n"
    )
    return b"".join((head.encode(), frame.data, b"\r\n"))


def chunk(data: bytes) -> bytes:
    """Return `data` as one chunk of HTTP's chunked transfer coding (RFC 9112, section 7.1)."""
    return b"".join((f"{len(data):x}\r\n".encode(), data, b"\r\n"))


@dataclass(slots=True, eq=False)
class _Follower:
    transport: asyncio.WriteTransport
    last: int
    """Index of the newest frame that it has been given."""
    left_behind: asyncio.Future[None]


class Fanout:
    """Writes each new frame of a ring to all connections that are ready for it, in one go.

    A frame is put together once, and neither a task nor a timer is spent on a connection. One that
    still holds bytes of an earlier frame is left behind: whoever opened it writes what comes next,
    and waits for it alone. All methods run on one event loop.
    """

    def __init__(self, ring: FrameRing) -> None:
        """Begin without connections; nothing runs."""
        self._ring = ring
        self._followers: set[_Follower] = set()
        self._task: asyncio.Task[None] | None = None

    async def follow(self, transport: asyncio.WriteTransport, last: int) -> None:
        """Write frames newer than number `last` to a connection that takes chunks.

        Returns when it is not ready for the newest frame, which it then has not been given any of;
        when it is closing; and when the ring is stopped, be it a moment before the call.
        """
        latest = self._ring.latest
        if latest is None or latest.index != last or transport.get_write_buffer_size():
            return
        follower = _Follower(transport, last, asyncio.get_running_loop().create_future())
        self._followers.add(follower)
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="retrocam MJPEG", eager_start=True)
        try:
            await follower.left_behind
        finally:
            self._followers.discard(follower)
            if not self._followers and self._task is not None:
                self._task.cancel()
                self._task = None

    async def _run(self) -> None:
        """Write what comes until the ring ends."""
        async for frame in self._ring.frames():
            self._write(frame)
        self._task = None
        for follower in self._followers:
            _leave_behind(follower)

    def _write(self, frame: Frame) -> None:
        data: bytes | None = None
        for follower in self._followers:
            if follower.last >= frame.index or follower.left_behind.done():
                continue
            if follower.transport.is_closing() or follower.transport.get_write_buffer_size():
                _leave_behind(follower)
                continue
            if data is None:
                data = chunk(body_part(frame))
            follower.transport.write(data)
            follower.last = frame.index


def _leave_behind(follower: _Follower) -> None:
    if not follower.left_behind.done():
        follower.left_behind.set_result(None)
