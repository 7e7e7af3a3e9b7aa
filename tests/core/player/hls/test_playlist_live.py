"""Live playlists: reloads, missing segments and stalls."""

from contextlib import closing
import threading

from custom_components.retrocam.core.errors import (
    PlayNetworkError,
    PlayNotFoundError,
    PlayTimeoutError,
)
from custom_components.retrocam.core.player.hls.playlist_file import PlaylistFile
from custom_components.retrocam.core.player.net.addresses import Network, is_any
from custom_components.retrocam.core.player.net.streams import MediaInput

from ..server import MediaServer, Page, Request
from .playlists import lines, playlist_of, read_all


def test_live_playlist_is_reloaded(server: MediaServer, network: Network) -> None:
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
    del server.pages["/6"]  # a live stream skips missing segments
    source = MediaInput(server.add("/list.m3u8", serve), is_playlist=True)
    with closing(PlaylistFile(source, network, start=50)) as file:
        assert (file.is_live, file.duration, file.section_start) == (True, None, 0.0)
        assert read_all(file) == b"34578"
        assert file.failure is None
        assert not file.is_live


def test_live_stream_fails_after_many_missing_segments(
    server: MediaServer, network: Network
) -> None:
    source = playlist_of(server, *(f"#EXTINF:1,\n{number}" for number in range(9)))
    server.add("/6", Page(b"6"))
    names = [f"#EXTINF:1,\n{number}" for number in range(6, 20)]
    with closing(PlaylistFile(source, network)) as file:
        server.add("/list.m3u8", Page(lines("#EXT-X-MEDIA-SEQUENCE:6", *names).encode()))
        assert read_all(file) == b"6"
        assert isinstance(file.failure, PlayNotFoundError)


def test_missing_segment_of_a_vod_is_an_error(server: MediaServer, network: Network) -> None:
    source = playlist_of(server, "#EXTINF:1,", "gone", "#EXT-X-ENDLIST")
    with closing(PlaylistFile(source, network)) as file:
        assert read_all(file) == b""
        assert isinstance(file.failure, PlayNotFoundError)
        assert not file.next_section()


def test_closing_the_network_ends_the_wait_for_a_segment(
    server: MediaServer, network: Network
) -> None:
    source = playlist_of(server, "#EXTINF:1,", "a")
    server.add("/a", Page(b"a"))
    with closing(PlaylistFile(source, network)) as file:
        assert file.read(10) == b"a"
        reader = threading.Thread(target=file.read, args=(10,))
        reader.start()
        network.close()
        reader.join(60)
        assert not reader.is_alive()
        assert isinstance(file.failure, PlayNetworkError)


def test_stalled_live_stream_times_out(server: MediaServer) -> None:
    class Impatient(Network):
        def wait(self, seconds: float) -> bool:
            return False

    source = playlist_of(server, "#EXTINF:1,", "a")
    server.add("/a", Page(b"a"))
    with closing(PlaylistFile(source, Impatient(is_any))) as file:
        assert read_all(file) == b"a"
        assert isinstance(file.failure, PlayTimeoutError)
    assert len(server.asked("/list.m3u8")) > 20
