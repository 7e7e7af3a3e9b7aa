"""Helpers for tests of playlists."""

from custom_components.retrocam.core.player.hls.playlist_file import PlaylistFile
from custom_components.retrocam.core.player.net.streams import MediaInput

from ..server import MediaServer, Page

HEAD = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n"
URL = "http://host/path/list.m3u8"


def lines(*text: str) -> str:
    """Return a playlist with these lines after its header."""
    return HEAD + "\n".join(text) + "\n"


def playlist_of(server: MediaServer, *text: str) -> MediaInput:
    """Serve a playlist with these lines."""
    return MediaInput(server.add("/list.m3u8", Page(lines(*text).encode())), is_playlist=True)


def read_all(file: PlaylistFile) -> bytes:
    """Read to the end in blocks of 1000 bytes."""
    return b"".join(iter(lambda: file.read(1000), b""))
