"""Probe of sources, against real servers."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
import socket
import threading
from typing import Literal

import av
import pytest

from custom_components.retrocam.core.errors import (
    CannotConnectError,
    ForbiddenError,
    InvalidAuthError,
    NotFoundError,
    NoVideoError,
    SourceError,
    SourceTimeoutError,
)
from custom_components.retrocam.core.frames import jpeg
from custom_components.retrocam.core.pattern.picture import TestPattern
from custom_components.retrocam.core.sources.audio import audio_name
from custom_components.retrocam.core.sources.probe import ProbeResult, probe
from custom_components.retrocam.stream.url_provider import CARRIED_AUDIO
from tests.rtsp import RtspServer

from ...pattern_reader import read_frame_number
from .http_camera import SECRET, HttpCamera, sound, video
from .rtmp_camera import RtmpCamera


@pytest.fixture
def http_camera(socket_enabled: None) -> Iterator[HttpCamera]:
    camera = HttpCamera()
    yield camera
    camera.close()


def probed(url: str, **options: str) -> ProbeResult:
    return probe(url, options, threading.Event(), open_timeout=60, read_timeout=60)


def refused_as(url: str) -> type[SourceError]:
    """Return the error of a URL, which must not have its password."""
    with pytest.raises(SourceError) as caught:
        probed(url)
    error: BaseException | None = caught.value
    while error is not None:
        assert SECRET not in f"{error} {error!r}"
        assert not isinstance(error, av.FFmpegError) or caught.value.__suppress_context__
        error = error.__cause__
    return caught.type


@pytest.mark.parametrize("b_frames", [0, 2])
def test_rtsp_camera_is_probed(rtsp_server: RtspServer, b_frames: int) -> None:
    mount = rtsp_server.mount("/porch", width=640, height=360, fps=25, b_frames=b_frames)
    result = probed(mount.url, rtsp_transport="tcp")
    assert (result.width, result.height, result.codec) == (640, 360, "h264")
    assert result.container == "rtsp"
    # FFmpeg has no dts for the first packets of RTSP.
    assert result.has_timestamps
    assert jpeg.size(result.jpeg) == (640, 360)
    assert read_frame_number(jpeg.planes(jpeg.decode(result.jpeg))[0]) is not None
    mount.wait_for_watchers(0)


def test_jpeg_is_scaled_to_640_pixels(rtsp_server: RtspServer) -> None:
    mount = rtsp_server.mount("/porch", width=1280, height=720)
    result = probed(mount.url)
    assert (result.width, result.height) == (1280, 720)
    assert jpeg.size(result.jpeg) == (640, 360)


def test_credentials_are_required(rtsp_server: RtspServer) -> None:
    mount = rtsp_server.mount("/porch", username="us er", password="p@ss/w:rd?#%")
    assert probed(mount.url_with("us er", "p@ss/w:rd?#%")).width == 320
    assert refused_as(mount.url_with("us er", SECRET)) is InvalidAuthError
    assert refused_as(mount.url) is InvalidAuthError


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, InvalidAuthError),
        (403, ForbiddenError),
        (404, NotFoundError),
        (400, CannotConnectError),
        (453, CannotConnectError),
        (500, CannotConnectError),
        (503, CannotConnectError),
    ],
)
def test_rtsp_refusals(rtsp_server: RtspServer, status: int, error: type[SourceError]) -> None:
    mount = rtsp_server.mount("/porch")
    mount.refuse(status)
    assert refused_as(mount.url_with("user", SECRET)) is error


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, InvalidAuthError),
        (403, ForbiddenError),
        (404, NotFoundError),
        (400, CannotConnectError),
        (410, CannotConnectError),
        (429, CannotConnectError),
        (500, CannotConnectError),
        (503, CannotConnectError),
    ],
)
def test_http_refusals(http_camera: HttpCamera, status: int, error: type[SourceError]) -> None:
    assert refused_as(http_camera.url("/x", status)) is error


@pytest.mark.parametrize(("container", "has_timestamps"), [("mpegts", True), ("h264", False)])
def test_http_video(http_camera: HttpCamera, container: str, *, has_timestamps: bool) -> None:
    result = probed(http_camera.url("/x", 200, video(container)))
    assert (result.width, result.height, result.codec) == (320, 180, "h264")
    assert result.has_timestamps is has_timestamps
    assert read_frame_number(jpeg.planes(jpeg.decode(result.jpeg))[0]) == 0


@pytest.mark.parametrize(("codec", "name"), [("aac", "AAC"), ("libmp3lame", "MP3")])
def test_audio_codec_is_named(http_camera: HttpCamera, codec: str, name: str) -> None:
    result = probed(http_camera.url("/x", 200, video("mpegts", audio_codec=codec)))
    assert result.audio_codec is not None
    # Home Assistant drops MP3 because FFmpeg's decoder has another name.
    assert (result.audio_codec in CARRIED_AUDIO) == (name == "AAC")
    assert audio_name(result.audio_codec) == name


@pytest.mark.parametrize(("fps", "slow"), [("1/5", True), ("1/2", True), ("2", False)])
def test_slow_source(http_camera: HttpCamera, fps: str, *, slow: bool) -> None:
    body = video("mpegts", frames=6, fps=Fraction(fps))
    assert probed(http_camera.url("/x", 200, body)).slow is slow


def test_http_mjpeg(http_camera: HttpCamera) -> None:
    pattern = TestPattern(320, 180, 25)
    pictures = [jpeg.encode(pattern.render(number, 0.0)) for number in range(10)]
    body = b"".join(
        b"--x\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%b\r\n"
        % (len(picture), picture)
        for picture in pictures
    )
    kind = "multipart/x-mixed-replace; boundary=x"
    result = probed(http_camera.url("/x", 200, body, Content_Type=kind))
    assert (result.width, result.height, result.codec) == (320, 180, "mjpeg")
    assert result.container == "mpjpeg"


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>no camera</html>", bytes(5000), sound()],
    ids=["nothing", "page", "zeros", "sound"],
)
def test_http_without_video(http_camera: HttpCamera, body: bytes) -> None:
    assert refused_as(http_camera.url("/x", 200, body)) is NoVideoError


def test_video_without_a_keyframe(http_camera: HttpCamera) -> None:
    body = video("mpegts", skip_keyframes=True)
    assert refused_as(http_camera.url("/x", 200, body)) is NoVideoError


def test_probe_waits_for_a_keyframe(http_camera: HttpCamera) -> None:
    body = video("mpegts", skip_keyframes=True) + video("mpegts")
    result = probed(http_camera.url("/x", 200, body))
    assert read_frame_number(jpeg.planes(jpeg.decode(result.jpeg))[0]) is not None


def test_closed_port_cannot_connect(socket_enabled: None) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        assert refused_as(f"rtsp://user:{SECRET}@127.0.0.1:{port}/x") is CannotConnectError
        assert refused_as(f"http://user:{SECRET}@127.0.0.1:{port}/x") is CannotConnectError


def test_unknown_host_cannot_connect() -> None:
    assert refused_as(f"rtsp://user:{SECRET}@host.invalid/x") is CannotConnectError


@pytest.mark.parametrize("scheme", ["rtsp", "http", "rtmp"])
def test_silent_server_times_out(socket_enabled: None, scheme: str) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"{scheme}://127.0.0.1:{silent.getsockname()[1]}/x"
        with pytest.raises(SourceTimeoutError):
            probe(url, {}, threading.Event(), open_timeout=0.3, read_timeout=0.3)


def test_hanging_rtsp_server_times_out(rtsp_server: RtspServer) -> None:
    mount = rtsp_server.mount("/porch")
    rtsp_server.hang()
    with pytest.raises(SourceTimeoutError):
        probe(mount.url, {}, threading.Event(), open_timeout=0.5, read_timeout=0.5)


@pytest.fixture
def endless(http_camera: HttpCamera) -> str:
    """URL of a source that sends packets without keyframes for a long time."""
    return http_camera.url("/x", 200, video("mpegts", skip_keyframes=True) * 2000)


def test_stop_event_ends_the_probe(endless: str) -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(SourceTimeoutError):
        probe(endless, {}, stop, open_timeout=60, read_timeout=60)


def test_packets_without_a_frame_time_out(endless: str) -> None:
    with pytest.raises(SourceTimeoutError):
        probe(endless, {}, threading.Event(), open_timeout=60, frame_timeout=0.2)


@pytest.mark.parametrize(
    "entry_format", ["file://{}", "{}", "concat:{}", "subfile,,start,0,end,0,,:{}"]
)
def test_playlist_cannot_open_local_files(
    http_camera: HttpCamera, tmp_path: Path, entry_format: str
) -> None:
    path = tmp_path / "secret.ts"
    path.write_bytes(video("mpegts"))
    entry = entry_format.format(path)
    body = f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:1,\n{entry}\n#EXT-X-ENDLIST\n".encode()
    url = http_camera.url("/x.m3u8", 200, body, Content_Type="application/vnd.apple.mpegurl")
    http_camera.url(str(path), 404)
    assert issubclass(refused_as(url), SourceError)


def test_playlist_of_http_segments_is_opened(http_camera: HttpCamera) -> None:
    http_camera.url("/1.ts", 200, video("mpegts"))
    body = b"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:1,\n1.ts\n#EXT-X-ENDLIST\n"
    result = probed(http_camera.url("/x.m3u8", 200, body))
    assert (result.container, result.width) == ("hls", 320)
    assert "/1.ts" in http_camera.asked


def test_redirect_cannot_open_a_local_file(http_camera: HttpCamera, tmp_path: Path) -> None:
    path = tmp_path / "secret.ts"
    path.write_bytes(video("mpegts"))
    url = http_camera.url("/x", 302, Location=f"file://{path}")
    assert issubclass(refused_as(url), SourceError)


def test_local_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "secret.ts"
    path.write_bytes(video("mpegts"))
    for url in (f"file://{path}", str(path)):
        assert issubclass(refused_as(url), SourceError)


def test_options_cannot_extend_the_protocol_whitelist(tmp_path: Path) -> None:
    path = tmp_path / "secret.ts"
    path.write_bytes(video("mpegts"))
    with pytest.raises(SourceError):
        probed(str(path), protocol_whitelist="file")


@pytest.mark.parametrize("transport", ["tcp", "udp"])
@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_rtsp_transports_and_codecs(
    rtsp_server: RtspServer, transport: str, codec: Literal["h264", "h265"]
) -> None:
    mount = rtsp_server.mount("/porch", codec=codec, audio=True)
    result = probed(mount.url, rtsp_transport=transport)
    assert (result.codec, result.audio_codec) == ("hevc" if codec == "h265" else codec, "aac")
    assert result.container == "rtsp"
    assert result.has_timestamps
    assert read_frame_number(jpeg.planes(jpeg.decode(result.jpeg))[0]) is not None


def test_rtmp(socket_enabled: None) -> None:
    camera = RtmpCamera()
    try:
        result = probed(camera.url)
    finally:
        camera.close()
    assert (result.width, result.codec, result.container) == (320, "h264", "flv")
    assert result.has_timestamps
    assert read_frame_number(jpeg.planes(jpeg.decode(result.jpeg))[0]) == 0
