"""Sessions: playback of many formats."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from custom_components.retrocam.core.player.audio import AudioGoneError
from custom_components.retrocam.core.player.machine import Phase

from ...pattern_reader import flash_visible, read_frame_number
from ..frames.bombs import film_of, jpeg_of
from ..hearing import decoded, onsets
from .clips import clip, hls, plain
from .server import MediaServer, Page
from .watching import FAST, Viewer, a_session, audio_from, failure, luma, state


async def test_video_with_too_many_pixels_is_refused(server: MediaServer) -> None:
    url = server.add("/large.mkv", Page(plain("matroska", 8256, 4376, 1), "video/x-matroska"))
    async with a_session() as session:
        viewer = Viewer(session)
        status = await failure(session, url)
        assert status.error is not None
        assert (status.error.code, viewer.pictures) == ("unsupported", [])


async def test_frames_with_too_many_pixels_are_dropped(
    server: MediaServer, caplog: pytest.LogCaptureFixture
) -> None:
    data = plain("h264", 320, 180, 25) + plain("h264", 8256, 4376, 1) + plain("h264", 320, 180, 25)
    async with a_session(speed=FAST) as session:
        viewer = Viewer(session)
        status = await session.settled(
            session.play(server.add("/a.h264", Page(data, "video/h264")))
        )
        assert status.state is Phase.PLAYING
        await state(session, Phase.IDLE)
    assert {(item.frame.width, item.frame.height) for item in viewer.pictures} == {(320, 180)}
    assert max(item.position for item in viewer.pictures) > 26 / 25
    assert "ended with an error" not in caplog.text


async def test_a_jpeg_with_too_many_scans_is_dropped(server: MediaServer) -> None:
    pictures = [jpeg_of(), jpeg_of(scans=300), jpeg_of(scans=64), jpeg_of()]
    url = server.add("/a.mkv", Page(film_of(pictures, (64, 64)), "video/x-matroska"))
    async with a_session(speed=FAST) as session:
        viewer = Viewer(session)
        await session.settled(session.play(url))
        await state(session, Phase.IDLE)
    assert [round(item.position) for item in viewer.pictures] == [0, 2, 3]


async def test_flash_and_beep_are_in_sync_from_any_position(server: MediaServer) -> None:
    for data in (clip(), clip(kind="matroska", audio="libopus"), clip(kind="mpegts")):
        url = server.add("/clip", Page(data, "video/mp4"))
        async with a_session(speed=FAST) as session:
            viewer = Viewer(session)
            await session.settled(session.play(url))
            joins = [0, 123_456, 500_000, 1_010_000, 1_777_777]
            sounds = await asyncio.gather(*(audio_from(session, start) for start in joins))
            await state(session, Phase.IDLE)
        flashes = [
            after.position
            for before, after in zip([None, *viewer.pictures], viewer.pictures, strict=False)
            if flash_visible(luma(after)) and (before is None or not flash_visible(luma(before)))
        ]
        assert len(flashes) == 3
        for start, sound in zip(joins, sounds, strict=True):
            samples, rate, _ = decoded(sound)
            beeps = [start / 1e6 + at for at in onsets(samples, rate)]
            assert beeps[-1] == pytest.approx(flashes[-1], abs=0.04)
            assert len(beeps) >= 2 - (start > 1_200_000)


CLIPS: dict[str, tuple[Callable[[], bytes], int]] = {
    "no audio": (lambda: clip(1.0, audio=None), 25),
    "short audio": (lambda: clip(2.0, audio_seconds=1.0), 50),
    "long audio": (lambda: clip(1.0, audio_seconds=1.0), 25),
    "10 bit": (lambda: clip(1.0, pixels="yuv420p10le"), 25),
    "4:4:4": (lambda: clip(1.0, pixels="yuv444p"), 25),
    "5.1": (lambda: clip(1.0, kind="matroska", audio="ac3", layout="5.1"), 25),
    "jitter": (lambda: clip(1.0, jitter=True), 25),
    "MJPEG": (lambda: clip(1.0, kind="matroska", video="mjpeg", pixels="yuvj420p"), 25),
    "VP9": (lambda: clip(1.0, kind="webm", video="libvpx", audio="libopus"), 25),
}


@pytest.mark.parametrize("name", CLIPS)
async def test_unusual_clips_play_completely(server: MediaServer, name: str) -> None:
    make, count = CLIPS[name]
    url = server.add("/clip.mkv", Page(make(), "video/x-matroska"))
    async with a_session(speed=FAST) as session:
        viewer = Viewer(session)
        await session.settled(session.play(url))
        await state(session, Phase.IDLE)
        assert viewer.numbers == list(range(count))
        assert {picture.frame.format.name for picture in viewer.pictures} <= {"yuv420p", "yuvj420p"}


async def test_audio_without_video_plays_to_its_end(server: MediaServer) -> None:
    url = server.add("/song.m4a", Page(clip(2.0, video=None), "audio/mp4"))
    async with a_session(speed=FAST) as session:
        status = await session.settled(session.play(url))
        assert status.has_audio
        samples, rate, _ = decoded(await audio_from(session, 0))
        assert onsets(samples, rate) == pytest.approx([0, 1], abs=0.03)
        await state(session, Phase.IDLE)


async def test_audio_of_another_epoch_raises(server: MediaServer) -> None:
    url = server.add("/clip.mp4", Page(clip(audio=None), "video/mp4"))
    async with a_session() as session:
        with pytest.raises(AudioGoneError):
            session.audio(0, 0)
        status = await session.settled(session.play(url))
        assert await audio_from(session, 0) == b""
        with pytest.raises(AudioGoneError):
            session.audio(status.session, status.epoch + 1)


@pytest.mark.parametrize("degrees", [90, 180, 270])
async def test_rotated_video_is_shown_upright(server: MediaServer, degrees: int) -> None:
    url = server.add("/clip.mp4", Page(clip(1.0, rotation=degrees), "video/mp4"))
    async with a_session(speed=FAST) as session:
        viewer = Viewer(session)
        await session.settled(session.play(url))
        await state(session, Phase.IDLE)
        pixels = luma(viewer.pictures[0])
        assert pixels.shape == ((180, 320) if degrees == 180 else (320, 180))
        # The display matrix rotates counter-clockwise: rotated back, the numbers are readable.
        back = np.ascontiguousarray(np.rot90(pixels, -degrees // 90))
        assert read_frame_number(back) == 0


async def test_video_and_audio_of_two_urls_play_in_sync(
    server: MediaServer, tmp_path: Path
) -> None:
    """As of YouTube and most HLS sites."""
    for name in ("v", "a"):
        files = hls(tmp_path / name, clip(), "-map", f"0:{name}", "-output_ts_offset", "5")
        for file, data in files.items():
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
        sound = await audio_from(session, 500_000)
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
        # The format changes: a listener reaches the end, and starts again.
        sounds = [await audio_from(session, start) for start in (0, 1_000_000)]
        await state(session, Phase.IDLE)
    assert viewer.numbers == [*range(25), *range(25)]
    assert np.diff([picture.position for picture in viewer.pictures]).min() > 0
    for sound in sounds:
        samples, rate, _ = decoded(sound)
        assert onsets(samples, rate) == pytest.approx([0], abs=0.06)


async def test_a_live_stream_plays_without_seeking(server: MediaServer, tmp_path: Path) -> None:
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
        # FFmpeg keeps back the last ones until they are complete.
        await viewer.until(lambda: 147 in viewer.numbers)
        assert viewer.numbers[:73] == list(range(75, 148))
        await state(session, Phase.BUFFERING)


async def test_broken_frames_are_dropped(server: MediaServer) -> None:
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
