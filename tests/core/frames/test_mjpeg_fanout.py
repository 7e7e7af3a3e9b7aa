"""MJPEG over HTTP, on real connections."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
import socket
from typing import Final

import pytest

from custom_components.retrocam.core.frames.jpeg_ring import Frame, FrameRing
from custom_components.retrocam.core.frames.mjpeg_fanout import MjpegFanout, body_part, chunk
from tests.waiting import until

pytestmark = pytest.mark.usefixtures("socket_enabled")

SIZE: Final = 40_000
"""Bytes of a frame: less than a socket's buffer."""


def jpeg(number: int, size: int = SIZE) -> bytes:
    """Return bytes with the markers of a JPEG, different for each number."""
    return b"\xff\xd8" + number.to_bytes(4) * (size // 4 - 1) + b"\xff\xd9"


@dataclass(slots=True)
class Connection:
    """Both ends of a connection to a viewer."""

    reader: asyncio.StreamReader
    there: asyncio.StreamWriter
    writer: asyncio.StreamWriter
    """Referenced, as its finalizer closes the connection."""

    @property
    def here(self) -> asyncio.WriteTransport:
        """The server's end."""
        return self.writer.transport

    async def read(self) -> Frame:
        """Read one frame, strictly by the formats."""
        size = int(await self.reader.readuntil(b"\r\n"), 16)
        data = await self.reader.readexactly(size)
        assert await self.reader.readexactly(2) == b"\r\n"
        head, _, rest = data.partition(b"\r\n\r\n")
        boundary, *lines = head.decode().split("\r\n")
        headers = dict(line.split(": ") for line in lines)
        assert boundary == "--frame"
        assert headers["Content-Type"] == "image/jpeg"
        assert rest[int(headers["Content-Length"]) :] == b"\r\n"
        return Frame(rest[:-2], int(headers["X-Frame-Index"]), float(headers["X-Timestamp"]))


@asynccontextmanager
async def connections(count: int, *, buffer: int | None = None) -> AsyncIterator[list[Connection]]:
    """Open connections; `buffer` limits the socket buffers in bytes."""
    arrived: asyncio.Queue[asyncio.StreamWriter] = asyncio.Queue()
    async with AsyncExitStack() as stack:
        server = await asyncio.start_server(
            lambda _, writer: arrived.put_nowait(writer), "127.0.0.1"
        )
        await stack.enter_async_context(server)
        made = []
        for _ in range(count):
            end = socket.create_connection(server.sockets[0].getsockname())
            end.setblocking(False)
            if buffer is not None:
                end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
            # Buffer one unread frame at most.
            reader, writer = await asyncio.open_connection(sock=end, limit=SIZE)
            made.append(connection := Connection(reader, writer, await arrived.get()))
            if buffer is not None:
                sending = connection.here.get_extra_info("socket")
                sending.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, buffer)
        try:
            yield made
        finally:
            for connection in made:
                connection.here.abort()
                connection.there.transport.abort()


@pytest.fixture
def ring() -> FrameRing:
    ring = FrameRing(3)
    ring.add_frame(jpeg(0), 1000.0)
    return ring


@pytest.fixture
def fanout(ring: FrameRing) -> MjpegFanout:
    """A fan-out that repeats nothing, however slow the machine is."""
    return MjpegFanout(ring, repeat_after=1000.0)


@pytest.fixture
def repeating(ring: FrameRing) -> MjpegFanout:
    return MjpegFanout(ring)


@asynccontextmanager
async def attached(
    fanout: MjpegFanout, *transports: asyncio.WriteTransport, last: int = 0
) -> AsyncIterator[list[asyncio.Task[None]]]:
    """Attach connections during a `with` block; afterwards nothing runs."""
    before = asyncio.all_tasks()
    tasks = [
        asyncio.create_task(fanout.follow(transport, last), eager_start=True)
        for transport in transports
    ]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await until(lambda: asyncio.all_tasks() <= before)


def test_body_part_headers() -> None:
    assert body_part(Frame(b"\xff\xd8..\xff\xd9", 7, 12.3456)) == (
        b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: 6\r\n"
        b"X-Timestamp: 12.346\r\nX-Frame-Index: 7\r\n\r\n\xff\xd8..\xff\xd9\r\n"
    )
    assert chunk(b"x" * 26) == b"1a\r\n" + b"x" * 26 + b"\r\n"


async def test_connections_get_each_frame_once_in_order(
    ring: FrameRing, fanout: MjpegFanout
) -> None:
    async with (
        connections(5) as watching,
        attached(fanout, *(connection.here for connection in watching)),
    ):
        for number in range(1, 20):
            ring.add_frame(jpeg(number), 1000.0 + number)
            expected = Frame(jpeg(number), number, 1000.0 + number)
            assert [await connection.read() for connection in watching] == [expected] * 5


async def test_busy_connection_is_detached_alone(ring: FrameRing, fanout: MjpegFanout) -> None:
    async with connections(1, buffer=4096) as (stuck,), connections(2) as ready:
        transports = [connection.here for connection in (stuck, *ready)]
        async with attached(fanout, *transports) as (left, *others):
            number = 0
            while not left.done():
                number += 1
                ring.add_frame(jpeg(number), 1000.0)
                for connection in ready:
                    assert (await connection.read()).index == number
            assert left.exception() is None
            assert not any(task.done() for task in others)
            # It buffers earlier frames, and nothing of the frame it was detached at.
            held = stuck.here.get_write_buffer_size()
            assert 0 < held < SIZE + 200
            ring.add_frame(jpeg(number + 1), 1000.0)
            assert (await ready[0].read()).index == number + 1
            assert stuck.here.get_write_buffer_size() <= held


async def test_busy_connection_gets_its_frame_again_once_it_has_room(
    ring: FrameRing, repeating: MjpegFanout
) -> None:
    async with connections(1, buffer=4096) as (slow,):
        slow.here.write(chunk(body_part(ring.frame(0))))
        assert slow.here.get_write_buffer_size() > 0
        async with attached(repeating, slow.here) as (task,):
            assert [await slow.read(), await slow.read()] == [ring.frame(0)] * 2
            assert not task.done()


async def test_connection_without_chunks_gets_bare_parts(
    ring: FrameRing, repeating: MjpegFanout
) -> None:
    async with connections(1) as (old,):
        follow = repeating.follow(old.here, 0, chunked=False, repeated=True)
        task = asyncio.create_task(follow, eager_start=True)
        ring.add_frame(jpeg(1), 1001.0)
        twice = body_part(ring.frame(1)) * 2
        assert await old.reader.readexactly(len(twice)) == twice
        ring.stop()
        await task


async def test_connection_that_missed_a_frame_is_not_attached(
    ring: FrameRing, fanout: MjpegFanout
) -> None:
    ring.add_frame(jpeg(1), 1001.0)
    async with connections(1) as (late,), attached(fanout, late.here, last=0) as (task,):
        await task
        assert late.here.get_write_buffer_size() == 0


async def test_frame_is_not_repeated_to_a_new_connection(
    ring: FrameRing, fanout: MjpegFanout
) -> None:
    async with connections(2) as (early, late), attached(fanout, early.here):
        ring.add_frame(jpeg(1), 1001.0)
        # The frame exists, but the fan-out's task has not run yet.
        async with attached(fanout, late.here, last=1):
            assert (await early.read()).index == 1
            ring.add_frame(jpeg(2), 1002.0)
            assert (await early.read()).index == 2
            assert (await late.read()).index == 2


async def test_frame_that_nothing_follows_is_sent_again_once(
    ring: FrameRing, repeating: MjpegFanout
) -> None:
    async with (
        connections(2) as watching,
        attached(repeating, *(connection.here for connection in watching)),
    ):
        for number in range(1, 4):
            ring.add_frame(jpeg(number), 1000.0)
            expected = [Frame(jpeg(number), number, 1000.0)] * 2
            for connection in watching:
                assert [await connection.read(), await connection.read()] == expected


async def test_closing_connection_is_detached_at_the_next_frame(
    ring: FrameRing, fanout: MjpegFanout
) -> None:
    async with (
        connections(2) as (leaving, staying),
        attached(fanout, leaving.here, staying.here) as (left, stays),
    ):
        leaving.here.abort()
        ring.add_frame(jpeg(1), 1001.0)
        assert (await staying.read()).index == 1
        await left
        assert not stays.done()


async def test_stopped_ring_detaches_all_connections(ring: FrameRing, fanout: MjpegFanout) -> None:
    async with connections(3) as watching:
        transports = [connection.here for connection in watching]
        async with attached(fanout, *transports) as tasks:
            ring.stop()
            # A connection attached meanwhile is detached as well.
            await fanout.follow(transports[0], 0)
            await asyncio.gather(*tasks)
        await fanout.follow(transports[0], 0)


async def test_cleared_ring_keeps_its_connections(ring: FrameRing, fanout: MjpegFanout) -> None:
    async with connections(2) as (old, new), attached(fanout, old.here):
        ring.clear()
        await fanout.follow(new.here, 0)  # there is nothing that it could have been given
        ring.add_frame(jpeg(1), 1001.0)
        assert (await old.read()).index == 1
