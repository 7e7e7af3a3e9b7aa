"""A real Home Assistant with any number of RTSP cameras, in a process of its own."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
import json
from pathlib import Path
from typing import Any, Final

from benchmarks.measuring import scratch
from demo.client import Client
from demo.process import cpu, rss
from demo.server import Server, add_probe, free_port, running

OPTIONS: Final = {
    "lookback": {"lookback_enabled": True, "lookback_seconds": 60, "lookback_megabytes": 64},
    "history": {"history_enabled": True, "interval_sec": 10},
    "storage": {"min_free_megabytes": 0},
}
MADE: Final = "2026-01-01T00:00:00+00:00"


@dataclass(frozen=True, slots=True)
class SizedHome:
    """Home Assistant with a number of cameras, loaded."""

    server: Server
    client: Client
    entry_ids: tuple[str, ...]
    started: float
    """Seconds from the start of the process until all entries were loaded."""

    @property
    def cpu(self) -> float:
        """CPU seconds of its process."""
        return cpu(self.server.process.pid)

    async def memory(self) -> int:
        """Return its memory in bytes, after freed memory is returned to the system."""
        await self.client.get("/api/retrocam_probe?settle=1")
        return rss(self.server.process.pid)

    async def lag(self, seconds: float) -> dict[str, float]:
        """Measure the lateness of the event loop for `seconds`; ms."""
        found: dict[str, float] = await self.client.get(
            f"/api/retrocam_probe/lag?seconds={seconds}"
        )
        return found

    async def unload(self) -> float:
        """Unload all entries; return the seconds that it takes."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        for entry_id in self.entry_ids:
            await self.client.command(
                "config_entries/disable", entry_id=entry_id, disabled_by="user"
            )
        return loop.time() - began


def entry(
    number: int, url: str, options: Mapping[str, Mapping[str, Any]] = OPTIONS
) -> dict[str, Any]:
    """Return an entry in Home Assistant's storage format: 64 flows take minutes, and are rejected."""
    return {
        "created_at": MADE,
        "data": {
            "kind": "camera_url",
            "url": url,
            "rtsp_transport": "tcp",
            "slug": f"camera_{number}",
            "advanced": {"use_wallclock_as_timestamps": False, "verify_ssl": False},
        },
        "disabled_by": None,
        "discovery_keys": {},
        "domain": "retrocam",
        "entry_id": f"{number:026}",
        "minor_version": 1,
        "modified_at": MADE,
        "options": options,
        "pref_disable_new_entities": False,
        "pref_disable_polling": False,
        "source": "user",
        "subentries": [],
        "title": f"Camera {number}",
        "unique_id": None,
        "version": 1,
    }


@asynccontextmanager
async def sized_home(
    cameras: int,
    url: str,
    *,
    bare: int = 0,
    options: Mapping[str, Mapping[str, Any]] = OPTIONS,
) -> AsyncIterator[SizedHome]:
    """Run it with `cameras` that all open `url`, or as many `bare` streams of its own."""
    loop = asyncio.get_running_loop()
    with scratch() as name:
        directory = Path(name)
        extra = add_probe(directory)
        if bare:
            extra += f"  streams: {bare}\n  url: {url}\n"
        entries = [entry(number, url, options) for number in range(cameras)]
        await asyncio.to_thread(store_entries, directory, entries)
        began = loop.time()
        async with (
            running(directory, free_port(), extra) as server,
            Client.logged_in(server.url) as client,
        ):
            await client.wait_until_loaded()
            started = loop.time() - began
            yield SizedHome(server, client, tuple(one["entry_id"] for one in entries), started)


def store_entries(directory: Path, entries: list[dict[str, Any]]) -> None:
    """Write entries in Home Assistant's storage format, before its first start; blocks."""
    path = directory / ".storage" / "core.config_entries"
    path.parent.mkdir()
    content = {"version": 1, "minor_version": 5, "key": path.name, "data": {"entries": entries}}
    path.write_text(json.dumps(content), encoding="utf-8")
