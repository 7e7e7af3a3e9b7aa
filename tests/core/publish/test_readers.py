"""However many read, at whatever pace: one encoder, and a stream that each can begin with."""

import asyncio
from contextlib import aclosing, suppress
import io

from aiohttp import web
from aiohttp.test_utils import TestServer
import av
import pytest

from custom_components.retrocam.core.frames.feed import PictureFeed
from custom_components.retrocam.core.pattern.picture import beep
from custom_components.retrocam.core.publish.publisher import Publisher
from custom_components.retrocam.core.threads import run_in_thread

from .studio import FEED, THREAD, WITHIN, Studio, begin, ended, numbers, running, take
from .transport import FPS, Reel, Seen, has_picture, play


def broken_packets(chunks: list[bytes]) -> int:
    """Count the packets that a player takes for damaged."""
    with av.open(io.BytesIO(b"".join(chunks)), "r", format="mpegts") as container:
        return sum(packet.is_corrupt for packet in container.demux())


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
