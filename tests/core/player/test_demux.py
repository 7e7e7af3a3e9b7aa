"""Open inputs: streams, positions, and the limits set to FFmpeg."""

from itertools import chain
from pathlib import Path
import time

import pytest

from custom_components.retrocam.core.errors import (
    MediaRefusedError,
    PlayNetworkError,
    UnsupportedMediaError,
)
from custom_components.retrocam.core.player.common_start import CommonStart
from custom_components.retrocam.core.player.demux import Source
from custom_components.retrocam.core.player.net.addresses import Network, is_any
from custom_components.retrocam.core.player.net.streams import MediaInput

from .clips import clip, ffmpeg, hls
from .server import MediaServer, Page, Request


def open_source(
    url: str, network: Network, *, start: float = 0.0, is_playlist: bool = False
) -> Source:
    return Source(MediaInput(url, is_playlist=is_playlist), network, CommonStart(), start=start)


def positions(source: Source) -> tuple[list[float], list[float]]:
    """Read all; return the positions of video and of audio packets."""
    video: list[float] = []
    audio: list[float] = []
    for section, packet, position in source.packets():
        (video if packet.stream is section.video else audio).append(position)
    source.close()
    source.section.container.close()
    return video, audio


def serve_hls(server: MediaServer, directory: Path, data: bytes, *arguments: str) -> str:
    for name, file in hls(directory, data, *arguments).items():
        server.add(f"/{name}", Page(file))
    return server.root + "/index.m3u8"


@pytest.mark.parametrize("kind", ["mp4", "matroska", "mpegts", "flv"])
@pytest.mark.parametrize("ranges", [True, False])
def test_a_clip_is_read_from_its_beginning(
    server: MediaServer, network: Network, kind: str, ranges: bool
) -> None:
    source = open_source(server.add("/a", Page(clip(kind=kind), ranges=ranges)), network)
    assert not source.is_live
    video, audio = positions(source)
    assert len(video) == 75
    assert min(video) == pytest.approx(0, abs=0.05)
    assert max(video) == pytest.approx(2.96, abs=0.05)
    assert min(audio) == pytest.approx(0, abs=0.08)


@pytest.mark.parametrize("kind", ["mp4", "matroska", "mpegts"])
def test_a_clip_is_read_from_the_keyframe_before_a_position(
    server: MediaServer, network: Network, kind: str
) -> None:
    video, _ = positions(open_source(server.add("/a", Page(clip(kind=kind))), network, start=2.5))
    # MPEG-TS has no index: reading starts early enough for a keyframe.
    assert min(video) == pytest.approx(0.0 if kind == "mpegts" else 2.0, abs=0.1)


def test_durations_are_known(server: MediaServer, network: Network, tmp_path: Path) -> None:
    for url, is_playlist in (
        (server.add("/a", Page(clip())), False),
        (serve_hls(server, tmp_path, clip()), True),
    ):
        source = open_source(url, network, is_playlist=is_playlist)
        assert source.duration == pytest.approx(3.0, abs=0.1)
        positions(source)


@pytest.mark.parametrize("kind", ["mpegts", "fmp4"])
def test_hls_is_read_like_a_file(
    server: MediaServer, network: Network, tmp_path: Path, kind: str
) -> None:
    url = serve_hls(server, tmp_path, clip(), "-hls_segment_type", kind)
    video, audio = positions(open_source(url, network, is_playlist=True))
    assert len(video) == 75
    assert min(video) == pytest.approx(0, abs=0.001)
    assert abs(min(audio)) < 0.1
    video, _ = positions(open_source(url, network, start=1.5, is_playlist=True))
    assert min(video) == pytest.approx(1.0, abs=0.05)


def test_positions_continue_after_a_discontinuity(server: MediaServer, network: Network) -> None:
    server.add("/0", Page(clip(1.0, kind="mpegts")))
    server.add("/1", Page(clip(1.0, kind="mpegts", audio="mp2", fps=50, gop=50)))
    text = "#EXTM3U\n#EXTINF:1,\n0\n#EXT-X-DISCONTINUITY\n#EXTINF:1,\n1\n#EXT-X-ENDLIST\n"
    source = open_source(server.add("/list", Page(text.encode())), network, is_playlist=True)
    first = source.section
    assert len({section for section, _, _ in source.packets()}) == 2
    source = open_source(server.root + "/list", network, is_playlist=True)
    video, _ = positions(source)
    assert source.section is not first
    assert len(video) == 75
    assert min(video[25:]) == pytest.approx(1.0, abs=0.03)


def test_separate_video_and_audio_stay_in_sync(
    server: MediaServer, network: Network, tmp_path: Path
) -> None:
    """As in HLS with two playlists: MPEG-TS starts at 1.4 s, its audio a little earlier."""
    common_start = CommonStart()
    begins = []
    for name in ("v", "a"):
        files = hls(tmp_path / name, clip(), "-map", f"0:{name}", "-output_ts_offset", "5")
        for file, content in files.items():
            server.add(f"/{name}/{file}", Page(content))
        media = MediaInput(server.root + f"/{name}/index.m3u8", is_playlist=True)
        source = Source(media, network, common_start, audio=name == "a", video=name == "v")
        begins.append(min(chain(*positions(source))))
    together, audio = positions(
        open_source(server.add("/a.mkv", Page(clip(kind="matroska"))), network)
    )
    assert begins[1] - begins[0] == pytest.approx(min(audio) - min(together), abs=0.005)


def test_positions_of_a_live_stream_bridge_timestamp_jumps(
    server: MediaServer, network: Network
) -> None:
    one, two = clip(1.0, kind="mpegts"), clip(1.0, kind="mpegts")
    two = ffmpeg(two, "mpegts", "-c", "copy", "-output_ts_offset", "5000")

    def stream(request: Request) -> None:
        request.send_response(200)
        request.end_headers()
        request.wfile.write(one + two)
        request.close_connection = True

    source = open_source(server.add("/a", stream), network)
    assert source.duration is None
    video, _ = positions(source)
    assert len(video) > 45
    assert max(video) < 3


HOSTILE = {
    "concat": b"ffconcat version 1.0\nfile '/etc/passwd'\nfile 'file:///etc/passwd'\n",
    "playlist": b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
    "sdp": b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=a\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n",
    "dash": b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period><AdaptationSet>'
    b'<Representation id="0"><BaseURL>file:///etc/passwd</BaseURL></Representation></AdaptationSet>'
    b"</Period></MPD>",
    "text": b"only words\n" * 1000,
    "nothing": b"",
    "truncated": clip(1.0)[:1000],
}


@pytest.mark.parametrize("name", HOSTILE)
def test_files_that_refer_to_others_are_refused(
    server: MediaServer, network: Network, name: str
) -> None:
    with pytest.raises(UnsupportedMediaError):
        open_source(server.add("/a", Page(HOSTILE[name])), network)


@pytest.mark.parametrize("name", HOSTILE)
def test_segments_that_refer_to_files_are_refused(
    server: MediaServer, network: Network, name: str
) -> None:
    server.add("/a", Page(HOSTILE[name]))
    text = b"#EXTM3U\n#EXTINF:1,\na\n#EXT-X-ENDLIST\n"
    with pytest.raises(UnsupportedMediaError):
        open_source(server.add("/list", Page(text)), network, is_playlist=True)


def test_a_container_without_the_requested_stream_is_refused(
    server: MediaServer, network: Network
) -> None:
    url = server.add("/a", Page(clip(1.0, video=None)))
    with pytest.raises(UnsupportedMediaError):
        Source(MediaInput(url), network, CommonStart(), audio=False)


def test_cover_art_is_not_video(server: MediaServer, network: Network, tmp_path: Path) -> None:
    cover = tmp_path / "cover.png"
    cover.write_bytes(ffmpeg(clip(1.0), "image2pipe", "-frames:v", "1", "-c:v", "png"))
    song = ffmpeg(clip(1.0), "mp3", "-i", str(cover), "-map", "0:a", "-map", "1:v", "-c:v", "copy")
    source = open_source(server.add("/a", Page(song)), network)
    assert source.section.video is None
    assert source.section.audio is not None
    positions(source)


def test_a_refusal_while_reading_raises(server: MediaServer, network: Network) -> None:
    data = clip(kind="matroska")
    url = server.add("/a", Page(data, cut_after=len(data) // 2))
    source = open_source(url, network)
    server.add("/a", Page(status=410))
    with pytest.raises(MediaRefusedError):
        positions(source)
    source.section.container.close()


def test_a_truncated_download_raises(server: MediaServer, network: Network) -> None:
    data = clip(kind="matroska")
    url = server.add("/a", Page(data, cut_after=len(data) // 2))
    source = open_source(url, network)

    def fail(request: Request) -> None:
        network.close()
        request.answer(Page(status=500))

    server.add("/a", fail)
    with pytest.raises(PlayNetworkError):
        positions(source)
    source.section.container.close()


def test_opening_waits_for_not_before(server: MediaServer) -> None:
    class WaitLog(Network):
        waited = 0.0

        def wait(self, seconds: float) -> bool:
            self.waited += seconds
            return False

    network = WaitLog(is_any)
    media = MediaInput(server.add("/a", Page(clip(1.0))), not_before=time.time() + 14)
    positions(Source(media, network, CommonStart()))
    # Less what the machine takes from here to there.
    assert 4 < network.waited < 15
