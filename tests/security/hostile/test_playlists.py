"""HLS playlists, as the player reads them."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
import threading

import pytest

from custom_components.retrocam.core.errors import PlayError
from custom_components.retrocam.core.player.common_start import CommonStart
from custom_components.retrocam.core.player.demux import Source
from custom_components.retrocam.core.player.hls.playlist import parse_playlist
from custom_components.retrocam.core.player.net.addresses import Network, is_any
from custom_components.retrocam.core.player.net.streams import MediaInput

from ...core.player.server import MediaServer, Page
from .limits import bounded, case_random, cases, described, try_all
from .mutations import mutated_text
from .seeds import MEDIA_PLAYLIST, PLAIN_PLAYLIST, serve_media

SEEDS = {"media": MEDIA_PLAYLIST, "plain": PLAIN_PLAYLIST}


def made(kind: str, number: int) -> bytes:
    """Return a mutation of a playlist."""
    return mutated_text(SEEDS[kind], case_random(kind, number))


@pytest.mark.parametrize("kind", SEEDS)
async def test_playlists_are_read_or_rejected(kind: str) -> None:
    def attempt(data: bytes) -> None:
        parse_playlist(data.decode("utf-8", "replace"), "http://192.0.2.1/list.m3u8")

    async with bounded():
        assert await try_all(attempt, (made(kind, number) for number in cases(300)), (PlayError,))


@pytest.mark.parametrize("kind", SEEDS)
async def test_playlists_are_played_or_rejected(server: MediaServer, kind: str) -> None:
    """Live playlists, and failing servers, are abandoned after a moment."""
    serve_media(server)
    failed: dict[str, bytes] = {}

    def play(number: int) -> bool:
        data = made(kind, number)
        network = Network(is_any, timeout=5)
        giving_up = threading.Timer(1.0, network.close)
        giving_up.start()
        url = server.add(f"/{number}.m3u8", Page(data))
        try:
            source = Source(MediaInput(url, is_playlist=True), network, CommonStart())
            try:
                return bool([packet for _, packet, _ in source.packets()])
            finally:
                source.close()
                del server.pages[f"/{number}.m3u8"]
        except PlayError:
            return False
        except Exception as err:  # noqa: BLE001  # any error fails the test, with its case
            failed.setdefault(described(err), data[:1000])
            return False
        finally:
            giving_up.cancel()
            giving_up.join()

    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(4) as pool:
        async with bounded():
            played = await asyncio.gather(
                *(loop.run_in_executor(pool, play, number) for number in cases(60))
            )
    assert failed == {}, failed
    assert any(played)
