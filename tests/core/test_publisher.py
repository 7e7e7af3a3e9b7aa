"""However many read, at whatever pace: one encoder, and a stream that each can begin with."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, suppress
import io
import threading

from aiohttp import web
from aiohttp.test_utils import TestServer
import av
import numpy as np
from numpy.typing import NDArray
import pytest

from custom_components.retrocam.core.pictures import Picture, PictureFeed
from custom_components.retrocam.core.publisher import Publisher
from custom_components.retrocam.core.test_pattern import beep
from custom_components.retrocam.core.threads import run_in_thread

from .transport import FPS, Reel, Seen, has_picture, play, played

THREAD = "retrocam publisher"
FEED = "retrocam reel"
WITHIN = 20
"""Seconds after which a test gives up."""


class Studio:
    """A publisher of pictures on order, without sound unless said."""

    def __init__(self, *, first: int = 0, ring_bytes: int = 4_194_304) -> None:
        self.reel = Reel(first)
        self.feed = PictureFeed(FEED, self.reel)
        self.publisher = Publisher(self.feed, width=320, height=180, fps=FPS, ring_bytes=ring_bytes)

    def close(self) -> None:
        self.publisher.close()
        self.feed.close()


@pytest.fixture
async def studio() -> AsyncIterator[Studio]:
    studio = Studio()
    yield studio
    await run_in_thread("closing", studio.close)


async def take(reader: AsyncGenerator[bytes], count: int) -> list[bytes]:
    """Read this many chunks; without sound each is one picture."""
    async with asyncio.timeout(WITHIN):
        return [await anext(reader) for _ in range(count)]


async def begin(studio: Studio, *readers: AsyncGenerator[bytes]) -> list[list[bytes]]:
    """Have all these wait, and give them the first picture, before there is a second one."""
    tasks = [asyncio.create_task(take(reader, 1), eager_start=True) for reader in readers]
    studio.reel.allow(1)
    return list(await asyncio.gather(*tasks))


async def ended(*names: str) -> None:
    """Wait until threads of these names have ended."""
    for thread in threading.enumerate():
        if thread.name in names:
            await run_in_thread("waiting", lambda thread=thread: thread.join(WITHIN))  # type: ignore[misc]  # a default of a lambda has no type
            assert not thread.is_alive()


def running(name: str) -> bool:
    return any(thread.name == name for thread in threading.enumerate())


def broken_packets(chunks: list[bytes]) -> int:
    """Count the packets that a player takes for damaged."""
    with av.open(io.BytesIO(b"".join(chunks)), "r", format="mpegts") as container:
        return sum(packet.is_corrupt for packet in container.demux())


def numbers(chunks: list[bytes]) -> list[int | None]:
    return played(b"".join(chunks)).numbers


@pytest.mark.usefixtures("socket_enabled")
async def test_home_assistants_way_of_reading_it() -> None:
    # Number 85 is 3.4 s into the source's time line.
    reel = Reel(first=85)
    feed = PictureFeed(FEED, reel)
    publisher = Publisher(feed, width=640, height=360, fps=FPS, tone=beep)

    async def live(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "video/mp2t"})
        await response.prepare(request)
        reel.allow(30)
        with suppress(ConnectionError):
            async with aclosing(publisher.reader()) as chunks:
                async for chunk in chunks:
                    await response.write(chunk)
                    if has_picture(chunk):
                        reel.allow(1)
        return response

    def watch(url: str) -> Seen:
        with av.open(url, "r", timeout=WITHIN) as container:
            return play(container, pictures=90)

    app = web.Application()
    app.router.add_get("/x.ts", live)
    async with TestServer(app) as server:
        url = str(server.make_url("/x.ts"))
        seen = await run_in_thread("watching", lambda: watch(url))
        await ended(THREAD, FEED)
    assert seen.numbers == list(range(85, 175))
    assert seen.times == pytest.approx([number / FPS for number in range(85, 175)], abs=1e-5)
    assert seen.flashes == pytest.approx([4.0, 5.0, 6.0], abs=1e-5)
    # Sound is sent a little ahead of the pictures: a fourth beep may be among it.
    assert seen.beeps()[:3] == pytest.approx(seen.flashes, abs=0.04)
    assert (publisher.readers, publisher.running, publisher.dropped) == (0, False, 0)
    await run_in_thread("closing", publisher.close)


async def test_nothing_runs_before_somebody_reads(studio: Studio) -> None:
    studio.publisher.reader()
    assert not studio.publisher.running
    assert not studio.feed.running


async def test_ten_readers_are_one_encode(studio: Studio) -> None:
    readers = [studio.publisher.reader() for _ in range(10)]
    taken = await begin(studio, *readers)
    studio.reel.allow(39)
    more = await asyncio.gather(*[take(reader, 39) for reader in readers])
    taken = [chunks + rest for chunks, rest in zip(taken, more, strict=True)]
    assert studio.publisher.readers == 10
    assert studio.publisher.encoded == studio.reel.made == 40
    assert studio.feed.readers == 1
    assert all(chunks == taken[0] for chunks in taken)
    assert numbers(taken[0]) == list(range(40))
    for reader in readers:
        await reader.aclose()


async def test_who_comes_late_begins_with_a_keyframe_at_once(studio: Studio) -> None:
    async with aclosing(studio.publisher.reader()) as early:
        await begin(studio, early)
        studio.reel.allow(34)
        await take(early, 34)
        async with aclosing(studio.publisher.reader()) as late:
            # No new picture is made: what the late one gets was held for it.
            chunks = await take(late, 10)
    assert numbers(chunks) == list(range(25, 35))


async def test_who_comes_late_in_a_gop_gets_a_keyframe_of_its_own_soon(studio: Studio) -> None:
    async with aclosing(studio.publisher.reader()) as early:
        await begin(studio, early)
        studio.reel.allow(19)
        await take(early, 19)
        async with aclosing(studio.publisher.reader()) as late:
            await take(late, 20)
            studio.reel.allow(10)
            chunks = await take(late, 10)
    # Without a keyframe at number 20, nothing of this could be decoded.
    assert numbers(chunks) == list(range(20, 30))


async def test_who_comes_early_in_a_gop_costs_no_keyframe(studio: Studio) -> None:
    async with aclosing(studio.publisher.reader()) as early:
        studio.reel.allow(10)
        first = await take(early, 10)
        for _ in range(5):
            async with aclosing(studio.publisher.reader()) as late:
                assert await take(late, 10) == first
        studio.reel.allow(10)
        rest = await take(early, 10)
    keyframe = len(first[0])
    assert max(len(chunk) for chunk in rest) < keyframe / 2


async def test_who_reads_slowly_jumps_and_holds_nobody_up() -> None:
    studio = Studio(ring_bytes=100_000)
    async with (
        aclosing(studio.publisher.reader()) as fast,
        aclosing(studio.publisher.reader()) as slow,
    ):
        begun, read = await begin(studio, slow, fast)
        studio.reel.allow(29)
        read += await take(fast, 29)
        begun += await take(slow, 4)
        for _ in range(9):
            studio.reel.allow(30)
            read += await take(fast, 30)
        jumped = await take(slow, 10)
    assert numbers(read) == list(range(300)), "the slow one cost the fast one pictures"
    assert numbers(begun) == list(range(5))
    first = numbers(jumped)[0]
    assert first == 275, "not the newest keyframe"
    assert numbers(jumped) == list(range(275, 285))
    assert sum(map(len, read)) > 3 * 100_000, "the ring held all of it"
    assert not broken_packets(begun + jumped), "a player would throw away a good picture"
    await run_in_thread("closing", studio.close)


async def test_who_is_a_little_behind_misses_nothing(studio: Studio) -> None:
    async with (
        aclosing(studio.publisher.reader()) as fast,
        aclosing(studio.publisher.reader()) as slow,
    ):
        begun, _ = await begin(studio, slow, fast)
        for _ in range(2):
            studio.reel.allow(40)
            await take(fast, 40)
        assert numbers(begun + await take(slow, 79)) == list(range(80))


async def test_a_keyframe_larger_than_the_ring_is_not_waited_for_forever() -> None:
    studio = Studio(ring_bytes=10)
    async with aclosing(studio.publisher.reader()) as reader:
        studio.reel.allow(1)
        chunks = await take(reader, 1)
    assert numbers(chunks) == [0]
    await run_in_thread("closing", studio.close)


async def test_all_ends_with_the_last_reader_and_begins_anew(studio: Studio) -> None:
    one, other = studio.publisher.reader(), studio.publisher.reader()
    await begin(studio, one, other)
    studio.reel.allow(4)
    await asyncio.gather(take(one, 4), take(other, 4))
    await one.aclose()
    assert (studio.publisher.running, studio.feed.running) == (True, True)
    await other.aclose()
    assert (studio.publisher.running, studio.feed.readers) == (False, 0)
    await ended(THREAD, FEED)
    assert (running(THREAD), studio.feed.running) == (False, False)

    studio.reel.allow(5)
    async with aclosing(studio.publisher.reader()) as again:
        assert numbers(await take(again, 5)) == list(range(5, 10))
    assert studio.publisher.encoded == 10


async def test_a_reader_that_is_cancelled_while_it_waits_has_left(studio: Studio) -> None:
    async def read() -> None:
        async with aclosing(studio.publisher.reader()) as chunks:
            async for _ in chunks:
                pass

    task = asyncio.create_task(read(), eager_start=True)
    assert studio.publisher.readers == 1
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert studio.publisher.readers == 0
    await ended(THREAD, FEED)


async def test_closing_ends_all_iterations_and_joins(studio: Studio) -> None:
    async def read(reader: AsyncGenerator[bytes]) -> int:
        return sum([1 async for _ in reader])

    readers = [studio.publisher.reader() for _ in range(3)]
    witness = studio.publisher.reader()
    await begin(studio, witness, *readers)
    studio.reel.allow(2)
    await asyncio.gather(take(witness, 2), *[take(reader, 2) for reader in readers])
    tasks = [asyncio.create_task(read(reader), eager_start=True) for reader in readers]
    await run_in_thread("closing", studio.publisher.close)
    assert not running(THREAD)
    async with asyncio.timeout(WITHIN):
        assert await asyncio.gather(*tasks) == [0, 0, 0]
        assert await anext(witness, None) is None
        assert [chunk async for chunk in studio.publisher.reader()] == []
    await run_in_thread("closing", studio.publisher.close)
    assert (studio.publisher.readers, studio.feed.readers) == (0, 0)


async def test_when_encoding_fails_readers_end_and_the_next_one_is_served(
    caplog: pytest.LogCaptureFixture,
) -> None:
    broken = threading.Event()

    def tone(start: int, count: int) -> NDArray[np.int16]:
        if broken.is_set():
            raise OSError("no sound today")
        return beep(start, count)

    reel = Reel()
    feed = PictureFeed(FEED, reel)
    publisher = Publisher(feed, width=320, height=180, fps=FPS, tone=tone)
    reading, waiting = publisher.reader(), publisher.reader()
    reel.allow(1)
    await asyncio.gather(take(reading, 1), take(waiting, 1))
    broken.set()
    reel.allow(1)
    async with asyncio.timeout(WITHIN):
        assert [chunk async for chunk in waiting if has_picture(chunk)] == []
    await ended(THREAD, FEED)
    assert "no sound today" in caplog.text
    assert THREAD in caplog.text
    assert (publisher.readers, feed.readers) == (1, 0)

    # One reader does not know it yet: it is busy with its first picture.
    broken.clear()
    reel.allow(10)
    async with aclosing(publisher.reader()) as served:
        chunks = await take(served, 10)
        assert publisher.readers == 1
        async with asyncio.timeout(WITHIN):
            assert await anext(reading, None) is None
        assert (publisher.readers, publisher.running) == (1, True)
    assert numbers(chunks)[0] == 2
    await run_in_thread("closing", publisher.close)
    feed.close()


async def test_a_picture_that_is_on_its_way_when_all_ends_does_no_harm(studio: Studio) -> None:
    on_its_way, go_on = threading.Event(), threading.Event()

    def hold(_: Picture) -> None:
        on_its_way.set()
        assert go_on.wait(WITHIN)

    unsubscribe = studio.feed.subscribe(hold)
    async with aclosing(studio.publisher.reader()) as reader:
        waiting = asyncio.create_task(anext(reader, None), eager_start=True)
        studio.reel.allow(1)
        await run_in_thread("waiting", lambda: on_its_way.wait(WITHIN))
        await run_in_thread("closing", studio.publisher.close)
        go_on.set()
        assert await waiting is None
    unsubscribe()
    await ended(FEED)
    assert (studio.reel.made, studio.publisher.encoded, studio.publisher.dropped) == (1, 0, 0)


class Gate:
    """A tone that holds the encoder up at the second picture until it is opened."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.open = threading.Event()

    def __call__(self, start: int, count: int) -> NDArray[np.int16]:
        # With the first picture, at 0, three frames of sound are asked for.
        if start >= 3 * 1024:
            self.reached.set()
            assert self.open.wait(WITHIN)
        return beep(start, count)


async def burst(count: int, *, arriving: int) -> tuple[Publisher, list[int | None]]:
    """Hold the encoder up at picture 1 while `count` more come; return what was published."""
    gate, reel = Gate(), Reel()
    feed = PictureFeed(FEED, reel)
    publisher = Publisher(feed, width=320, height=180, fps=FPS, tone=gate)
    last = threading.Event()
    async with aclosing(publisher.reader()) as reader:
        reel.allow(1)
        chunks = await take(reader, 1)
        # Behind the publisher in the feed: what it saw, the publisher has.
        unsubscribe = feed.subscribe(
            lambda picture: last.set() if picture.position * FPS > count else None
        )
        reel.allow(1)
        await run_in_thread("waiting", lambda: gate.reached.wait(WITHIN))
        reel.allow(count)
        await run_in_thread("waiting", lambda: last.wait(WITHIN))
        gate.open.set()
        while sum(map(has_picture, chunks)) < arriving:
            chunks += await take(reader, 1)
        unsubscribe()
    await run_in_thread("closing", publisher.close)
    await ended(FEED)
    return publisher, numbers(chunks)


async def test_a_burst_of_two_seconds_is_not_dropped() -> None:
    publisher, seen = await burst(50, arriving=52)
    assert publisher.dropped == 0
    assert seen == list(range(52))


async def test_what_the_encoder_is_too_slow_for_is_dropped_oldest_first() -> None:
    publisher, seen = await burst(70, arriving=52)
    assert publisher.dropped == 20
    assert seen == [0, 1, *range(22, 72)]


async def test_a_loop_that_was_closed_holds_nobody_up(studio: Studio) -> None:
    def visit() -> None:
        """Wait for a picture in another event loop, and close that loop in the middle of it."""
        loop = asyncio.new_event_loop()
        loop.set_exception_handler(lambda *_: None)  # it would complain of the unfinished task
        reader = studio.publisher.reader()
        waiting = loop.create_task(anext(reader))
        loop.call_soon(loop.stop)
        loop.run_forever()
        visitors.append((reader, waiting))
        loop.close()

    visitors: list[tuple[AsyncGenerator[bytes], asyncio.Task[bytes]]] = []
    async with aclosing(studio.publisher.reader()) as reader:
        mine = asyncio.create_task(take(reader, 10), eager_start=True)
        await run_in_thread("visiting", visit)
        assert studio.publisher.readers == 2
        studio.reel.allow(10)
        assert numbers(await mine) == list(range(10))
