"""Playlists on a server, and what is read of them."""

from custom_components.retrocam.core.player.hls.playlist_file import PlaylistFile
from custom_components.retrocam.core.player.net.streams import MediaInput

from ..server import MediaServer, Page

HEAD = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n"
URL = "http://host/path/list.m3u8"


def lines(*text: str) -> str:
    """Return a playlist of these lines."""
    return HEAD + "\n".join(text) + "\n"


def playlist_of(server: MediaServer, *text: str) -> MediaInput:
    """Put a playlist on the server."""
    return MediaInput(server.add("/list.m3u8", Page(lines(*text).encode())), is_playlist=True)


def read_all(file: PlaylistFile) -> bytes:
    """Read to the end, in small pieces."""
    return b"".join(iter(lambda: file.read(1000), b""))
