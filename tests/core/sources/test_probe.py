"""Opening a source once, against real servers: what it is told to be, and why it cannot be used."""

from collections.abc import Iterator
from pathlib import Path
import socket
import threading

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
from custom_components.retrocam.core.pattern.picture import TestPattern, read_frame_number
from custom_components.retrocam.core.sources.probe import ProbeResult, probe
from tests.rtsp import RtspServer

from .http_camera import SECRET, HttpCamera, sound, video


@pytest.fixture
def http_camera(socket_enabled: None) -> Iterator[HttpCamera]:
    camera = HttpCamera()
    yield camera
    camera.close()


def opened(url: str, **options: str) -> ProbeResult:
    return probe(url, options, threading.Event(), open_timeout=5, read_timeout=5)


def refused_as(url: str) -> type[SourceError]:
    """Return how a URL is refused; whatever is said must not hold its password."""
    with pytest.raises(SourceError) as caught:
        opened(url)
    error: BaseException | None = caught.value
    while error is not None:
        assert SECRET not in f"{error} {error!r}"
        assert not isinstance(error, av.FFmpegError) or caught.value.__suppress_context__
        error = error.__cause__
    return caught.type


@pytest.mark.parametrize("b_frames", [0, 2])
def test_an_rtsp_camera_is_what_it_is(rtsp_server: RtspServer, b_frames: int) -> None:
    mount = rtsp_server.mount("/porch", width=640, height=360, fps=25, b_frames=b_frames)
    found = opened(mount.url, rtsp_transport="tcp")
    assert (found.width, found.height, found.codec) == (640, 360, "h264")
    assert found.container == "rtsp"
    # FFmpeg has none for the first packets of RTSP, which must not be taken for a camera without.
    assert found.has_timestamps
    assert jpeg.size(found.jpeg) == (640, 360)
    assert read_frame_number(jpeg.planes(jpeg.decode(found.jpeg))[0]) is not None
    mount.wait_for_watchers(0)


def test_the_picture_is_small_enough_to_be_shown(rtsp_server: RtspServer) -> None:
    mount = rtsp_server.mount("/porch", width=1280, height=720)
    found = opened(mount.url)
    assert (found.width, found.height) == (1280, 720)
    assert jpeg.size(found.jpeg) == (640, 360)


def test_credentials_open_the_camera(rtsp_server: RtspServer) -> None:
    mount = rtsp_server.mount("/porch", username="us er", password="p@ss/w:rd?#%")
    assert opened(mount.url_with("us er", "p@ss/w:rd?#%")).width == 320
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
    found = opened(http_camera.url("/x", 200, video(container)))
    assert (found.width, found.height, found.codec) == (320, 180, "h264")
    assert found.has_timestamps is has_timestamps
    assert read_frame_number(jpeg.planes(jpeg.decode(found.jpeg))[0]) == 0


def test_http_mjpeg(http_camera: HttpCamera) -> None:
    pattern = TestPattern(320, 180, 25)
    pictures = [jpeg.encode(pattern.render(number, 0.0)) for number in range(10)]
    body = b"".join(
        b"--x\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%b\r\n"
        % (len(picture), picture)
        for picture in pictures
    )
    kind = "multipart/x-mixed-replace; boundary=x"
    found = opened(http_camera.url("/x", 200, body, Content_Type=kind))
    assert (found.width, found.height, found.codec) == (320, 180, "mjpeg")
    assert found.container == "mpjpeg"


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>no camera</html>", bytes(5000), sound()],
    ids=["nothing", "page", "zeros", "sound"],
)
def test_http_without_video(http_camera: HttpCamera, body: bytes) -> None:
    assert refused_as(http_camera.url("/x", 200, body)) is NoVideoError


def test_video_that_ends_before_its_first_picture(http_camera: HttpCamera) -> None:
    body = video("mpegts", skip_keyframes=True)
    assert refused_as(http_camera.url("/x", 200, body)) is NoVideoError


def test_joining_in_the_middle_waits_for_a_keyframe(http_camera: HttpCamera) -> None:
    body = video("mpegts", skip_keyframes=True) + video("mpegts")
    found = opened(http_camera.url("/x", 200, body))
    assert read_frame_number(jpeg.planes(jpeg.decode(found.jpeg))[0]) is not None


def test_nobody_there(socket_enabled: None) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        assert refused_as(f"rtsp://user:{SECRET}@127.0.0.1:{port}/x") is CannotConnectError
        assert refused_as(f"http://user:{SECRET}@127.0.0.1:{port}/x") is CannotConnectError


def test_a_host_that_has_no_address() -> None:
    assert refused_as(f"rtsp://user:{SECRET}@host.invalid/x") is CannotConnectError


@pytest.mark.parametrize("scheme", ["rtsp", "http", "rtmp"])
def test_one_who_never_answers(socket_enabled: None, scheme: str) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"{scheme}://127.0.0.1:{silent.getsockname()[1]}/x"
        with pytest.raises(SourceTimeoutError):
            probe(url, {}, threading.Event(), open_timeout=0.3, read_timeout=0.3)


def test_a_camera_that_hangs_after_it_was_opened(rtsp_server: RtspServer) -> None:
    mount = rtsp_server.mount("/porch")
    rtsp_server.hang()
    with pytest.raises(SourceTimeoutError):
        probe(mount.url, {}, threading.Event(), open_timeout=0.5, read_timeout=0.5)


@pytest.fixture
def endless(http_camera: HttpCamera) -> str:
    """A source that sends packets and never a picture, for longer than anybody waits."""
    return http_camera.url("/x", 200, video("mpegts", skip_keyframes=True) * 2000)


def test_a_dialog_that_was_closed_ends_the_attempt(endless: str) -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(SourceTimeoutError):
        probe(endless, {}, stop, open_timeout=5, read_timeout=60)


def test_packets_without_a_picture_end_in_time(endless: str) -> None:
    with pytest.raises(SourceTimeoutError):
        probe(endless, {}, threading.Event(), open_timeout=5, read_timeout=0.2)


@pytest.mark.parametrize("inside", ["file://{}", "{}", "concat:{}", "subfile,,start,0,end,0,,:{}"])
def test_a_playlist_cannot_open_files_of_this_machine(
    http_camera: HttpCamera, tmp_path: Path, inside: str
) -> None:
    path = tmp_path / "secret.ts"
    path.write_bytes(video("mpegts"))
    entry = inside.format(path)
    body = f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:1,\n{entry}\n#EXT-X-ENDLIST\n".encode()
    url = http_camera.url("/x.m3u8", 200, body, Content_Type="application/vnd.apple.mpegurl")
    http_camera.url(str(path), 404)
    assert issubclass(refused_as(url), SourceError)


def test_a_playlist_of_the_camera_s_own_segments_is_opened(http_camera: HttpCamera) -> None:
    http_camera.url("/1.ts", 200, video("mpegts"))
    body = b"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:1,\n1.ts\n#EXT-X-ENDLIST\n"
    found = opened(http_camera.url("/x.m3u8", 200, body))
    assert (found.container, found.width) == ("hls", 320)
    assert "/1.ts" in http_camera.asked


def test_a_redirect_cannot_lead_to_a_file(http_camera: HttpCamera, tmp_path: Path) -> None:
    path = tmp_path / "secret.ts"
    path.write_bytes(video("mpegts"))
    url = http_camera.url("/x", 302, Location=f"file://{path}")
    assert issubclass(refused_as(url), SourceError)


def test_a_file_cannot_be_opened_even_if_it_came_this_far(tmp_path: Path) -> None:
    path = tmp_path / "secret.ts"
    path.write_bytes(video("mpegts"))
    for url in (f"file://{path}", str(path)):
        assert issubclass(refused_as(url), SourceError)


def test_options_may_not_widen_what_ffmpeg_opens(tmp_path: Path) -> None:
    path = tmp_path / "secret.ts"
    path.write_bytes(video("mpegts"))
    with pytest.raises(SourceError):
        opened(str(path), protocol_whitelist="file")
