"""MJPEG over HTTP: the multipart format, and the fan-out of each frame to all connections."""

import asyncio
from dataclasses import dataclass
from typing import Final

from ..threads import resolve
from .jpeg_ring import Frame, FrameRing

BOUNDARY: Final = "frame"
CONTENT_TYPE: Final = f"multipart/x-mixed-replace; boundary={BOUNDARY}"
REPEAT_AFTER: Final = 0.2
"""Seconds without a newer frame after which a frame is written again."""


def body_part(frame: Frame) -> bytes:
    """Return a frame as multipart body part, with its time (UNIX s) and index as headers."""
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
    chunked: bool
    last: int
    """Index of the last frame written to it."""
    repeated: bool
    """Whether that frame was written twice."""
    detached: asyncio.Future[None]

    @property
    def busy(self) -> bool:
        """Whether an earlier frame is still buffered."""
        return self.transport.get_write_buffer_size() > 0


class MjpegFanout:
    """Writes each new frame of a ring to all connections that are ready for it, in one loop.

    A frame is formatted once, and a connection costs neither a task nor a timer. A connection that
    still buffers an earlier frame when the next one comes is detached: its opener writes that and waits
    for it. Browsers show a frame only when the next one begins
    (https://issues.chromium.org/issues/41199053), so a frame that nothing follows is written again.
    All methods run on one event loop.
    """

    def __init__(self, ring: FrameRing, *, repeat_after: float = REPEAT_AFTER) -> None:
        self._ring = ring
        self._repeat_after = repeat_after
        self._followers: set[_Follower] = set()
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    async def follow(
        self,
        transport: asyncio.WriteTransport,
        last: int,
        *,
        chunked: bool = True,
        repeated: bool = False,
    ) -> None:
        """Write frames newer than index `last` to a connection.

        `chunked` is whether in chunked transfer coding, `repeated` whether frame `last` was written
        twice. Returns when the connection is not ready for the newest frame, of which nothing was
        written then; when it is closing; or when the ring is stopped, also before the call.
        """
        latest = self._ring.latest
        if latest is None or latest.index != last:
            return
        detached = asyncio.get_running_loop().create_future()
        follower = _Follower(transport, chunked, last, repeated, detached)
        self._followers.add(follower)
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="retrocam MJPEG", eager_start=True)
        if not repeated and self._timer is None:
            self._repeat_later()
        try:
            await detached
        finally:
            self._followers.discard(follower)
            if not self._followers:
                self._end()

    async def _run(self) -> None:
        async for frame in self._ring.frames():
            self._write(frame)
        self._task = None
        self._end()
        for follower in self._followers:
            resolve(follower.detached, None)

    def _end(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _write(self, frame: Frame) -> None:
        form = _Formatted(frame)
        for follower in self._followers:
            if follower.last >= frame.index or follower.detached.done():
                continue
            if follower.transport.is_closing() or follower.busy:
                resolve(follower.detached, None)
                continue
            follower.transport.write(form.bytes_for(follower))
            follower.last = frame.index
            follower.repeated = False
        self._repeat_later()

    def _repeat_later(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(self._repeat_after, self._repeat)

    def _repeat(self) -> None:
        """Write the latest frame again to all connections that have it once."""
        self._timer = None
        if (frame := self._ring.latest) is None:
            return
        form = _Formatted(frame)
        waiting = False
        for follower in self._followers:
            if follower.last != frame.index or follower.repeated or follower.transport.is_closing():
                continue
            if follower.busy:
                waiting = True
                continue
            follower.transport.write(form.bytes_for(follower))
            follower.repeated = True
        if waiting:
            self._repeat_later()


class _Formatted:
    """A frame as it is written, formatted when the first connection needs it."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._bytes: dict[bool, bytes] = {}

    def bytes_for(self, follower: _Follower) -> bytes:
        if (data := self._bytes.get(follower.chunked)) is None:
            data = body_part(self._frame)
            data = self._bytes[follower.chunked] = chunk(data) if follower.chunked else data
        return data
