"""A publisher whose encoder fails or is too slow, and which ends while pictures are on their way."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
import threading

import numpy as np
from numpy.typing import NDArray
import pytest

from custom_components.retrocam.core.frames.feed import Picture, PictureFeed
from custom_components.retrocam.core.pattern.picture import beep
from custom_components.retrocam.core.publish.publisher import Publisher
from custom_components.retrocam.core.threads import run_in_thread

from .studio import FEED, THREAD, WITHIN, Studio, begin, ended, numbers, running, take
from .transport import FPS, Reel, has_picture


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
