"""Sessions: failures are reported, awaited or retried, and leave no thread."""

import asyncio
from pathlib import Path
import threading
import time

import pytest

from custom_components.retrocam.core.errors import PlayError
from custom_components.retrocam.core.player.machine import Phase
from custom_components.retrocam.core.player.playback_buffer import InputState, PlaybackBuffer
from custom_components.retrocam.core.player.session import Session

from .clips import clip
from .hosts import Gate
from .lookups import a_resolver
from .server import MediaServer, Page, Request
from .watching import FAST, PATIENCE, Viewer, a_session, failure, own_threads, state


async def test_closing_ends_all_threads_within_three_seconds(server: MediaServer) -> None:
    """Also those waiting for a silent server."""

    def stall(request: Request) -> None:
        if not request.server.asked("/clip.mp4")[1:]:
            request.answer(Page(clip(), "video/mp4"))  # for the resolver
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
async def test_unplayable_media_report_an_error_code(
    server: MediaServer, page: Page, code: str
) -> None:
    async with a_session() as session:
        viewer = Viewer(session)
        status = await failure(session, server.add("/a.mp4", page))
        assert status.state is Phase.ERROR
        assert status.error is not None
        assert status.error.code == code
        assert "root:" not in str(status.error)
        assert not viewer.pictures
        # Other media can be played afterwards.
        good = server.add("/good.mp4", Page(clip(1.0), "video/mp4"))
        assert (await session.settled(session.play(good))).error is None
        assert session.status.state is Phase.PLAYING


async def test_a_failed_input_is_not_reported_as_ended(
    server: MediaServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the decoding thread may report an end before the reading thread reports the failure."""
    calls: list[str] = []
    end, fail = PlaybackBuffer.end_input, PlaybackBuffer.fail

    def note_end(playback_buffer: PlaybackBuffer, state: InputState) -> None:
        calls.append("ended")
        end(playback_buffer, state)

    def note_failure(playback_buffer: PlaybackBuffer, error: PlayError) -> None:
        calls.append(error.code)
        fail(playback_buffer, error)

    monkeypatch.setattr(PlaybackBuffer, "end_input", note_end)
    monkeypatch.setattr(PlaybackBuffer, "fail", note_failure)
    text = b"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\ngone.ts\n#EXT-X-ENDLIST\n"
    url = server.add("/list.m3u8", Page(text, "application/vnd.apple.mpegurl"))
    async with a_session() as session:
        assert (await failure(session, url)).state is Phase.ERROR
    assert calls == ["not_found"]


async def test_an_expired_url_is_resolved_again_during_playback(server: MediaServer) -> None:
    """Each look-up gives a new URL, and the first one expires during playback."""
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
        numbers = viewer.numbers
        assert numbers[0] == 0
        second = next(
            index for index, epoch in enumerate(viewer.epochs) if epoch != viewer.epochs[0]
        )
        assert abs((numbers[second] or 0) - (numbers[second - 1] or 0)) < 25 * FAST
        assert numbers[second:] == list(range(numbers[second] or 0, 250))


async def test_repeated_refusals_are_an_error(server: MediaServer) -> None:
    asked = 0

    def refuse(request: Request) -> None:
        nonlocal asked
        asked += 1
        # Accept the resolver, refuse the player.
        request.answer(Page(clip(1.0), "video/mp4") if asked % 2 else Page(status=403))

    async with a_session() as session:
        status = await failure(session, server.add("/a.mp4", refuse))
        assert (status.state, status.error and status.error.code) == (Phase.ERROR, "network")
        assert asked == 8


async def test_resuming_resolves_an_expired_url_first(server: MediaServer) -> None:
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


async def test_the_private_network_needs_trust(server: MediaServer, tmp_path: Path) -> None:
    async with a_session(a_resolver(allow_private=False)) as session:
        status = await failure(session, server.add("/clip.mp4", Page(clip(1.0), "video/mp4")))
        assert status.error is not None
        assert status.error.code == "blocked_address"
        assert not server.log
        trusted = session.play(server.root + "/clip.mp4", trusted=True)
        assert (await session.settled(trusted)).state is Phase.PLAYING


async def test_a_stalled_download_pauses_the_clock(server: MediaServer) -> None:
    """No frame is lost."""
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
    """A sink that raises."""

    def __call__(self, picture: object) -> None:
        raise RuntimeError("a bug")


async def test_an_exception_in_a_thread_ends_playback_with_an_error(
    server: MediaServer, caplog: pytest.LogCaptureFixture
) -> None:
    url = server.add("/clip.mp4", Page(clip(), "video/mp4"))
    async with a_session() as session:
        session.broadcast.subscribe(Exploding())
        status = await failure(session, url)
        assert status.state is Phase.ERROR
    assert "Playing ended with an error" in caplog.text


def test_threads_may_outlive_the_event_loop(server: MediaServer) -> None:
    url = server.add("/clip.mp4", Page(clip(), "video/mp4"))

    async def start() -> Session:
        session = Session(a_resolver())
        await session.settled(session.play(url))
        return session

    session = asyncio.run(start())
    playing = session._playbacks._playback
    assert playing is not None
    playing.close()
    assert playing.join(60)


async def test_threads_that_do_not_end_are_logged(
    server: MediaServer, caplog: pytest.LogCaptureFixture
) -> None:
    """A hanging name resolution delays nobody, and is logged."""
    url = server.add("/clip.mp4", Page(clip(), "video/mp4"))
    gate = Gate()
    session = Session(a_resolver(lookup=gate))
    session.play(url)
    await asyncio.to_thread(gate.asked.wait, PATIENCE)
    assert not await session.close(0.05)
    assert "players have not ended yet" in caplog.text
    gate.answer.set()
    assert await session.close(PATIENCE)
