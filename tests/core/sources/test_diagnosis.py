"""Sources that cannot be used as they are, and the reasons that users are told."""

from collections.abc import Iterator
import contextlib
import datetime as dt
from pathlib import Path
import ssl
import threading
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
import pytest

from custom_components.retrocam.core.errors import (
    CannotConnectError,
    MalformedMjpegError,
    NoVideoError,
    RedirectLoopError,
    SourceError,
    SourceTimeoutError,
    StillImageError,
    TransportRefusedError,
    UntrustedCertificateError,
)
from custom_components.retrocam.core.sources.probe import ProbeResult, probe
from tests.rtsp import RtspServer

from ...mjpeg import MjpegCamera
from ..frames.odd_stills import photo, saved
from ..player.server import MediaServer, Request
from .http_camera import SECRET, HttpCamera


def probed(url: str, **options: str) -> ProbeResult:
    return probe(url, options, threading.Event(), open_timeout=60, read_timeout=60)


def refused_as(url: str, **options: str) -> type[SourceError]:
    with pytest.raises(SourceError) as caught:
        probed(url, **options)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return caught.type


@pytest.mark.parametrize(("has", "asked"), [("udp", "tcp"), ("tcp", "udp")])
def test_refused_transport(rtsp_server: RtspServer, has: str, asked: str) -> None:
    mount = rtsp_server.mount("/porch", transport=has)
    url = mount.url_with("user", SECRET)
    assert refused_as(url, rtsp_transport=asked) is TransportRefusedError


@pytest.fixture
def tls(tmp_path: Path) -> ssl.SSLContext:
    """A server's context with a self-signed certificate, as most cameras have."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "camera")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "camera.pem"
    path.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


def test_untrusted_certificate(socket_enabled: None, tls: ssl.SSLContext) -> None:
    with MjpegCamera(tls) as camera:
        assert probed(camera.url, tls_verify="0").codec == "mjpeg"
        assert camera.requests == 1
        assert refused_as(camera.url, tls_verify="1") is UntrustedCertificateError
        # Nothing was sent to the server that is not trusted.
        assert camera.requests == 1


@pytest.fixture
def http_camera(socket_enabled: None) -> Iterator[HttpCamera]:
    camera = HttpCamera()
    yield camera
    camera.close()


def test_server_without_tls_is_no_matter_of_certificates(http_camera: HttpCamera) -> None:
    url = http_camera.url("/x", 200).replace("http:", "https:")
    assert refused_as(url, tls_verify="1") is CannotConnectError


@pytest.mark.parametrize(
    "odd",
    [
        {"part_type": "image/jpg"},
        {"part_type": ""},
        {"part_type": "image/jpg", "lengths": False},
        {"first_boundary": False},
    ],
)
def test_mjpeg_that_ffmpeg_rejects(socket_enabled: None, odd: dict[str, Any]) -> None:
    with MjpegCamera(**odd) as camera:
        assert refused_as(camera.url) is MalformedMjpegError


@pytest.mark.parametrize("odd", [{"boundary": "--frame"}, {"lengths": False}, {"fps": 25}])
def test_odd_mjpeg_that_ffmpeg_reads(socket_enabled: None, odd: dict[str, Any]) -> None:
    with MjpegCamera(**odd) as camera:
        assert probed(camera.url).codec == "mjpeg"


def test_page_is_not_mjpeg(http_camera: HttpCamera) -> None:
    assert refused_as(http_camera.url("/x", 200, b"<html>no camera</html>")) is NoVideoError


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WebP"])
@pytest.mark.parametrize("path", ["/snapshot.cgi", "/snapshot.{kind}"])
def test_still_is_no_video(http_camera: HttpCamera, kind: str, path: str) -> None:
    # FFmpeg opens files with the suffix of an image in another way.
    path = path.format(kind=kind.lower())
    body = saved(photo(1), kind)
    url = http_camera.url(path, 200, body, Content_Type=f"image/{kind.lower()}")
    assert refused_as(url) is StillImageError


def test_mjpeg_of_one_picture_is_no_video(http_camera: HttpCamera) -> None:
    data = saved(photo(1))
    headers = f"Content-Type: image/jpeg\r\nContent-Length: {len(data)}"
    part = b"--x\r\n" + headers.encode() + b"\r\n\r\n" + data + b"\r\n"
    kind = "multipart/x-mixed-replace; boundary=x"
    url = http_camera.url("/x", 200, part, Content_Type=kind)
    assert refused_as(url) is StillImageError
    assert probed(http_camera.url("/x", 200, 2 * part, Content_Type=kind)).codec == "mjpeg"


def test_empty_mjpeg_is_no_video(http_camera: HttpCamera) -> None:
    url = http_camera.url("/x", 200, Content_Type="multipart/x-mixed-replace; boundary=x")
    assert refused_as(url) is NoVideoError


@pytest.mark.parametrize("status", [301, 302, 307])
def test_redirect_loop(http_camera: HttpCamera, status: int) -> None:
    assert refused_as(http_camera.url("/x", status, Location="/x")) is RedirectLoopError
    # The reason is found with one more request.
    assert set(http_camera.asked) == {"/x"}
    assert len(http_camera.asked) < 15


@pytest.mark.parametrize(
    "piece", [bytes(64 * 1024), b"no camera here\n" * 4096], ids=["zeros", "text"]
)
def test_endless_body_is_no_video(server: MediaServer, piece: bytes) -> None:
    def answer(request: Request) -> None:
        request.send_response(200)
        request.end_headers()
        request.close_connection = True
        with contextlib.suppress(OSError):
            while True:
                request.wfile.write(piece)

    # FFmpeg reads 10 MB of it and more.
    with pytest.raises((NoVideoError, SourceTimeoutError)):
        probe(server.add("/x", answer), {}, threading.Event(), open_timeout=5, read_timeout=5)
