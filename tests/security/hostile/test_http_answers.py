"""HTTP response headers for the player's requests: media, playlists and thumbnails."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
import threading

from custom_components.retrocam.core.errors import PlayError
from custom_components.retrocam.core.player.artwork import fetch_artwork
from custom_components.retrocam.core.player.hls.playlist_file import PlaylistFile
from custom_components.retrocam.core.player.net.addresses import Network, is_any
from custom_components.retrocam.core.player.net.fetch import as_play_error
from custom_components.retrocam.core.player.net.http_file import RemoteFile
from custom_components.retrocam.core.player.net.streams import MediaInput

from ...core.player.hosts import here
from ...core.player.server import MediaServer, Request
from .limits import bounded, case_random, cases, described
from .mutations import mutated_text
from .seeds import PLAIN_PLAYLIST, stills

HEADS = (
    "HTTP/1.1 200 OK\nContent-Type: video/mp4\nContent-Length: {size}\nConnection: close",
    "HTTP/1.1 206 Partial Content\nContent-Range: bytes 0-{last}/{size}\nContent-Length: {size}",
    "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\nConnection: close",
    "HTTP/1.1 302 Found\nLocation: http://127.0.0.1:1/elsewhere\nContent-Length: 0",
)
BODIES = (PLAIN_PLAYLIST.encode(), stills()["jpeg"])


def answered(request: Request, number: int) -> None:
    """Respond with a mutated header."""
    rng = case_random("head", number)
    body = rng.choice(BODIES)
    head = rng.choice(HEADS).replace("{size}", str(len(body))).replace("{last}", str(len(body) - 1))
    if "chunked" in head:
        sizes = mutated_text(f"{len(body):x}", rng) if rng.random() < 0.5 else b"%x" % len(body)
        body = sizes + b"\r\n" + body + b"\r\n0\r\n\r\n"
    data = mutated_text(head, rng).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    request.close_connection = True
    request.wfile.write(data + b"\r\n\r\n" + body)


def read(url: str, network: Network) -> int:
    """Read a URL in each of the player's ways; return how many failed."""
    failures = 0
    for attempt in (
        lambda: RemoteFile(MediaInput(url), network).read(),
        lambda: PlaylistFile(MediaInput(url, is_playlist=True), network).read(100),
        lambda: fetch_artwork(network, url),
    ):
        try:
            attempt()
        except (PlayError, OSError, HTTPException) as err:
            failures += bool(as_play_error(err).code)
    return failures


async def test_response_headers_are_read_or_rejected(server: MediaServer) -> None:
    failed: dict[str, int] = {}
    outcomes: set[int] = set()

    def case(number: int) -> None:
        network = Network(is_any, timeout=0.5, lookup=here)
        giving_up = threading.Timer(1.0, network.close)
        giving_up.start()
        try:
            url = server.add(f"/{number}", lambda request: answered(request, number))
            outcomes.add(read(url, network))
        except Exception as err:  # noqa: BLE001  # any error fails the test, with its case
            failed.setdefault(described(err), number)
        finally:
            giving_up.cancel()
            giving_up.join()
            network.close()

    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(6) as pool:
        async with bounded():
            await asyncio.gather(*(loop.run_in_executor(pool, case, each) for each in cases(80)))
    assert failed == {}, failed
    assert len(outcomes) > 1
