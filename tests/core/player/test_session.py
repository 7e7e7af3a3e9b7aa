"""Sessions: control of real clips over HTTP, with the real resolver."""

import asyncio
from pathlib import Path

import numpy as np
import pytest

from custom_components.retrocam.core.player.machine import Phase

from ...waiting import until
from .clips import clip, hls
from .server import MediaServer, Page
from .watching import FAST, PATIENCE, Viewer, a_session, number, own_threads, state


async def test_a_clip_plays_from_first_to_last_frame(server: MediaServer) -> None:
    url = server.add("/My%20clip.mp4", Page(clip(), "video/mp4"))
    states: list[Phase] = []
    async with a_session(speed=FAST) as session:
        session.listeners.add(lambda status: states.append(status.state))
        viewer = Viewer(session)
        playing = await session.settled(session.play(url))
        assert (playing.state, playing.title, playing.has_audio) == (Phase.PLAYING, "My clip", True)
        assert playing.duration == pytest.approx(3.0, abs=0.1)
        assert playing.can_seek
        done = await state(session, Phase.IDLE)
        assert viewer.numbers == list(range(75))
        assert [picture.position for picture in viewer.pictures] == pytest.approx(
            [index / 25 for index in range(75)], abs=0.001
        )
        assert (done.error, done.has_audio, session.broadcast.latest) == (None, False, None)
    assert list(dict.fromkeys(states)) == [
        Phase.RESOLVING,
        Phase.BUFFERING,
        Phase.PLAYING,
        Phase.IDLE,
    ]


async def test_frames_are_shown_in_time(server: MediaServer) -> None:
    """Never after their time on the status's clock, and little before."""
    url = server.add("/clip.mp4", Page(clip(), "video/mp4"))
    early: list[float] = []
    async with a_session() as session:
        session.broadcast.subscribe(
            lambda picture: early.append(picture.position - session.status.position)
        )
        await session.settled(session.play(url))
        await state(session, Phase.IDLE)
    assert len(early) == 75
    assert max(early[5:]) < 0.25
    assert np.median(early) > 0.1


async def test_pause_and_resume_lose_no_frame(server: MediaServer) -> None:
    url = server.add("/clip.mp4", Page(clip(), "video/mp4"))
    async with a_session(speed=4) as session:
        viewer = Viewer(session)
        await session.settled(session.play(url))
        await viewer.until(lambda: len(viewer.pictures) > 20)
        session.pause()
        assert session.status.state is Phase.PAUSED
        position = session.status.position
        count = len(viewer.pictures)
        latest = session.broadcast.latest
        assert session.status.position == position
        session.resume()
        await state(session, Phase.IDLE)
        assert viewer.numbers == list(range(75))
        assert latest is not None
        assert abs(count - position * 25) < 25


async def test_a_paused_start_shows_one_frame(server: MediaServer) -> None:
    url = server.add("/clip.mp4", Page(clip(), "video/mp4"))
    async with a_session() as session:
        viewer = Viewer(session)
        session.play(url)
        session.pause()
        assert (await state(session, Phase.PAUSED)).position == 0
        assert viewer.numbers == [0]
        session.resume()
        await viewer.until(lambda: len(viewer.pictures) > 5)


@pytest.mark.parametrize("kind", ["mp4", "matroska", "mpegts", "hls"])
async def test_seeking_continues_at_the_exact_position(
    server: MediaServer, tmp_path: Path, kind: str
) -> None:
    if kind == "hls":
        for name, data in hls(tmp_path, clip()).items():
            server.add(
                f"/{name}", Page(data, "application/x-mpegurl" if "m3u8" in name else "video/mp2t")
            )
        url = server.root + "/index.m3u8"
    else:
        url = server.add("/clip", Page(clip(kind=kind), "video/mp4"))
    async with a_session(speed=FAST) as session:
        viewer = Viewer(session)
        await session.settled(session.play(url))
        await viewer.until(lambda: len(viewer.pictures) > 3)
        session.pause()
        session.seek(1.52)
        seeked = await state(session, Phase.PAUSED)
        assert seeked.position == pytest.approx(1.52)
        assert session.broadcast.latest is not None
        assert number(session.broadcast.latest) in (37, 38, 39)
        count = len(viewer.pictures)
        session.resume()
        await state(session, Phase.IDLE)
        assert viewer.numbers[count - 1 :] == list(range(viewer.numbers[count - 1] or 0, 75))
        assert viewer.epochs[0] != viewer.epochs[-1]


async def test_a_loop_restarts(server: MediaServer) -> None:
    url = server.add("/clip.mp4", Page(clip(1.0), "video/mp4"))
    async with a_session(speed=FAST, loop_media=True) as session:
        viewer = Viewer(session)
        await session.settled(session.play(url))
        await viewer.until(lambda: len(viewer.numbers) >= 75)
        assert viewer.numbers[:75] == list(range(25)) * 3
        assert len(set(viewer.epochs[:75])) == 3


async def test_stop_works_in_every_phase(server: MediaServer) -> None:
    url = server.add("/clip.mp4", Page(clip(), "video/mp4"))
    hanging = server.add("/hanging.mp4", lambda request: request.hang())
    async with a_session() as session:
        session.play(hanging)
        session.stop()
        assert session.status.state is Phase.IDLE
        for phase in (Phase.BUFFERING, Phase.PLAYING):
            session.play(url)
            await state(session, phase)
            session.stop()
            assert session.status.state is Phase.IDLE
            assert session.broadcast.latest is None
        assert (await session.settled(1)).state is Phase.IDLE


async def test_a_hundred_plays_leave_one_session(server: MediaServer) -> None:
    urls = [server.add(f"/{index}.mp4", Page(clip(), "video/mp4")) for index in range(100)]
    async with a_session() as session:
        viewer = Viewer(session)
        for index, url in enumerate(urls):
            session.play(url)
            if index % 10 == 0:
                await asyncio.wait_for(
                    state(session, Phase.BUFFERING, Phase.PLAYING, Phase.RESOLVING), PATIENCE
                )
        status = await session.settled(100)
        assert (status.state, status.title, status.session) == (Phase.PLAYING, "99", 100)
        await viewer.until(lambda: len(viewer.pictures) > 10)
        await until(lambda: len(own_threads()) <= 2)
        assert set(own_threads()) <= {"retrocam play", "retrocam read 0"}
        assert len(set(viewer.epochs[-10:])) == 1
    assert own_threads() == []


@pytest.mark.parametrize(("fps", "limit", "count"), [(50, 25, 50), (25, 10, 20), (60, 24, 48)])
async def test_the_frame_rate_is_limited(
    server: MediaServer, fps: int, limit: int, count: int
) -> None:
    url = server.add("/clip.mp4", Page(clip(2.0, fps=fps), "video/mp4"))
    async with a_session(speed=4, max_fps=limit) as session:
        viewer = Viewer(session)
        await session.settled(session.play(url))
        await state(session, Phase.IDLE)
        assert abs(len(viewer.pictures) - count) <= 2
        steps = np.diff([picture.position for picture in viewer.pictures])
        assert max(steps) < 2 / limit
        assert None not in viewer.numbers


async def test_a_late_viewer_sees_the_current_frame(server: MediaServer) -> None:
    """Without viewers nothing is decoded; afterwards no frame is missing."""
    url = server.add("/clip.mp4", Page(clip(gop=50), "video/mp4"))
    async with a_session(speed=2) as session:
        await session.settled(session.play(url))
        await until(lambda: session.status.position >= 1.2)
        assert session.broadcast.latest is not None
        assert number(session.broadcast.latest) == 0
        viewer = Viewer(session)
        await state(session, Phase.IDLE)
        first = viewer.numbers[0] or 0
        assert 28 < first < 45
        assert viewer.numbers == list(range(first, 75))


async def test_a_viewer_of_a_paused_player_sees_the_current_frame(server: MediaServer) -> None:
    url = server.add("/clip.mp4", Page(clip(gop=50), "video/mp4"))
    async with a_session(speed=2) as session:
        await session.settled(session.play(url))
        await until(lambda: session.status.position >= 1.2)
        session.pause()
        viewer = Viewer(session)
        await viewer.until(lambda: len(viewer.pictures) > 0)
        assert viewer.pictures[0].position == pytest.approx(session.status.position, abs=0.25)


async def test_seeking_beyond_the_end_ends_playback(server: MediaServer) -> None:
    url = server.add("/clip.mp4", Page(clip(), "video/mp4"))
    async with a_session() as session:
        await session.settled(session.play(url))
        session.seek(1000)
        assert session.status.position == pytest.approx(3.0, abs=0.1)
        await state(session, Phase.IDLE)


async def test_listeners_are_called_until_they_unsubscribe(server: MediaServer) -> None:
    async with a_session() as session:
        phases: list[Phase] = []
        unsubscribe = session.listeners.add(lambda status: phases.append(status.state))
        session.play("file:///etc/passwd")
        assert phases == [Phase.RESOLVING]
        status = await session.settled(1)
        assert (status.state, status.error and status.error.code) == (Phase.ERROR, "unsupported")
        unsubscribe()
        session.stop()
        assert phases == [Phase.RESOLVING, Phase.ERROR]


async def test_a_new_frame_rate_limit_applies_from_the_next_seek(server: MediaServer) -> None:
    url = server.add("/clip.mp4", Page(clip(), "video/mp4"))
    async with a_session(speed=FAST) as session:
        viewer = Viewer(session)
        await session.settled(session.play(url))
        session.set_max_fps(5)
        session.seek(1.0)
        await state(session, Phase.IDLE)
        limited = [
            picture
            for picture, epoch in zip(viewer.pictures, viewer.epochs, strict=True)
            if epoch == viewer.epochs[-1]
        ]
        assert len(limited) in (10, 11)
