"""HLS playlists: taken apart, and read as one file."""

import os
from pathlib import Path
import threading

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7
import pytest

from custom_components.retrocam.core.errors import (
    BlockedAddressError,
    DrmError,
    MediaRefusedError,
    PlayError,
    PlayNetworkError,
    PlayNotFoundError,
    PlayTimeoutError,
    UnsupportedMediaError,
)
from custom_components.retrocam.core.player.addresses import Network, is_any
from custom_components.retrocam.core.player.media import MediaInput
from custom_components.retrocam.core.player.playlist import parse_playlist
from custom_components.retrocam.core.player.playlist_file import PlaylistFile

from .clips import clip, hls
from .server import MediaServer, Page, Request, serving
from .test_addresses import only_second

HEAD = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n"
URL = "http://host/path/list.m3u8"


def lines(*text: str) -> str:
    return HEAD + "\n".join(text) + "\n"


def test_what_a_playlist_says() -> None:
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
    assert (first.number, first.start, first.duration) == (7, 0.0, 1.5)
    assert (first.url, first.span) == ("http://host/path/all.mp4", (120, 1000))
    assert first.head == ("http://host/path/init.mp4", (20, 100))
    assert (second.start, second.span, second.begins_part) == (1.5, (1120, 500), False)
    assert (third.url, third.span) == ("http://host/other?a=b", None)
    assert (third.start, third.begins_part) == (3.5, True)
    assert playlist.ended
    assert playlist.target == 2


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<html></html>",
        lines("#EXT-X-STREAM-INF:BANDWIDTH=1", "other.m3u8"),
        lines("#EXTINF:one,", "a.ts"),
        lines("#EXTINF:1,", "file:///etc/passwd"),
        lines("#EXTINF:1,", "concat:/etc/passwd|/etc/hosts"),
        lines("#EXTINF:1,", "data:text/plain,abc"),
        lines("#EXTINF:1,", "pipe:0"),
        lines('#EXT-X-MAP:URI="file:///etc/passwd"', "#EXTINF:1,", "a.mp4"),
        lines('#EXT-X-KEY:METHOD=AES-128,URI="file:///etc/passwd"', "#EXTINF:1,", "a.ts"),
    ],
)
def test_what_is_no_playlist(text: str) -> None:
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


@pytest.fixture
def network() -> Network:
    return Network(is_any, timeout=5)


def playlist_of(server: MediaServer, *text: str) -> MediaInput:
    return MediaInput(server.add("/list.m3u8", Page(lines(*text).encode())), is_playlist=True)


def read_all(file: PlaylistFile) -> bytes:
    return b"".join(iter(lambda: file.read(1000), b""))


def test_segments_are_one_file_and_heads_are_read_once(
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
    with PlaylistFile(source, network) as file:
        assert file.readable()
        assert not file.seekable()
        assert (file.duration, file.is_live) == (3.0, False)
        assert read_all(file) == b"HEADonetwothree"
        assert not file.next_part()
    with PlaylistFile(source, network, start=1.5) as file:
        assert file.part_start == 1.0
        assert read_all(file) == b"HEADtwothree"
    with PlaylistFile(source, network, start=99) as file:
        assert read_all(file) == b"HEADthree"


def test_parts_are_read_apart(server: MediaServer, network: Network) -> None:
    for name in ("a", "b", "c"):
        server.add(f"/{name}", Page(name.encode()))
    source = playlist_of(
        server,
        *("#EXTINF:1,", "a", "#EXTINF:1,", "b"),
        *("#EXT-X-DISCONTINUITY", "#EXTINF:1,", "c", "#EXT-X-ENDLIST"),
    )
    with PlaylistFile(source, network) as file:
        assert read_all(file) == b"ab"
        assert file.next_part()
        assert file.part_start == 2.0
        assert read_all(file) == b"c"
        assert not file.next_part()


def encrypted(data: bytes, key: bytes, iv: bytes) -> bytes:
    padder, encryptor = PKCS7(128).padder(), Cipher(AES(key), CBC(iv)).encryptor()
    return encryptor.update(padder.update(data) + padder.finalize()) + encryptor.finalize()


def test_encrypted_segments_are_deciphered(server: MediaServer, network: Network) -> None:
    key, iv = os.urandom(16), bytes(range(16))
    clear = [os.urandom(100_000), os.urandom(16), b"open"]
    server.add("/key", Page(key))
    server.add("/0", Page(encrypted(clear[0], key, iv)))
    server.add("/1", Page(encrypted(clear[1], key, (6).to_bytes(16))))
    server.add("/2", Page(clear[2]))
    source = playlist_of(
        server,
        "#EXT-X-MEDIA-SEQUENCE:5",
        *(f'#EXT-X-KEY:METHOD=AES-128,URI="key",IV=0x{iv.hex()}', "#EXTINF:1,", "0"),
        *('#EXT-X-KEY:METHOD=AES-128,URI="key"', "#EXTINF:1,", "1"),
        *("#EXT-X-KEY:METHOD=NONE", "#EXTINF:1,", "2", "#EXT-X-ENDLIST"),
    )
    with PlaylistFile(source, network) as file:
        pieces = list(iter(lambda: file.read(1000), b""))
    assert b"".join(pieces) == b"".join(clear)
    assert max(map(len, pieces)) <= 1000
    assert len(server.asked("/key")) == 1


@pytest.mark.parametrize(
    ("key", "data"),
    [(bytes(16), b"not whole blocks"[:-1]), (bytes(5), bytes(32)), (bytes(99), bytes(32))],
)
def test_broken_encryption_is_an_error(
    server: MediaServer, network: Network, key: bytes, data: bytes
) -> None:
    server.add("/key", Page(key))
    server.add("/0", Page(data))
    source = playlist_of(
        server, '#EXT-X-KEY:METHOD=AES-128,URI="key"', "#EXTINF:1,", "0", "#EXT-X-ENDLIST"
    )
    with PlaylistFile(source, network) as file:
        assert read_all(file) == b""
        assert isinstance(file.failure, UnsupportedMediaError)


def test_an_encrypted_segment_may_be_refused(server: MediaServer, network: Network) -> None:
    server.add("/key", Page(bytes(16)))
    data = encrypted(bytes(5000), bytes(16), (0).to_bytes(16))
    server.add("/0", Page(data, cut_after=1000))
    source = playlist_of(
        server, '#EXT-X-KEY:METHOD=AES-128,URI="key"', "#EXTINF:1,", "0", "#EXT-X-ENDLIST"
    )
    with PlaylistFile(source, network) as file:
        assert file.read(500)
        server.add("/0", Page(status=403))
        read_all(file)
        assert isinstance(file.failure, MediaRefusedError)


def test_a_live_playlist_is_followed(server: MediaServer, network: Network) -> None:
    def listed(*numbers: int, ended: bool = False) -> Page:
        text = [f"#EXT-X-TARGETDURATION:0.1\n#EXT-X-MEDIA-SEQUENCE:{numbers[0]}"]
        text += [f"#EXTINF:0.1,\n{number}" for number in numbers]
        text += ["#EXT-X-ENDLIST"] if ended else []
        return Page(lines(*text).encode())

    versions = [listed(1, 2, 3, 4, 5), listed(3, 4, 5), listed(5, 6, 7), listed(7, 8, ended=True)]

    def serve(request: Request) -> None:
        request.answer(versions.pop(0) if len(versions) > 1 else versions[0])

    for number in range(9):
        server.add(f"/{number}", Page(str(number).encode()))
    del server.pages["/6"]  # gone before it was read: live streams go on without it
    source = MediaInput(server.add("/list.m3u8", serve), is_playlist=True)
    with PlaylistFile(source, network, start=50) as file:
        assert (file.is_live, file.duration, file.part_start) == (True, None, 0.0)
        assert read_all(file) == b"34578"
        assert file.failure is None
        assert not file.is_live


def test_a_live_stream_that_lost_too_much_is_lost(server: MediaServer, network: Network) -> None:
    source = playlist_of(server, *(f"#EXTINF:1,\n{number}" for number in range(9)))
    server.add("/6", Page(b"6"))
    names = [f"#EXTINF:1,\n{number}" for number in range(6, 20)]
    with PlaylistFile(source, network) as file:
        server.add("/list.m3u8", Page(lines("#EXT-X-MEDIA-SEQUENCE:6", *names).encode()))
        assert read_all(file) == b"6"
        assert isinstance(file.failure, PlayNotFoundError)


def test_what_is_not_live_may_lose_nothing(server: MediaServer, network: Network) -> None:
    source = playlist_of(server, "#EXTINF:1,", "gone", "#EXT-X-ENDLIST")
    with PlaylistFile(source, network) as file:
        assert read_all(file) == b""
        assert isinstance(file.failure, PlayNotFoundError)
        assert not file.next_part()


def test_waiting_for_a_live_stream_ends_with_the_network(
    server: MediaServer, network: Network
) -> None:
    source = playlist_of(server, "#EXTINF:1,", "a")
    server.add("/a", Page(b"a"))
    with PlaylistFile(source, network) as file:
        assert file.read(10) == b"a"
        reader = threading.Thread(target=file.read, args=(10,))
        reader.start()
        network.close()
        reader.join(5)
        assert not reader.is_alive()
        assert isinstance(file.failure, PlayNetworkError)


def test_a_live_stream_that_stands_still_is_given_up(server: MediaServer) -> None:
    class Impatient(Network):
        def wait(self, seconds: float) -> bool:
            return False

    source = playlist_of(server, "#EXTINF:1,", "a")
    server.add("/a", Page(b"a"))
    with PlaylistFile(source, Impatient(is_any)) as file:
        assert read_all(file) == b"a"
        assert isinstance(file.failure, PlayTimeoutError)
    assert len(server.asked("/list.m3u8")) > 20


def test_an_empty_playlist_is_none(server: MediaServer, network: Network) -> None:
    with pytest.raises(UnsupportedMediaError):
        PlaylistFile(playlist_of(server, "#EXT-X-ENDLIST"), network)


@pytest.mark.parametrize(
    ("status", "error"),
    [(403, MediaRefusedError), (404, PlayNotFoundError), (500, PlayNetworkError)],
)
def test_a_playlist_may_be_refused(
    server: MediaServer, network: Network, status: int, error: type[PlayError]
) -> None:
    source = MediaInput(server.add("/list.m3u8", Page(status=status)), is_playlist=True)
    with pytest.raises(error):
        PlaylistFile(source, network)


def test_no_server_is_a_network_error(server: MediaServer) -> None:
    source = MediaInput(f"http://127.0.0.9:{server.server_port}/list.m3u8", is_playlist=True)
    with pytest.raises(PlayNetworkError):
        PlaylistFile(source, Network(is_any))


def test_entries_do_not_lead_into_the_private_network() -> None:
    with serving("127.0.0.2") as public, serving() as private:
        private.add("/secret", Page(b"secret"))
        public.redirect("/moved", private.root + "/secret")
        for entry in (private.root + "/secret", "moved"):
            source = playlist_of(public, "#EXTINF:1,", entry, "#EXT-X-ENDLIST")
            with PlaylistFile(source, Network(only_second)) as file:
                assert read_all(file) == b""
                assert isinstance(file.failure, BlockedAddressError)
        assert not private.log


def test_an_entry_that_redirects_to_a_file_yields_no_byte_of_it(
    server: MediaServer, network: Network
) -> None:
    for target in ("file:///etc/passwd", "concat:/etc/passwd|/etc/hosts"):
        server.redirect("/moved", target)
        source = playlist_of(server, "#EXTINF:1,", "moved", "#EXT-X-ENDLIST")
        with PlaylistFile(source, network) as file:
            assert read_all(file) == b""
            assert isinstance(file.failure, UnsupportedMediaError)


def test_secrets_stay_with_the_playlists_own_host(server: MediaServer, network: Network) -> None:
    with serving("127.0.0.2") as other:
        other.add("/a", Page(b"a"))
        server.add("/b", Page(b"b"))
        url = playlist_of(
            server, "#EXTINF:1,", other.root + "/a", "#EXTINF:1,", "b", "#EXT-X-ENDLIST"
        ).url
        source = MediaInput(url, {"Cookie": "secret", "Referer": "page"}, is_playlist=True)
        with PlaylistFile(source, network) as file:
            assert read_all(file) == b"ab"
        assert (other.log[0].headers["Cookie"], other.log[0].headers["Referer"]) == (None, "page")
        assert server.asked("/b")[0].headers["Cookie"] == "secret"


def test_ffmpegs_own_playlists_are_read(
    server: MediaServer, network: Network, tmp_path: Path
) -> None:

    for name, data in hls(tmp_path, clip(3.0), "-hls_segment_type", "fmp4").items():
        server.add(f"/{name}", Page(data))
    source = MediaInput(server.root + "/index.m3u8", is_playlist=True)
    with PlaylistFile(source, network) as file:
        assert file.duration == pytest.approx(3.0, abs=0.05)
        assert read_all(file)[4:8] == b"ftyp"
        assert file.failure is None
