"""Lists of stations, told from HLS playlists and from media."""

import pytest

from custom_components.retrocam.core.errors import UnsupportedMediaError
from custom_components.retrocam.core.player.lookup.lists import (
    HEADER_BYTES,
    MAX_ENTRIES,
    MAX_LIST_BYTES,
    may_be_list,
    parse_list,
)

from ..clips import clip

URL = "http://host/lists/a.m3u"


def entries(text: str | bytes) -> list[tuple[str, str | None]] | None:
    data = text.encode() if isinstance(text, str) else text
    stations = parse_list(data, URL)
    return None if stations is None else [(item.url, item.title) for item in stations]


IPTV = """#EXTM3U url-tvg="http://x/"
#EXTINF:-1 tvg-id="a,b" group-title="News, all",One, two
#EXTVLCOPT:http-user-agent=A
http://one/live.ts|User-Agent=B
#EXTINF:0,
http://two/
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("http://one/\r\nhttps://two/a\r\n", [("http://one/", None), ("https://two/a", None)]),
        ("# a comment\n\nb.mp3", [("http://host/lists/b.mp3", None)]),
        ("/c d.mp3", [("http://host/c%20d.mp3", None)]),
        ("#EXTM3U\n#EXTINF:-1,Radio One\nhttp://one/", [("http://one/", "Radio One")]),
        (IPTV, [("http://one/live.ts", "One, two"), ("http://two/", None)]),
        ("#EXTM3U\n#EXT-X-SESSION:x\nhttp://one/", [("http://one/", None)]),
        (
            "[playlist]\nNumberOfEntries=2\nTitle2=Two\nFile2=http://two/\nfile1=http://one/\nLength1=-1\n",
            [("http://one/", None), ("http://two/", "Two")],
        ),
        ("[Reference]\r\nRef1=http://one/?MSWMExt=.asf\r\n", [("http://one/?MSWMExt=.asf", None)]),
        ("\ufeff[PLAYLIST]\nFILE10=http://b\nFILE9=http://a", [("http://a", None), ("http://b", None)]),
        ("file:///etc/passwd\nC:\\a.mp3\nrtsp://a/\nmms://b/\nhttp://one/", [("http://one/", None)]),
        (b"#EXTM3U\n#EXTINF:-1,Caf\xe9 \x80\nhttp://one/", [("http://one/", "Café €")]),
        ("#EXTM3U\n#EXTINF:-1,Söng\nhttp://one/", [("http://one/", "Söng")]),
    ],
)  # fmt: skip
def test_lists_are_read(text: str | bytes, expected: list[tuple[str, str | None]]) -> None:
    assert entries(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n0.ts\n",
        "#EXTM3U\n" + "# a comment\n" * 5000 + "#EXT-X-STREAM-INF:BANDWIDTH=1\nv.m3u8\n",
        "#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
    ],
)
def test_hls_is_not_a_list(text: str) -> None:
    assert entries(text) is None


@pytest.mark.parametrize("text", ["#EXTM3U\n", "[playlist]\nFile1=\n", "file:///etc/passwd\n"])
def test_list_without_http_urls_is_unsupported(text: str) -> None:
    with pytest.raises(UnsupportedMediaError):
        entries(text)


def test_long_list_is_cut_off_at_a_line() -> None:
    line = b"http://host/0123456789012345678901234567890123456789.mp3\n"
    data = (line * (MAX_LIST_BYTES // len(line) + 1))[:MAX_LIST_BYTES]
    assert not data.endswith(b"\n")
    stations = parse_list(data, URL)
    assert stations is not None
    assert len(stations) == MAX_ENTRIES


M3U = "audio/x-mpegurl"


@pytest.mark.parametrize(
    ("begin", "url", "content_type", "expected"),
    [
        (b"#EXTM3U\n", "http://h/a", "text/plain", True),
        (b"\xef\xbb\xbf\n#extm3u\n", "http://h/a", "video/mp4", True),
        (b"[playlist]\n", "http://h/a", "application/octet-stream", True),
        (b"http://one/\n", "http://h/a.M3U?b", "text/plain", True),
        (b"http://one/\n", "http://h/a", M3U, True),
        (b"http://one/\n", "http://h/a", "application/vnd.apple.mpegurl; charset=utf-8", True),
        (b"http://one/\n", "http://h/a", "text/plain", False),
        (b"<html>", "http://h/a.m3u", "text/html", False),
        (b"", "http://h/a.m3u", M3U, False),
    ],
)
def test_lists_are_recognized(begin: bytes, url: str, content_type: str, expected: object) -> None:
    assert may_be_list(begin, url, content_type) is expected


@pytest.mark.parametrize(
    ("kind", "video", "audio"),
    [
        ("mp3", None, "libmp3lame"),
        ("adts", None, "aac"),
        ("ogg", None, "libopus"),
        ("flac", None, "flac"),
        ("mpegts", "libx264", "aac"),
        ("mp4", "libx264", "aac"),
        ("matroska", "libx264", "aac"),
    ],
)
def test_media_are_not_lists_whatever_they_are_called(
    kind: str, video: str | None, audio: str
) -> None:
    data = clip(1.0, kind=kind, video=video, audio=audio)
    for offset in (0, 5_000):
        assert not may_be_list(data[offset:][:HEADER_BYTES], "http://h/a.m3u8", M3U)
