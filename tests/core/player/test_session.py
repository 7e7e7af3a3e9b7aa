"""Sessions: real clips over HTTP, through the real resolver, onto a screen."""

import asyncio
from collections.abc import Callable
from pathlib import Path
import threading
import time

import numpy as np
import pytest

from custom_components.retrocam.core.player.audio import AudioGoneError
from custom_components.retrocam.core.player.machine import Phase
from custom_components.retrocam.core.player.resolver import Resolver
from custom_components.retrocam.core.player.session import Session
from custom_components.retrocam.core.player.status import Status
from custom_components.retrocam.core.test_pattern import flash_visible, read_frame_number

from .clips import clip, hls
from .server import MediaServer, Page, Request
from .test_adts import decoded, onsets
from .watching import PATIENCE, Viewer, a_session, luma, number, state

FAST = 8.0
"""How much faster than life clips play where their pace is not the question."""


async def sound_from(session: Session, start_us: int) -> bytes:
    """Listen until the end."""
    ring = session.audio(session.status.session, session.status.epoch)
    return b"".join([data async for data in ring.listen(start_us)])


async def test_a_clip_plays_from_first_to_last_picture(server: MediaServer) -> None:
    url = server.add("/My%20clip.mp4", Page(clip(), "video/mp4"))
    states: list[Phase] = []
    async with a_session(speed=FAST) as session:
        session.subscribe(lambda status: states.append(status.state))
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
        assert (done.error, done.has_audio, session.screen.latest) == (None, False, None)
    assert list(dict.fromkeys(states)) == [
        Phase.RESOLVING,
        Phase.BUFFERING,
        Phase.PLAYING,
        Phase.IDLE,
    ]


async def test_pictures_come_at_their_time(server: MediaServer) -> None:
    """Each no later than its time on the clock that the status tells, and little before."""
    url = server.add("/clip.mp4", Page(clip(), "video/mp4"))
    early: list[float] = []
    async with a_session() as session:
        session.screen.subscribe(
            lambda picture: early.append(picture.position - session.status.position)
        )
        await session.settled(session.play(url))
        await state(session, Phase.IDLE)
    assert len(early) == 75
    assert max(early[5:]) < 0.25
    assert np.median(early) > 0.1


async def test_flash_and_beep_are_together_from_wherever_one_joins(server: MediaServer) -> None:
    for made in (clip(), clip(kind="matroska", audio="libopus"), clip(kind="mpegts")):
        url = server.add("/clip", Page(made, "video/mp4"))
        async with a_session(speed=FAST) as session:
            viewer = Viewer(session)
            await session.settled(session.play(url))
            joins = [0, 123_456, 500_000, 1_010_000, 1_777_777]
            sounds = await asyncio.gather(*(sound_from(session, start) for start in joins))
            await state(session, Phase.IDLE)
        flashes = [
            after.position
            for before, after in zip([None, *viewer.pictures], viewer.pictures, strict=False)
            if flash_visible(luma(after)) and (before is None or not flash_visible(luma(before)))
        ]
        assert len(flashes) == 3
        for start, sound in zip(joins, sounds, strict=True):
            samples, rate, _ = decoded(sound)
            heard = [start / 1e6 + at for at in onsets(samples, rate)]
            assert heard[-1] == pytest.approx(flashes[-1], abs=0.04)
            assert len(heard) >= 2 - (start > 1_200_000)


async def test_pausing_stands_still_and_resuming_loses_nothing(server: MediaServer) -> None:
    url = server.add("/clip.mp4", Page(clip(), "video/mp4"))
    async with a_session(speed=4) as session:
        viewer = Viewer(session)
        await session.settled(session.play(url))
        await viewer.until(lambda: len(viewer.pictures) > 20)
        session.pause()
        assert session.status.state is Phase.PAUSED
        position = session.status.position
        seen = len(viewer.pictures)
        latest = session.screen.latest
        assert session.status.position == position
        session.resume()
        await state(session, Phase.IDLE)
        assert viewer.numbers == list(range(75))
        assert latest is not None
        assert abs(seen - position * 25) < 25


async def test_a_paused_start_shows_one_picture(server: MediaServer) -> None:
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
async def test_seeking_goes_on_exactly_there(
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
        sought = await state(session, Phase.PAUSED)
        assert sought.position == pytest.approx(1.52)
        assert session.screen.latest is not None
        assert number(session.screen.latest) in (37, 38, 39)
        seen = len(viewer.pictures)
        session.resume()
        await state(session, Phase.IDLE)
        assert viewer.numbers[seen - 1 :] == list(range(viewer.numbers[seen - 1] or 0, 75))
        assert viewer.epochs[0] != viewer.epochs[-1]


async def test_a_loop_begins_again(server: MediaServer) -> None:
    url = server.add("/clip.mp4", Page(clip(1.0), "video/mp4"))
    async with a_session(speed=FAST, loop_media=True) as session:
        viewer = Viewer(session)
        await session.settled(session.play(url))
        await viewer.until(lambda: len(viewer.numbers) >= 75)
        assert viewer.numbers[:75] == list(range(25)) * 3
        assert len(set(viewer.epochs[:75])) == 3


async def test_stop_ends_it_in_every_phase(server: MediaServer) -> None:
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
            assert session.screen.latest is None
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
        async with asyncio.timeout(PATIENCE):
            while len(own_threads()) > 2:
                await asyncio.to_thread(own_threads)
        assert set(own_threads()) <= {"retrocam play", "retrocam read 0"}
        assert len(set(viewer.epochs[-10:])) == 1
    assert own_threads() == []


def own_threads() -> list[str]:
    return [each.name for each in threading.enumerate() if each.name.startswith("retrocam")]


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

    session = Session(Resolver(allow_private=True))
    session.play(server.add("/clip.mp4", stall))
    await asyncio.to_thread(server.hanging.acquire)
    assert await session.close(3)
    assert own_threads() == []
    session.play(server.root + "/clip.mp4")
    assert session.status.state is Phase.IDLE


async def failure(session: Session, media: str) -> Status:
    status = await session.settled(session.play(media))
    if status.state is Phase.PLAYING:
        status = await state(session, Phase.ERROR)
    return status


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
    async with a_session(Resolver()) as session:
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


CLIPS: dict[str, tuple[Callable[[], bytes], int]] = {
    "no sound": (lambda: clip(1.0, audio=None), 25),
    "sound that ends early": (lambda: clip(2.0, sound_seconds=1.0), 50),
    "sound that goes on": (lambda: clip(1.0, sound_seconds=1.0), 25),
    "10 bit": (lambda: clip(1.0, pixels="yuv420p10le"), 25),
    "4:4:4": (lambda: clip(1.0, pixels="yuv444p"), 25),
    "5.1": (lambda: clip(1.0, kind="matroska", audio="ac3", layout="5.1"), 25),
    "uneven rate": (lambda: clip(1.0, wobble=True), 25),
    "MJPEG": (lambda: clip(1.0, kind="matroska", video="mjpeg", pixels="yuvj420p"), 25),
    "VP9": (lambda: clip(1.0, kind="webm", video="libvpx", audio="libopus"), 25),
}


@pytest.mark.parametrize("name", CLIPS)
async def test_odd_clips_play_whole(server: MediaServer, name: str) -> None:
    make, count = CLIPS[name]
    url = server.add("/clip.mkv", Page(make(), "video/x-matroska"))
    async with a_session(speed=FAST) as session:
        viewer = Viewer(session)
        await session.settled(session.play(url))
        await state(session, Phase.IDLE)
        assert viewer.numbers == list(range(count))
        assert {picture.frame.format.name for picture in viewer.pictures} <= {"yuv420p", "yuvj420p"}


async def test_sound_alone_plays_to_its_end(server: MediaServer) -> None:
    url = server.add("/song.m4a", Page(clip(2.0, video=None), "audio/mp4"))
    async with a_session(speed=FAST) as session:
        status = await session.settled(session.play(url))
        assert status.has_audio
        samples, rate, _ = decoded(await sound_from(session, 0))
        assert onsets(samples, rate) == pytest.approx([0, 1], abs=0.03)
        await state(session, Phase.IDLE)


async def test_there_is_no_sound_of_another_epoch(server: MediaServer) -> None:
    url = server.add("/clip.mp4", Page(clip(audio=None), "video/mp4"))
    async with a_session() as session:
        with pytest.raises(AudioGoneError):
            session.audio(0, 0)
        status = await session.settled(session.play(url))
        assert await sound_from(session, 0) == b""
        with pytest.raises(AudioGoneError):
            session.audio(status.session, status.epoch + 1)


@pytest.mark.parametrize("degrees", [90, 180, 270])
async def test_turned_pictures_are_put_upright(server: MediaServer, degrees: int) -> None:
    url = server.add("/clip.mp4", Page(clip(1.0, turned=degrees), "video/mp4"))
    async with a_session(speed=FAST) as session:
        viewer = Viewer(session)
        await session.settled(session.play(url))
        await state(session, Phase.IDLE)
        shown = luma(viewer.pictures[0])
        assert shown.shape == ((180, 320) if degrees == 180 else (320, 180))
        # A display matrix of so many degrees turns the picture counter-clockwise: turning the shown
        # one back makes the numbers readable again.
        back = np.ascontiguousarray(np.rot90(shown, -degrees // 90))
        assert read_frame_number(back) == 0


@pytest.mark.parametrize(("fps", "limit", "count"), [(50, 25, 50), (25, 10, 20), (60, 24, 48)])
async def test_there_are_no_more_pictures_than_wanted(
    server: MediaServer, fps: int, limit: int, count: int
) -> None:
    url = server.add("/clip.mp4", Page(clip(2.0, fps=fps), "video/mp4"))
    async with a_session(speed=4, limit=limit) as session:
        viewer = Viewer(session)
        await session.settled(session.play(url))
        await state(session, Phase.IDLE)
        assert abs(len(viewer.pictures) - count) <= 2
        steps = np.diff([picture.position for picture in viewer.pictures])
        assert max(steps) < 2 / limit
        assert None not in viewer.numbers


async def test_who_comes_late_sees_what_plays_now(server: MediaServer) -> None:
    """Nothing is decoded while nobody looks, and nothing is missing afterwards."""
    url = server.add("/clip.mp4", Page(clip(gop=50), "video/mp4"))
    async with a_session(speed=2) as session:
        await session.settled(session.play(url))
        async with asyncio.timeout(PATIENCE):
            while session.status.position < 1.2:
                await asyncio.to_thread(own_threads)
        assert session.screen.latest is not None
        assert number(session.screen.latest) == 0
        viewer = Viewer(session)
        await state(session, Phase.IDLE)
        first = viewer.numbers[0] or 0
        assert 28 < first < 45
        assert viewer.numbers == list(range(first, 75))


async def test_who_looks_at_a_paused_player_sees_where_it_is(server: MediaServer) -> None:
    url = server.add("/clip.mp4", Page(clip(gop=50), "video/mp4"))
    async with a_session(speed=2) as session:
        await session.settled(session.play(url))
        async with asyncio.timeout(PATIENCE):
            while session.status.position < 1.2:
                await asyncio.to_thread(own_threads)
        session.pause()
        viewer = Viewer(session)
        await viewer.until(lambda: len(viewer.pictures) > 0)
        assert viewer.pictures[0].position == pytest.approx(session.status.position, abs=0.25)


async def test_picture_and_sound_from_two_urls_play_together(
    server: MediaServer, tmp_path: Path
) -> None:
    """As YouTube and most HLS sites give them."""
    for name in ("v", "a"):
        made = hls(tmp_path / name, clip(), "-map", f"0:{name}", "-output_ts_offset", "5")
        for file, data in made.items():
            server.add(f"/{name}/{file}", Page(data, "video/mp2t"))
    master = (
        "#EXTM3U\n"
        '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="en",DEFAULT=YES,URI="a/index.m3u8"\n'
        '#EXT-X-STREAM-INF:BANDWIDTH=1,RESOLUTION=320x180,CODECS="avc1.42c01e,mp4a.40.2",AUDIO="a"\n'
        "v/index.m3u8\n"
    )
    url = server.add("/master.m3u8", Page(master.encode(), "application/vnd.apple.mpegurl"))
    async with a_session(speed=FAST) as session:
        viewer = Viewer(session)
        await session.settled(session.play(url))
        sound = await sound_from(session, 500_000)
        await state(session, Phase.IDLE)
    assert viewer.numbers == list(range(75))
    samples, rate, _ = decoded(sound)
    assert [0.5 + at for at in onsets(samples, rate)] == pytest.approx([1, 2], abs=0.04)


async def test_a_discontinuity_is_played_through(server: MediaServer) -> None:
    server.add("/0", Page(clip(1.0, kind="mpegts"), "video/mp2t"))
    server.add("/1", Page(clip(1.0, kind="mpegts", audio="mp2"), "video/mp2t"))
    text = "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n0\n"
    text += "#EXT-X-DISCONTINUITY\n#EXTINF:1,\n1\n#EXT-X-ENDLIST\n"
    url = server.add("/list.m3u8", Page(text.encode(), "application/vnd.apple.mpegurl"))
    async with a_session(speed=FAST) as session:
        viewer = Viewer(session)
        await session.settled(session.play(url))
        # The format changes: a listener hears the end, and asks again.
        sounds = [await sound_from(session, start) for start in (0, 1_000_000)]
        await state(session, Phase.IDLE)
    assert viewer.numbers == [*range(25), *range(25)]
    assert np.diff([picture.position for picture in viewer.pictures]).min() > 0
    for sound in sounds:
        samples, rate, _ = decoded(sound)
        assert onsets(samples, rate) == pytest.approx([0], abs=0.06)


async def test_a_live_stream_plays_and_cannot_be_sought(
    server: MediaServer, tmp_path: Path
) -> None:
    files = hls(tmp_path, clip(6.0))
    for name, data in files.items():
        server.add(f"/{name}", Page(data, "video/mp2t"))
    live = files["index.m3u8"].replace(b"#EXT-X-ENDLIST\n", b"")
    url = server.add("/live.m3u8", Page(live, "application/vnd.apple.mpegurl"))
    async with a_session(speed=FAST) as session:
        viewer = Viewer(session)
        status = await session.settled(session.play(url))
        assert (status.is_live, status.can_seek, status.duration) == (True, False, None)
        session.seek(1.0)
        assert session.status.epoch == status.epoch
        # FFmpeg holds the last ones back until it knows that they are whole.
        await viewer.until(lambda: 147 in viewer.numbers)
        assert viewer.numbers[:73] == list(range(75, 148))
        await state(session, Phase.BUFFERING)


async def test_seeking_beyond_the_end_ends_it(server: MediaServer) -> None:
    url = server.add("/clip.mp4", Page(clip(), "video/mp4"))
    async with a_session() as session:
        await session.settled(session.play(url))
        session.seek(1000)
        assert session.status.position == pytest.approx(3.0, abs=0.1)
        await state(session, Phase.IDLE)


async def test_broken_pictures_are_left_out(server: MediaServer) -> None:
    data = bytearray(clip(3.0, kind="mpegts", gop=5))
    for at in range(len(data) // 3, len(data) // 3 + 20 * 188, 188):
        data[at + 20 : at + 180] = bytes(160)
    url = server.add("/clip.ts", Page(bytes(data), "video/mp2t"))
    async with a_session(speed=FAST) as session:
        viewer = Viewer(session)
        await session.settled(session.play(url))
        await state(session, Phase.IDLE)
        assert viewer.numbers[0] == 0
        assert viewer.numbers[-1] == 74


async def test_listeners_are_told_until_they_leave(server: MediaServer) -> None:
    async with a_session() as session:
        told: list[Phase] = []
        leave = session.subscribe(lambda status: told.append(status.state))
        session.play("file:///etc/passwd")
        assert told == [Phase.RESOLVING]
        status = await session.settled(1)
        assert (status.state, status.error and status.error.code) == (Phase.ERROR, "unsupported")
        leave()
        session.stop()
        assert told == [Phase.RESOLVING, Phase.ERROR]


async def test_a_limit_holds_from_the_next_seek_on(server: MediaServer) -> None:
    url = server.add("/clip.mp4", Page(clip(), "video/mp4"))
    async with a_session(speed=FAST) as session:
        viewer = Viewer(session)
        await session.settled(session.play(url))
        session.set_limit(5)
        session.seek(1.0)
        await state(session, Phase.IDLE)
        slow = [
            picture
            for picture, epoch in zip(viewer.pictures, viewer.epochs, strict=True)
            if epoch == viewer.epochs[-1]
        ]
        assert len(slow) in (10, 11)


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
        session = Session(Resolver(allow_private=True))
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
    asked, answer = threading.Event(), threading.Event()
    found: list[str] = []

    def lookup(_host: str, _port: int) -> list[str]:
        if found:
            asked.set()
            answer.wait(PATIENCE)
        found.append("once")
        return ["127.0.0.1"]

    session = Session(Resolver(allow_private=True, lookup=lookup))
    session.play(url)
    await asyncio.to_thread(asked.wait, PATIENCE)
    assert not await session.close(0.05)
    assert "players have not ended yet" in caplog.text
    answer.set()
    assert await session.close()
