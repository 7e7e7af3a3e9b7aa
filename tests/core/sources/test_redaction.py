"""Redaction of log texts: secret parts of URLs, in all spellings."""

from urllib.parse import quote, quote_plus

import pytest

from custom_components.retrocam.core.sources.redaction import (
    UrlSecrets,
    redact_ffmpeg_line,
    redact_log_text,
)

TOKEN = "Zx9-hunter2/é"
URLS = [
    f"rtsp://cam:8554/11?usr=keeper&pwd={quote(TOKEN, safe='')}",
    f"rtsp://cam:8554/user=keeper_password={quote(TOKEN, safe='')}_channel=1_stream=0.sdp",
    f"http://cam:8554/videostream.cgi?loginuse=keeper&loginpas={quote(TOKEN, safe='')}",
    f"http://cam:8554/live/{quote(TOKEN, safe='')}/index.m3u8",
    f"rtsp://keeper:{quote(TOKEN, safe='')}@cam:8554/11",
]


def spellings() -> set[str]:
    once = quote(TOKEN, safe="")
    return {TOKEN, quote(TOKEN), once, quote_plus(TOKEN), quote(once, safe=""), once.lower()}


@pytest.mark.parametrize("url", URLS)
def test_secret_parts_are_redacted_in_all_spellings(url: str) -> None:
    secrets = UrlSecrets(url)
    for spelling in spellings():
        text = f"cannot open {spelling} of camera 1"
        assert secrets.found_in(text)
        assert spelling not in secrets.redact(text)
        assert secrets.redact(text).endswith(" of camera 1")


@pytest.mark.parametrize("url", URLS)
def test_url_keeps_scheme_host_and_port(url: str) -> None:
    text = f"No route to host, '{url}', tried 3 times: {url}."
    scheme = url.partition(":")[0]
    short = f"{scheme}://cam:8554"
    assert redact_log_text(text) == f"No route to host, '{short}', tried 3 times: {short}."


def test_harmless_texts_are_unchanged() -> None:
    secrets = UrlSecrets("rtsp://cam/Streaming/Channels/101")
    for text in (
        "Stream #0:0: Video: h264 (High), yuv420p(tv, bt709/unknown/unknown), 1920x1080, 25 fps",
        "Restarting stream worker in 10 seconds",
        "max delay reached. need to consume packet",
        "non-existing PPS 0 referenced",
        "Connection refused",
    ):
        assert secrets.redact(redact_ffmpeg_line(text)) == text
    assert not secrets.found_in("camera, scam and webcam.local are other hosts")
    assert secrets.found_in("No route to cam:554")


@pytest.mark.parametrize(
    "line",
    [
        "Opening 'http://other/a/tok3n.ts?x=1' for reading",
        "Opening 'crypto+http://other/tok3n' for reading",
        "Skip ('#EXT-X-MAP:URI=\"tok3n/init.mp4\"')",
        "request: GET /live/tok3n HTTP/1.1\r\nAuthorization: Basic tok3n\r\n",
        "header='Location: /live/tok3n'",
        "Location: tok3n",
        "Sending:\nOPTIONS rtsp://cam/tok3n RTSP/1.0\r\nCSeq: 1",
        "SDP:\nv=0\r\ni=tok3n\r\na=control:tok3n/trackID=1",
        "Proto = rtmp, path = /live/tok3n, app = tok3n, fname = tok3n",
        "Cookie: session=tok3n",
        "redirecting to rtsp://keeper:tok3n@cam/",
        "relative.m3u8?tok3n",
        "http://user:pa/ss@tok3n/x",
    ],
)
def test_ffmpeg_lines_are_redacted(line: str) -> None:
    assert "tok3n" not in redact_ffmpeg_line(line)


def test_sdp_keeps_its_codecs() -> None:
    line = "SDP:\nv=0\r\ns=tok3n\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
    assert redact_ffmpeg_line(line) == "SDP:\nm=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000"


def test_malformed_url_is_secret_as_a_whole() -> None:
    secrets = UrlSecrets("http://[broken/token")
    assert "broken" not in secrets.redact("cannot open http://[broken/token")
    assert UrlSecrets("rtsp://cam/").redact("a cam") == "a cam"
