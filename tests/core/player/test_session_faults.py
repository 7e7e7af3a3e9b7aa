"""Sessions: what goes wrong is told, waited for or tried again, and leaves no thread."""

import asyncio
from pathlib import Path
import threading
import time

import pytest

from custom_components.retrocam.core.errors import PlayError
from custom_components.retrocam.core.player.machine import Phase
from custom_components.retrocam.core.player.playback_buffer import Deck, Lane
from custom_components.retrocam.core.player.session import Session

from .clips import clip
from .hosts import Gate
from .lookups import a_resolver
from .server import MediaServer, Page, Request
from .watching import FAST, PATIENCE, Viewer, a_session, failure, own_threads, state


async def test_closing_ends_all_threads_within_three_seconds(server: MediaServer) -> None:
    """Also such as wait for a server that says nothing."""

    def stall(request: Request) -> None:
        if not request.server.asked("/clip.mp4")[1:]:
            request.answer(Page(clip(), "video/mp4"))  # what the resolver looks at
            return
        request.send_response(200)
        request.send_header("Content-Length", "100000000")
        request.end_headers()
        request.hang()

    session = Session(a_resolver())
    session.play(server.add("/clip.mp4", stall))
    await asyncio.to_thread(server.hanging.acquire)
    assert await session.close(3)
    assert own_threads() == []
    session.play(server.root + "/clip.mp4")
    assert session.status.state is Phase.IDLE


@pytest.mark.parametrize(
    ("page", "code"),
    [
        (Page(status=404), "not_found"),
        (Page(b"no video at all" * 1000, "video/mp4"), "unsupported"),
        (
            Page(b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n", "video/mp4"),
            "unsupported",
        ),
        (
            Page(
                b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
                "application/vnd.apple.mpegurl",
            ),
            "unsupported",
        ),
        (
            Page(
                b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nconcat:/etc/passwd\n#EXT-X-ENDLIST\n",
                "application/vnd.apple.mpegurl",
            ),
            "unsupported",
        ),
        (Page(b"ffconcat version 1.0\nfile /etc/passwd\n", "video/mp4"), "unsupported"),
    ],
)
async def test_what_cannot_be_played_says_why(server: MediaServer, page: Page, code: str) -> None:
    async with a_session() as session:
        viewer = Viewer(session)
        status = await failure(session, server.add("/a.mp4", page))
        assert status.state is Phase.ERROR
        assert status.error is not None
        assert status.error.code == code
        assert "root:" not in str(status.error)
        assert not viewer.pictures
        # And then something else plays.
        good = server.add("/good.mp4", Page(clip(1.0), "video/mp4"))
        assert (await session.settled(session.play(good))).error is None
        assert session.status.state is Phase.PLAYING


async def test_what_fails_has_not_ended(
    server: MediaServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or the thread that shows may tell of an end before the one that reads tells of the failure."""
    told: list[str] = []
    end, fail = Deck.end, Deck.fail

    def note_end(deck: Deck, lane: Lane) -> None:
        told.append("ended")
        end(deck, lane)

    def note_failure(deck: Deck, error: PlayError) -> None:
        told.append(error.code)
        fail(deck, error)

    monkeypatch.setattr(Deck, "end", note_end)
    monkeypatch.setattr(Deck, "fail", note_failure)
    text = b"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\ngone.ts\n#EXT-X-ENDLIST\n"
    url = server.add("/list.m3u8", Page(text, "application/vnd.apple.mpegurl"))
    async with a_session() as session:
        assert (await failure(session, url)).state is Phase.ERROR
    assert told == ["not_found"]


async def test_an_expired_url_is_resolved_again_and_goes_on(server: MediaServer) -> None:
    """The server gives a new URL for each look-up, and takes the first one back in mid-play."""
    data = clip(10.0, kind="matroska", options=(("cluster_time_limit", "500"),))
    lookups = 0

    def page(request: Request) -> None:
        nonlocal lookups
        lookups += 1
        body = f'<html><body><video src="/media{lookups}.mkv"></video></body></html>'
        request.answer(Page(body.encode(), "text/html"))

    first = Page(data, "video/x-matroska", cut_after=len(data) // 2)

    def expiring(request: Request) -> None:
        if first.cut_after is None:
            request.answer(Page(status=403))
        else:
            request.answer(first)

    server.add("/media1.mkv", expiring)
    server.add("/media2.mkv", Page(data, "video/x-matroska"))
    async with a_session(speed=FAST) as session:
        viewer = Viewer(session)
        await session.settled(session.play(server.add("/page", page)))
        await state(session, Phase.IDLE)
        assert lookups == 2
        shown = viewer.numbers
        assert shown[0] == 0
        again = next(
            index for index, epoch in enumerate(viewer.epochs) if epoch != viewer.epochs[0]
        )
        assert abs((shown[again] or 0) - (shown[again - 1] or 0)) < 25 * FAST
        assert shown[again:] == list(range(shown[again] or 0, 250))


async def test_a_url_that_stays_refused_is_an_error(server: MediaServer) -> None:
    asked = 0

    def refuse(request: Request) -> None:
        nonlocal asked
        asked += 1
        # The resolver may look, the player may not.
        request.answer(Page(clip(1.0), "video/mp4") if asked % 2 else Page(status=403))

    async with a_session() as session:
        status = await failure(session, server.add("/a.mp4", refuse))
        assert (status.state, status.error and status.error.code) == (Phase.ERROR, "network")
        assert asked == 8


async def test_resuming_with_an_expired_url_asks_first(server: MediaServer) -> None:
    soon = int(time.time()) + 30
    url = server.add(f"/clip.mp4?expire={soon}", Page(clip(), "video/mp4"))
    async with a_session() as session:
        viewer = Viewer(session)
        await session.settled(session.play(url))
        await viewer.until(lambda: len(viewer.pictures) > 5)
        session.pause()
        session.resume()
        assert session.status.state is Phase.RESOLVING
        assert (await session.settled(1)).state is Phase.PLAYING


async def test_the_private_network_is_closed_to_playlists(
    server: MediaServer, tmp_path: Path
) -> None:
    async with a_session(a_resolver(allow_private=False)) as session:
        status = await failure(session, server.add("/clip.mp4", Page(clip(1.0), "video/mp4")))
        assert status.error is not None
        assert status.error.code == "blocked_address"
        assert not server.log
        trusted = session.play(server.root + "/clip.mp4", trusted=True)
        assert (await session.settled(trusted)).state is Phase.PLAYING


async def test_a_stalling_server_is_waited_for(server: MediaServer) -> None:
    """The clock stands still meanwhile: nothing is lost."""
    data = clip(kind="matroska", options=(("cluster_time_limit", "200"),))
    go_on = threading.Event()

    def stall(request: Request) -> None:
        if len(server.log) == 1:
            request.answer(Page(data, "video/x-matroska"))
            return
        request.send_response(200)
        request.send_header("Content-Length", str(len(data)))
        request.end_headers()
        request.wfile.write(data[: len(data) // 2])
        go_on.wait(PATIENCE)
        request.wfile.write(data[len(data) // 2 :])

    async with a_session(speed=4) as session:
        viewer = Viewer(session)
        assert (
            await session.settled(session.play(server.add("/a.mkv", stall)))
        ).state is Phase.PLAYING
        stalled = await state(session, Phase.BUFFERING)
        assert 0.5 < stalled.position < 2
        go_on.set()
        await state(session, Phase.PLAYING)
        await state(session, Phase.IDLE)
        assert viewer.numbers == list(range(75))


class Exploding:
    """A sink with a bug."""

    def __call__(self, picture: object) -> None:
        raise RuntimeError("a bug")


async def test_a_bug_in_a_thread_is_an_error_and_not_a_standstill(
    server: MediaServer, caplog: pytest.LogCaptureFixture
) -> None:
    url = server.add("/clip.mp4", Page(clip(), "video/mp4"))
    async with a_session() as session:
        session.screen.subscribe(Exploding())
        status = await failure(session, url)
        assert status.state is Phase.ERROR
    assert "Playing ended with an error" in caplog.text


def test_a_loop_that_closes_first_is_no_error(server: MediaServer) -> None:
    url = server.add("/clip.mp4", Page(clip(), "video/mp4"))

    async def leave() -> Session:
        session = Session(a_resolver())
        await session.settled(session.play(url))
        return session

    session = asyncio.run(leave())
    playing = session._playing
    assert playing is not None
    playing.close()
    assert playing.join(5)


async def test_threads_that_do_not_end_are_told_of(
    server: MediaServer, caplog: pytest.LogCaptureFixture
) -> None:
    """A name that takes for ever to be looked up holds up nobody, and is not kept secret."""
    url = server.add("/clip.mp4", Page(clip(), "video/mp4"))
    gate = Gate()
    session = Session(a_resolver(lookup=gate))
    session.play(url)
    await asyncio.to_thread(gate.asked.wait, PATIENCE)
    assert not await session.close(0.05)
    assert "players have not ended yet" in caplog.text
    gate.answer.set()
    assert await session.close()
