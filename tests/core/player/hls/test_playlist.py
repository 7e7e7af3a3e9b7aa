"""HLS playlists: parsed, and read as one file."""

from contextlib import closing
from pathlib import Path

import pytest

from custom_components.retrocam.core.errors import (
    BlockedAddressError,
    DrmError,
    MediaRefusedError,
    PlayError,
    PlayNetworkError,
    PlayNotFoundError,
    UnsupportedMediaError,
)
from custom_components.retrocam.core.player.hls.playlist import (
    InitSection,
    parse_playlist,
)
from custom_components.retrocam.core.player.hls.playlist_file import PlaylistFile
from custom_components.retrocam.core.player.net.addresses import Network, is_any
from custom_components.retrocam.core.player.net.streams import MediaInput

from ..clips import clip, hls
from ..hosts import only_second
from ..server import MediaServer, Page, Request, serving
from .playlists import URL, lines, playlist_of, read_all


def test_playlist_is_parsed() -> None:
    playlist = parse_playlist(
        lines(
            "#EXT-X-MEDIA-SEQUENCE:7",
            '#EXT-X-MAP:URI="init.mp4",BYTERANGE="100@20"',
            "#EXTINF:1.5,a title",
            "#EXT-X-BYTERANGE:1000@120",
            "all.mp4",
            "",
            "#EXTINF:2",
            "#EXT-X-BYTERANGE:500",
            "all.mp4",
            "#EXT-X-DISCONTINUITY",
            "# a comment",
            "#EXTINF:1.0,",
            "/other?a=b",
            "#EXT-X-ENDLIST",
        ),
        URL,
    )
    first, second, third = playlist.segments
    assert (first.sequence, first.start, first.duration) == (7, 0.0, 1.5)
    assert (first.url, first.byte_range) == ("http://host/path/all.mp4", (120, 1000))
    assert first.init_section == InitSection("http://host/path/init.mp4", (20, 100))
    assert (second.start, second.byte_range, second.discontinuity) == (1.5, (1120, 500), False)
    assert (third.url, third.byte_range) == ("http://host/other?a=b", None)
    assert (third.start, third.discontinuity) == (3.5, True)
    assert playlist.ended
    assert playlist.target_duration == 2


def test_endless_attribute_name_is_skipped_in_linear_time() -> None:
    """Quadratic time would be hours."""
    endless = "A" * 1_000_000
    text = lines(f"#EXT-X-KEY:METHOD=NONE,{endless}", "#EXTINF:1,", "a.ts")
    assert [segment.key for segment in parse_playlist(text, URL).segments] == [None]


@pytest.mark.parametrize(
    ("line", "url"),
    [("a", URL), ("a" * 150, f"{URL}/{'b' * 16_000}/")],
    ids=["segments", "urls"],
)
def test_endless_playlist_is_refused(line: str, url: str) -> None:
    text = lines(*(line for _ in range(8_000_000 // (len(line) + 1))))
    with pytest.raises(UnsupportedMediaError):
        parse_playlist(text, url)


@pytest.mark.parametrize(
    "line",
    [
        f"#EXT-X-MEDIA-SEQUENCE:{1 << 128}", "#EXT-X-MEDIA-SEQUENCE:-1",
        f"#EXT-X-BYTERANGE:{10**20}@1", "#EXT-X-BYTERANGE:1@-1",
        "#EXTINF:inf", "#EXTINF:nan",
    ],
)  # fmt: skip
def test_out_of_range_numbers_are_refused(line: str) -> None:
    with pytest.raises(UnsupportedMediaError):
        parse_playlist(lines(line, "a"), URL)


def test_durations_are_clamped() -> None:
    playlist = parse_playlist(
        lines("#EXT-X-TARGETDURATION:1e308", "#EXTINF:1e308,", "a", "#EXTINF:-1,", "b"), URL
    )
    assert playlist.target_duration <= 1e6
    assert [segment.duration for segment in playlist.segments] == [1e6, 0.0]


def test_unescaped_segment_names_are_escaped(server: MediaServer, network: Network) -> None:
    server.add("/teil%201.ts?a=%C3%BC", Page(b"one"))
    server.add("/t%C3%BCr%20zwei.ts", Page(b"two"))
    source = playlist_of(
        server,
        *("#EXTINF:1,", "teil 1.ts?a=ü", "#EXTINF:1,", "t%C3%BCr zwei.ts", "#EXT-X-ENDLIST"),
    )
    with closing(PlaylistFile(source, network)) as file:
        assert read_all(file) == b"onetwo"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<html></html>",
        lines("#EXT-X-STREAM-INF:BANDWIDTH=1", "other.m3u8"),
        lines("#EXTINF:one,", "a.ts"),
        lines("#EXTINF:inf,", "a.ts"),
        lines("#EXTINF:nan,", "a.ts"),
        lines(f'#EXT-X-KEY:METHOD=AES-128,URI="k",IV=0x{"1" * 40}', "#EXTINF:1,", "a.ts"),
        lines("#EXTINF:1,", "file:///etc/passwd"),
        lines("#EXTINF:1,", "concat:/etc/passwd|/etc/hosts"),
        lines("#EXTINF:1,", "data:text/plain,abc"),
        lines("#EXTINF:1,", "pipe:0"),
        lines('#EXT-X-MAP:URI="file:///etc/passwd"', "#EXTINF:1,", "a.mp4"),
        lines('#EXT-X-KEY:METHOD=AES-128,URI="file:///etc/passwd"', "#EXTINF:1,", "a.ts"),
    ],
)
def test_malformed_playlists_are_refused(text: str) -> None:
    with pytest.raises(UnsupportedMediaError):
        parse_playlist(text, URL)


@pytest.mark.parametrize(
    "key",
    [
        'METHOD=SAMPLE-AES,URI="skd://a",KEYFORMAT="com.apple.streamingkeydelivery"',
        'METHOD=AES-128,URI="skd://a",KEYFORMAT="com.apple.streamingkeydelivery"',
    ],
)
def test_licensed_encryption_is_drm(key: str) -> None:
    with pytest.raises(DrmError):
        parse_playlist(lines(f"#EXT-X-KEY:{key}", "#EXTINF:1,", "a.ts"), URL)


def test_segments_are_concatenated_after_one_init_section(
    server: MediaServer, network: Network
) -> None:
    server.add("/init", Page(b"..HEAD.."))
    server.add("/all", Page(b"onetwothree"))
    source = playlist_of(
        server,
        '#EXT-X-MAP:URI="init",BYTERANGE="4@2"',
        *("#EXTINF:1,", "#EXT-X-BYTERANGE:3@0", "all"),
        *("#EXTINF:1,", "#EXT-X-BYTERANGE:3", "all"),
        *("#EXTINF:1,", "#EXT-X-BYTERANGE:5", "all"),
        "#EXT-X-ENDLIST",
    )
    with closing(PlaylistFile(source, network)) as file:
        assert (file.duration, file.is_live) == (3.0, False)
        assert read_all(file) == b"HEADonetwothree"
        assert not file.next_section()
    with closing(PlaylistFile(source, network, start=1.5)) as file:
        assert file.section_start == 1.0
        assert read_all(file) == b"HEADtwothree"
    with closing(PlaylistFile(source, network, start=99)) as file:
        assert read_all(file) == b"HEADthree"


def test_discontinuity_ends_a_section(server: MediaServer, network: Network) -> None:
    for name in ("a", "b", "c"):
        server.add(f"/{name}", Page(name.encode()))
    source = playlist_of(
        server,
        *("#EXTINF:1,", "a", "#EXTINF:1,", "b"),
        *("#EXT-X-DISCONTINUITY", "#EXTINF:1,", "c", "#EXT-X-ENDLIST"),
    )
    with closing(PlaylistFile(source, network)) as file:
        assert read_all(file) == b"ab"
        assert file.next_section()
        assert file.section_start == 2.0
        assert read_all(file) == b"c"
        assert not file.next_section()


def test_empty_playlist_is_refused(server: MediaServer, network: Network) -> None:
    with pytest.raises(UnsupportedMediaError):
        PlaylistFile(playlist_of(server, "#EXT-X-ENDLIST"), network)


@pytest.mark.parametrize(
    ("status", "error"),
    [(403, MediaRefusedError), (404, PlayNotFoundError), (500, PlayNetworkError)],
)
def test_http_errors_of_a_playlist(
    server: MediaServer, network: Network, status: int, error: type[PlayError]
) -> None:
    source = MediaInput(server.add("/list.m3u8", Page(status=status)), is_playlist=True)
    with pytest.raises(error):
        PlaylistFile(source, network)


def test_missing_server_is_a_network_error(server: MediaServer) -> None:
    source = MediaInput(f"http://127.0.0.9:{server.server_port}/list.m3u8", is_playlist=True)
    with pytest.raises(PlayNetworkError):
        PlaylistFile(source, Network(is_any))


def test_non_http_server_is_a_network_error(server: MediaServer, network: Network) -> None:
    def answer(request: Request) -> None:
        request.wfile.write(b"RTSP/1.0 200 OK\r\n\r\n")

    with pytest.raises(PlayNetworkError):
        PlaylistFile(MediaInput(server.add("/a.m3u8", answer), is_playlist=True), network)


def test_segments_at_private_addresses_are_blocked() -> None:
    with serving("127.0.0.2") as public, serving() as private:
        private.add("/secret", Page(b"secret"))
        public.redirect("/moved", private.root + "/secret")
        for entry in (private.root + "/secret", "moved"):
            source = playlist_of(public, "#EXTINF:1,", entry, "#EXT-X-ENDLIST")
            with closing(PlaylistFile(source, Network(only_second))) as file:
                assert read_all(file) == b""
                assert isinstance(file.failure, BlockedAddressError)
        assert not private.log


def test_segment_redirect_to_a_local_file_is_refused(server: MediaServer, network: Network) -> None:
    for target in ("file:///etc/passwd", "concat:/etc/passwd|/etc/hosts"):
        server.redirect("/moved", target)
        source = playlist_of(server, "#EXTINF:1,", "moved", "#EXT-X-ENDLIST")
        with closing(PlaylistFile(source, network)) as file:
            assert read_all(file) == b""
            assert isinstance(file.failure, UnsupportedMediaError)


def test_cookies_stay_with_the_playlist_host(server: MediaServer, network: Network) -> None:
    with serving("127.0.0.2") as other:
        other.add("/a", Page(b"a"))
        server.add("/b", Page(b"b"))
        url = playlist_of(
            server, "#EXTINF:1,", other.root + "/a", "#EXTINF:1,", "b", "#EXT-X-ENDLIST"
        ).url
        source = MediaInput(url, {"Cookie": "secret", "Referer": "page"}, is_playlist=True)
        with closing(PlaylistFile(source, network)) as file:
            assert read_all(file) == b"ab"
        assert (other.log[0].headers["Cookie"], other.log[0].headers["Referer"]) == (None, "page")
        assert server.asked("/b")[0].headers["Cookie"] == "secret"


def test_ffmpeg_playlist_is_read(server: MediaServer, network: Network, tmp_path: Path) -> None:

    for name, data in hls(tmp_path, clip(3.0), "-hls_segment_type", "fmp4").items():
        server.add(f"/{name}", Page(data))
    source = MediaInput(server.root + "/index.m3u8", is_playlist=True)
    with closing(PlaylistFile(source, network)) as file:
        assert file.duration == pytest.approx(3.0, abs=0.05)
        assert read_all(file)[4:8] == b"ftyp"
        assert file.failure is None
