"""What viewers of the past cost Home Assistant: CPU of one, and memory of twenty."""

import asyncio
from collections.abc import Iterable
import time
from typing import Final
from urllib.parse import urljoin

import aiohttp

from benchmarks.measuring import Result, length, paired, repeats, spent_in
from benchmarks.rewind_page import Player
from benchmarks.sized_home import SizedHome
from tests.core.footage.hls import Listed, parse

BACK: Final = 30.0
WINDOW: Final = length(20.0)
RUNS: Final = repeats(4)
READERS: Final = 20
READ: Final = 80.0
"""Seconds for which readers read: longer than the ring, so that they hold what it drops."""


async def cost(home: SizedHome, player: Player, entity: str, entry_id: str) -> Result:
    """Compare one viewer of the past with one of Home Assistant's stream: CPU of the process."""
    pairs = []
    for _ in range(RUNS):
        await player.start(entity=entity)
        watching = await spent_in(WINDOW, lambda: home.cpu)
        await player.start(entry=entry_id, past=True)
        async with home.client.subscription("retrocam/footage/subscribe", entry_id=entry_id):
            await player.jump(time.time() - BACK)
            rewinding = await spent_in(WINDOW, lambda: home.cpu)
        pairs.append((watching.cpu, rewinding.cpu))
    await player.stop()
    return paired(pairs).result(
        "a viewer who rewinds, against one of Home Assistant's HLS: CPU of Home Assistant",
        unit="ms CPU/s",
        bar=1.2,
        details={"window_s": WINDOW},
    )


class Reader:
    """A client of the playlist, at some place of it."""

    def __init__(self, session: aiohttp.ClientSession, url: str, place: float) -> None:
        """`place` is the share of the playlist before it."""
        self._session = session
        self._url = url
        self._place = place
        self.read = 0
        """Segments read."""

    async def segments(self) -> list[Listed]:
        """Return the complete segments of the playlist now."""
        text = (await self.get(self._url)).decode()
        return [segment for segment in parse(text).segments if segment.uri]

    async def get(self, url: str) -> bytes:
        """Return the bytes of a URL relative to the playlist."""
        async with self._session.get(urljoin(self._url, url)) as response:
            data = await response.read()
            if response.status != 200:
                raise RuntimeError(f"a reader gets {response.status}")
            return data

    async def follow(self, seconds: float) -> None:
        """Play from there on for some seconds."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        listed = await self.segments()
        number = listed[int(self._place * len(listed))].number
        while loop.time() < end:
            segment = next((one for one in await self.segments() if one.number >= number), None)
            if segment is not None:
                await self.get(segment.uri)
                self.read += 1
                number = segment.number + 1
            # It plays meanwhile.
            await asyncio.sleep(segment.duration if segment else 1.0)


async def growth(home: SizedHome, entry_id: str) -> Result:
    """Let readers read at many places, and compare the growth of the process with the ring."""
    urls = await home.client.command("retrocam/urls", entry_id=entry_id)
    master = urljoin(home.client.url, urls["footage_playlist"])
    async with aiohttp.ClientSession() as session:
        text = (await Reader(session, master, 0).get(master)).decode()
        playlist = urljoin(master, text.splitlines()[-1])
        readers = [Reader(session, playlist, index / READERS) for index in range(READERS)]
        ring = await size(readers[0])
        before = await home.memory()
        async with asyncio.TaskGroup() as group:
            reading = [group.create_task(reader.follow(READ)) for reader in readers]
            peak = await highest(home, reading)
        settled = await home.memory()
    details = {
        "ring_mb": round(ring / 1e6, 1),
        "settled_mb": round((settled - before) / 1e6, 1),
        "segments_of_each": sorted(reader.read for reader in readers),
    }
    return Result(
        what=f"{READERS} readers at {READERS} places for {READ:.0f} s: growth of Home Assistant's "
        "process, against the ring",
        ours=(peak - before) / 1e6,
        peer=ring / 1e6,
        ratio=(peak - before) / ring,
        unit="MB",
        bar=1.15,
        details=details,
    )


async def size(reader: Reader) -> int:
    """Return the bytes of all complete segments."""
    return sum([len(await reader.get(segment.uri)) for segment in await reader.segments()])


async def highest(home: SizedHome, reading: Iterable[asyncio.Task[None]]) -> int:
    """Return the most memory of the process until all have read."""
    peak = 0
    pending = set(reading)
    while pending:
        peak = max(peak, await home.memory())
        _, pending = await asyncio.wait(pending, timeout=2.0)
    return peak
