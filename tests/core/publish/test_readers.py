"""One encoder for any number of readers, each starting at a keyframe."""

import asyncio
from contextlib import aclosing, suppress
import io

from aiohttp import web
from aiohttp.test_utils import TestServer
import av
import pytest

from custom_components.retrocam.core.frames.feed import PictureFeed
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
from .transport import FPS, DecodedStream, NumberedSource, has_picture, play


def broken_packets(chunks: list[bytes]) -> int:
    """Count the packets flagged as corrupt by a player."""
    with av.open(io.BytesIO(b"".join(chunks)), "r", format="mpegts") as container:
        return sum(packet.is_corrupt for packet in container.demux())


@pytest.mark.usefixtures("socket_enabled")
async def test_home_assistant_reads_the_stream() -> None:
    # Number 85 is 3.4 s into the source's time line.
    source = NumberedSource(first=85)
    feed = PictureFeed(FEED, source)
    publisher = Publisher(feed, width=640, height=360, fps=FPS, tone=beep)

    async def live(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "video/mp2t"})
        await response.prepare(request)
        source.allow(30)
        with suppress(ConnectionError):
            async with aclosing(publisher.reader()) as chunks:
                async for chunk in chunks:
                    await response.write(chunk)
                    if has_picture(chunk):
                        source.allow(1)
        return response

    def watch(url: str) -> DecodedStream:
        with av.open(url, "r", timeout=WITHIN) as container:
            return play(container, pictures=90)

    app = web.Application()
    app.router.add_get("/x.ts", live)
    async with TestServer(app) as server:
        url = str(server.make_url("/x.ts"))
        decoded = await run_in_thread("watching", lambda: watch(url))
        await ended(THREAD, FEED)
    assert decoded.numbers == list(range(85, 175))
    assert decoded.times == pytest.approx([number / FPS for number in range(85, 175)], abs=1e-5)
    assert decoded.flashes == pytest.approx([4.0, 5.0, 6.0], abs=1e-5)
    # Sound is sent slightly ahead of the pictures: it may contain a fourth beep.
    assert decoded.beeps()[:3] == pytest.approx(decoded.flashes, abs=0.04)
    assert (publisher.readers, publisher.running) == (0, False)
    await run_in_thread("closing", publisher.close)


async def test_idle_without_readers(harness: PublisherHarness) -> None:
    harness.publisher.reader()
    assert not harness.publisher.running
    assert not harness.feed.running


async def test_ten_readers_share_one_encode(harness: PublisherHarness) -> None:
    readers = [harness.publisher.reader() for _ in range(10)]
    taken = await begin(harness, *readers)
    harness.source.allow(39)
    more = await asyncio.gather(*[take(reader, 39) for reader in readers])
    taken = [chunks + rest for chunks, rest in zip(taken, more, strict=True)]
    assert harness.publisher.readers == 10
    assert harness.source.made == 40
    assert harness.feed.readers == 1
    for chunks in taken:
        assert all(one is other for one, other in zip(chunks, taken[0], strict=True))
    assert numbers(taken[0]) == list(range(40))
    for reader in readers:
        await reader.aclose()


async def test_late_reader_starts_with_a_keyframe_at_once(harness: PublisherHarness) -> None:
    async with aclosing(harness.publisher.reader()) as early:
        await begin(harness, early)
        harness.source.allow(34)
        await take(early, 34)
        async with aclosing(harness.publisher.reader()) as late:
            # No new picture comes: the late reader gets a kept chunk.
            chunks = await take(late, 10)
    assert numbers(chunks) == list(range(25, 35))


async def test_reader_late_in_a_gop_gets_its_own_keyframe(harness: PublisherHarness) -> None:
    async with aclosing(harness.publisher.reader()) as early:
        await begin(harness, early)
        harness.source.allow(19)
        await take(early, 19)
        async with aclosing(harness.publisher.reader()) as late:
            await take(late, 20)
            harness.source.allow(10)
            chunks = await take(late, 10)
    # Undecodable without a keyframe at number 20.
    assert numbers(chunks) == list(range(20, 30))


async def test_reader_early_in_a_gop_adds_no_keyframe(harness: PublisherHarness) -> None:
    async with aclosing(harness.publisher.reader()) as early:
        harness.source.allow(10)
        first = await take(early, 10)
        for _ in range(5):
            async with aclosing(harness.publisher.reader()) as late:
                assert await take(late, 10) == first
        harness.source.allow(10)
        rest = await take(early, 10)
    keyframe = len(first[0])
    assert max(len(chunk) for chunk in rest) < keyframe / 2


async def test_slow_reader_skips_without_affecting_others() -> None:
    harness = PublisherHarness(ring_bytes=100_000)
    async with (
        aclosing(harness.publisher.reader()) as fast,
        aclosing(harness.publisher.reader()) as slow,
    ):
        begun, read = await begin(harness, slow, fast)
        harness.source.allow(29)
        read += await take(fast, 29)
        begun += await take(slow, 4)
        for _ in range(9):
            harness.source.allow(30)
            read += await take(fast, 30)
        jumped = await take(slow, 10)
    assert numbers(read) == list(range(300)), "the slow reader affected the fast one"
    assert numbers(begun) == list(range(5))
    first = numbers(jumped)[0]
    assert first == 275, "not the newest keyframe"
    assert numbers(jumped) == list(range(275, 285))
    assert sum(map(len, read)) > 3 * 100_000, "the ring held all of it"
    assert not broken_packets(begun + jumped), "a player would discard an intact picture"
    await run_in_thread("closing", harness.close)


async def test_reader_slightly_behind_misses_nothing(harness: PublisherHarness) -> None:
    async with (
        aclosing(harness.publisher.reader()) as fast,
        aclosing(harness.publisher.reader()) as slow,
    ):
        begun, _ = await begin(harness, slow, fast)
        for _ in range(2):
            harness.source.allow(40)
            await take(fast, 40)
        assert numbers(begun + await take(slow, 79)) == list(range(80))


async def test_keyframe_larger_than_the_ring_is_delivered() -> None:
    harness = PublisherHarness(ring_bytes=10)
    async with aclosing(harness.publisher.reader()) as reader:
        harness.source.allow(1)
        chunks = await take(reader, 1)
    assert numbers(chunks) == [0]
    await run_in_thread("closing", harness.close)


async def test_publisher_stops_with_the_last_reader_and_restarts(harness: PublisherHarness) -> None:
    one, other = harness.publisher.reader(), harness.publisher.reader()
    await begin(harness, one, other)
    harness.source.allow(4)
    await asyncio.gather(take(one, 4), take(other, 4))
    await one.aclose()
    assert (harness.publisher.running, harness.feed.running) == (True, True)
    await other.aclose()
    assert (harness.publisher.running, harness.feed.readers) == (False, 0)
    await ended(THREAD, FEED)
    assert (running(THREAD), harness.feed.running) == (False, False)

    harness.source.allow(5)
    async with aclosing(harness.publisher.reader()) as again:
        assert numbers(await take(again, 5)) == list(range(5, 10))


async def test_cancelled_reader_has_left(harness: PublisherHarness) -> None:
    async def read() -> None:
        async with aclosing(harness.publisher.reader()) as chunks:
            async for _ in chunks:
                pass

    task = asyncio.create_task(read(), eager_start=True)
    assert harness.publisher.readers == 1
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert harness.publisher.readers == 0
    await ended(THREAD, FEED)
