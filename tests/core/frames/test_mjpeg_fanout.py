"""MJPEG as HTTP carries it, over real connections."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
import socket
from typing import Final

import pytest

from custom_components.retrocam.core.frames.jpeg_ring import Frame, FrameRing
from custom_components.retrocam.core.frames.mjpeg_fanout import Fanout, body_part, chunk
from tests.waiting import until

pytestmark = pytest.mark.usefixtures("socket_enabled")

SIZE: Final = 40_000
"""Bytes of a frame: less than a socket takes at once."""


def jpeg(number: int, size: int = SIZE) -> bytes:
    """Return bytes that pass for a JPEG, different for each number."""
    return b"\xff\xd8" + number.to_bytes(4) * (size // 4 - 1) + b"\xff\xd9"


@dataclass(slots=True)
class Connection:
    """A connection to a viewer, and the viewer's end of it."""

    reader: asyncio.StreamReader
    there: asyncio.StreamWriter
    writer: asyncio.StreamWriter
    """Kept, for it closes the connection when it is forgotten."""

    @property
    def here(self) -> asyncio.WriteTransport:
        """What is written to."""
        return self.writer.transport

    async def read(self) -> Frame:
        """Read one frame, as strictly as the formats are defined."""
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
    """Connect so many; `buffer` limits what lies on the way to each, in bytes."""
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
            # One frame is all that it holds unread.
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
def fanout(ring: FrameRing) -> Fanout:
    return Fanout(ring)


@asynccontextmanager
async def following(
    fanout: Fanout, *transports: asyncio.WriteTransport, last: int = 0
) -> AsyncIterator[list[asyncio.Task[None]]]:
    """Have connections follow for the time of a `with` block; then nothing is left running."""
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


def test_a_part_tells_length_time_and_index() -> None:
    assert body_part(Frame(b"\xff\xd8..\xff\xd9", 7, 12.3456)) == (
        b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: 6\r\n"
        b"X-Timestamp: 12.346\r\nX-Frame-Index: 7\r\n\r\n\xff\xd8..\xff\xd9\r\n"
    )
    assert chunk(b"x" * 26) == b"1a\r\n" + b"x" * 26 + b"\r\n"


async def test_all_connections_get_each_frame_once_in_order(
    ring: FrameRing, fanout: Fanout
) -> None:
    async with (
        connections(5) as watching,
        following(fanout, *(connection.here for connection in watching)),
    ):
        for number in range(1, 20):
            ring.add_frame(jpeg(number), 1000.0 + number)
            expected = Frame(jpeg(number), number, 1000.0 + number)
            assert [await connection.read() for connection in watching] == [expected] * 5


async def test_one_that_is_not_ready_is_left_behind_and_the_others_are_not(
    ring: FrameRing, fanout: Fanout
) -> None:
    async with connections(1, buffer=4096) as (stuck,), connections(2) as ready:
        transports = [connection.here for connection in (stuck, *ready)]
        async with following(fanout, *transports) as (left, *others):
            number = 0
            while not left.done():
                number += 1
                ring.add_frame(jpeg(number), 1000.0)
                for connection in ready:
                    assert (await connection.read()).index == number
            assert left.exception() is None
            assert not any(task.done() for task in others)
            # It holds what it was given, and nothing of the frame for which it was left behind.
            held = stuck.here.get_write_buffer_size()
            assert 0 < held < SIZE + 200
            ring.add_frame(jpeg(number + 1), 1000.0)
            assert (await ready[0].read()).index == number + 1
            assert stuck.here.get_write_buffer_size() <= held


async def test_one_that_is_not_ready_does_not_even_begin(ring: FrameRing, fanout: Fanout) -> None:
    async with connections(1, buffer=4096) as (stuck,):
        while not stuck.here.get_write_buffer_size():
            stuck.here.write(bytes(SIZE))
        held = stuck.here.get_write_buffer_size()
        ring.add_frame(jpeg(1), 1000.0)
        async with following(fanout, stuck.here) as (task,):
            await task
        assert stuck.here.get_write_buffer_size() == held


async def test_one_that_missed_a_frame_meanwhile_is_sent_for_it(
    ring: FrameRing, fanout: Fanout
) -> None:
    ring.add_frame(jpeg(1), 1001.0)
    async with connections(1) as (late,), following(fanout, late.here, last=0) as (task,):
        await task
        assert late.here.get_write_buffer_size() == 0


async def test_no_frame_comes_twice_to_one_that_has_just_had_it(
    ring: FrameRing, fanout: Fanout
) -> None:
    async with connections(2) as (early, late), following(fanout, early.here):
        ring.add_frame(jpeg(1), 1001.0)
        # The frame is there, and the one who writes it has not woken yet.
        async with following(fanout, late.here, last=1):
            assert (await early.read()).index == 1
            ring.add_frame(jpeg(2), 1002.0)
            assert (await early.read()).index == 2
            assert (await late.read()).index == 2


async def test_one_who_leaves_is_noticed_with_the_next_frame(
    ring: FrameRing, fanout: Fanout
) -> None:
    async with (
        connections(2) as (leaving, staying),
        following(fanout, leaving.here, staying.here) as (left, stays),
    ):
        leaving.here.abort()
        ring.add_frame(jpeg(1), 1001.0)
        assert (await staying.read()).index == 1
        await left
        assert not stays.done()


async def test_all_are_sent_away_when_the_ring_is_stopped(ring: FrameRing, fanout: Fanout) -> None:
    async with connections(3) as watching:
        transports = [connection.here for connection in watching]
        async with following(fanout, *transports) as tasks:
            ring.stop()
            # One that comes before they have left is sent away with them.
            await fanout.follow(transports[0], 0)
            await asyncio.gather(*tasks)
        await fanout.follow(transports[0], 0)


async def test_a_cleared_ring_keeps_its_connections(ring: FrameRing, fanout: Fanout) -> None:
    async with connections(2) as (old, new), following(fanout, old.here):
        ring.clear()
        await fanout.follow(new.here, 0)  # there is nothing that it could have been given
        ring.add_frame(jpeg(1), 1001.0)
        assert (await old.read()).index == 1
