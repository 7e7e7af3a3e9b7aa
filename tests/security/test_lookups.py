"""A page designed to take long delays neither the event loop nor Home Assistant's shutdown."""

import asyncio
from pathlib import Path

from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.retrocam.cameras.lookups import LOOKUP_SERVER
from custom_components.retrocam.core.player.lookup.server import LookupServer

from ..conftest import LoadEntry
from ..core.player.lookup.children import children, is_running
from ..core.player.server import MediaServer, Page
from ..loop_lag import STRETCH, loop_lag
from ..waiting import until

SITE = "/Mediasite/Play/0123456789abcdef0123456789abcdef"
"""A path for which yt-dlp takes any host for a known site."""


@pytest.fixture
async def player(home: HomeAssistant, load: LoadEntry, server: MediaServer) -> MockConfigEntry:
    """A player with its own look-up server."""
    del home.data[LOOKUP_SERVER]
    home.config.allowlist_external_urls = {server.root + "/"}
    return await load({"kind": "ascii_player", "name": "Screen"}, title="Screen")


@pytest.fixture
def hostile(server: MediaServer) -> str:
    """16 MB on which a yt-dlp expression computes for days."""
    page = Page(b"<div " * (3 << 20), "text/html")
    assert len(page.body) < 16 << 20
    return server.add(SITE, page)


async def computing(server: LookupServer) -> int:
    """Wait for a busy look-up process, and return its id."""

    def busy() -> bool:
        pids = children(server)
        return bool(pids) and cpu_seconds(pids[0]) > 1.0

    await until(busy, within=90)
    return children(server)[0]


def cpu_seconds(pid: int) -> float:
    """Return the CPU time of a process; 0 if there is none."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / 100


async def test_slow_page_does_not_block_the_event_loop(
    home: HomeAssistant,
    player: MockConfigEntry,
    hostile: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    resolver = player.runtime_data.session.resolver
    with loop_lag(0.005) as lag:
        playing = asyncio.ensure_future(
            home.services.async_call(
                "retrocam",
                "play",
                {"entity_id": "media_player.screen", "media": hostile},
                blocking=True,
            )
        )
        pid = await computing(resolver.pool.server)
    assert lag.longest < STRETCH
    # Home Assistant stops meanwhile, and waits for nothing until it gives up.
    await home.async_stop(force=True)
    assert "Timed out" not in caplog.text
    assert not is_running(pid)
    assert resolver.pool.server.pid is None
    await asyncio.wait([playing])
    assert playing.cancelled() or playing.exception() is not None or playing.result() is None


async def test_unload_ends_a_look_up(
    home: HomeAssistant, player: MockConfigEntry, hostile: str
) -> None:
    pool = player.runtime_data.session.resolver.pool
    player.runtime_data.session.play(hostile, trusted=True)
    pid = await computing(pool.server)
    assert await home.config_entries.async_unload(player.entry_id)
    assert not is_running(pid)
    assert pool.server.pid is None


async def test_players_share_one_server_that_ends_with_the_last(
    home: HomeAssistant, player: MockConfigEntry, load: LoadEntry, server: MediaServer
) -> None:
    other = await load({"kind": "ascii_player", "name": "Other"}, title="Other")
    pool = player.runtime_data.session.resolver.pool
    assert other.runtime_data.session.resolver.pool is pool
    other.runtime_data.session.play(server.add("/gone.mp4", Page(status=404)), trusted=True)
    await other.runtime_data.session.settled(1)
    assert pool.server.pid is not None
    assert await home.config_entries.async_unload(player.entry_id)
    assert pool.server.pid is not None
    assert await home.config_entries.async_unload(other.entry_id)
    assert pool.server.pid is None
