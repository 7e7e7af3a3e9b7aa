"""Publisher with a failing or slow encoder, and closed while pictures arrive."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
import threading

import numpy as np
from numpy.typing import NDArray
import pytest

from custom_components.retrocam.core.frames.feed import Picture, PictureFeed
from custom_components.retrocam.core.pattern.marks import beep
from custom_components.retrocam.core.publish.publisher import Publisher
from custom_components.retrocam.core.threads import run_in_thread

from .publisher_harness import (
    FEED,
    THREAD,
    WITHIN,
    PublisherHarness,
    begin,
    ended,
    numbers,
    running,
    take,
)
from .transport import FPS, NumberedSource, has_picture


async def test_close_ends_all_readers_and_joins(harness: PublisherHarness) -> None:
    async def read(reader: AsyncGenerator[bytes]) -> int:
        return sum([1 async for _ in reader])

    readers = [harness.publisher.reader() for _ in range(3)]
    witness = harness.publisher.reader()
    await begin(harness, witness, *readers)
    harness.source.allow(2)
    await asyncio.gather(take(witness, 2), *[take(reader, 2) for reader in readers])
    tasks = [asyncio.create_task(read(reader), eager_start=True) for reader in readers]
    await run_in_thread("closing", harness.publisher.close)
    assert not running(THREAD)
    async with asyncio.timeout(WITHIN):
        assert await asyncio.gather(*tasks) == [0, 0, 0]
        assert await anext(witness, None) is None
        assert [chunk async for chunk in harness.publisher.reader()] == []
    await run_in_thread("closing", harness.publisher.close)
    assert (harness.publisher.readers, harness.feed.readers) == (0, 0)


async def test_encoding_error_ends_readers_and_allows_new_ones(
    caplog: pytest.LogCaptureFixture,
) -> None:
    broken = threading.Event()

    def tone(start: int, count: int) -> NDArray[np.int16]:
        if broken.is_set():
            raise OSError("no sound today")
        return beep(start, count)

    source = NumberedSource()
    feed = PictureFeed(FEED, source)
    publisher = Publisher(feed, width=320, height=180, fps=FPS, tone=tone)
    reading, waiting = publisher.reader(), publisher.reader()
    source.allow(1)
    await asyncio.gather(take(reading, 1), take(waiting, 1))
    broken.set()
    source.allow(1)
    async with asyncio.timeout(WITHIN):
        assert [chunk async for chunk in waiting if has_picture(chunk)] == []
    await ended(THREAD, FEED)
    assert "no sound today" in caplog.text
    assert THREAD in caplog.text
    assert (publisher.readers, feed.readers) == (1, 0)

    # One reader has not noticed yet: it still holds its first picture.
    broken.clear()
    source.allow(10)
    async with aclosing(publisher.reader()) as served:
        chunks = await take(served, 10)
        assert publisher.readers == 1
        async with asyncio.timeout(WITHIN):
            assert await anext(reading, None) is None
        assert (publisher.readers, publisher.running) == (1, True)
    assert numbers(chunks)[0] == 2
    await run_in_thread("closing", publisher.close)
    feed.close()


async def test_picture_arriving_during_close_is_ignored(harness: PublisherHarness) -> None:
    on_its_way, go_on = threading.Event(), threading.Event()

    def hold(_: Picture) -> None:
        on_its_way.set()
        assert go_on.wait(WITHIN)

    unsubscribe = harness.feed.subscribe(hold)
    async with aclosing(harness.publisher.reader()) as reader:
        waiting = asyncio.create_task(anext(reader, None), eager_start=True)
        harness.source.allow(1)
        await run_in_thread("waiting", lambda: on_its_way.wait(WITHIN))
        await run_in_thread("closing", harness.publisher.close)
        go_on.set()
        assert await waiting is None
    unsubscribe()
    await ended(FEED)
    assert harness.source.made == 1


class Gate:
    """A tone that blocks the encoder at the second picture until it is opened."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.open = threading.Event()

    def __call__(self, start: int, count: int) -> NDArray[np.int16]:
        # The first picture, at 0, requests three frames of sound.
        if start >= 3 * 1024:
            self.reached.set()
            assert self.open.wait(WITHIN)
        return beep(start, count)


async def burst(count: int, *, arriving: int) -> list[int | None]:
    """Block the encoder at picture 1 while `count` more come; return the published numbers."""
    gate, source = Gate(), NumberedSource()
    feed = PictureFeed(FEED, source)
    publisher = Publisher(feed, width=320, height=180, fps=FPS, tone=gate)
    last = threading.Event()
    async with aclosing(publisher.reader()) as reader:
        source.allow(1)
        chunks = await take(reader, 1)
        # Subscribed after the publisher: its pictures are already queued there.
        unsubscribe = feed.subscribe(
            lambda picture: last.set() if picture.position * FPS > count else None
        )
        source.allow(1)
        await run_in_thread("waiting", lambda: gate.reached.wait(WITHIN))
        source.allow(count)
        await run_in_thread("waiting", lambda: last.wait(WITHIN))
        gate.open.set()
        while sum(map(has_picture, chunks)) < arriving:
            chunks += await take(reader, 1)
        unsubscribe()
    await run_in_thread("closing", publisher.close)
    await ended(FEED)
    return numbers(chunks)


async def test_a_burst_of_two_seconds_is_not_dropped() -> None:
    assert await burst(50, arriving=52) == list(range(52))


async def test_slow_encoder_drops_the_oldest_pictures() -> None:
    assert await burst(70, arriving=52) == [0, 1, *range(22, 72)]


async def test_closed_loop_does_not_affect_other_readers(harness: PublisherHarness) -> None:
    def visit() -> None:
        """Wait for a picture in another event loop, and close that loop meanwhile."""
        loop = asyncio.new_event_loop()
        loop.set_exception_handler(lambda *_: None)  # silence the unfinished task
        reader = harness.publisher.reader()
        waiting = loop.create_task(anext(reader))
        loop.call_soon(loop.stop)
        loop.run_forever()
        visitors.append((reader, waiting))
        loop.close()

    visitors: list[tuple[AsyncGenerator[bytes], asyncio.Task[bytes]]] = []
    async with aclosing(harness.publisher.reader()) as reader:
        mine = asyncio.create_task(take(reader, 10), eager_start=True)
        await run_in_thread("visiting", visit)
        assert harness.publisher.readers == 2
        harness.source.allow(10)
        assert numbers(await mine) == list(range(10))
