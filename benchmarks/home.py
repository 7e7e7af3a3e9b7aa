"""A real Home Assistant with a demo camera, in a process of its own, whose CPU can be read."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.measuring import scratch, spent_in
from demo.client import Client
from demo.process import cpu
from demo.server import Server, free_port, running

LOOK: Final = 5.0
"""Seconds between two checks for idleness."""
AT_REST: Final = 20.0
"""Most CPU milliseconds per second when idle."""
LOOKS: Final = 24


@dataclass(frozen=True, slots=True)
class Home:
    """Home Assistant with the demo camera."""

    server: Server
    client: Client
    entry_id: str

    def cpu(self) -> float:
        """Return its CPU seconds, user and system; Linux only."""
        return cpu(self.server.process.pid)

    async def rest(self) -> float:
        """Wait until start-up is over; return the remaining CPU in ms per second.

        Raises TimeoutError.
        """
        for _ in range(LOOKS):
            spent = await spent_in(LOOK, self.cpu)
            if spent.cpu <= AT_REST:
                return spent.cpu
        raise TimeoutError("Home Assistant does not become idle")


@asynccontextmanager
async def demo_camera() -> AsyncIterator[Home]:
    """Run it with an idle demo camera: neither lookback nor history."""
    with scratch() as directory:
        async with (
            running(Path(directory), free_port()) as server,
            Client.logged_in(server.url) as client,
        ):
            entry = await client.add_entry(("demo", {"name": "Camera"}))
            entry_id = str(entry["entry_id"])
            await client.wait_for_state(await client.entity_id(entry_id, "camera"))
            for key in ("lookback", "history"):
                switch = await client.entity_id(entry_id, key)
                await client.post("/api/services/switch/turn_off", {"entity_id": switch})
            # The stream would run until its idle timer fires.
            await client.post(f"/api/config/config_entries/entry/{entry_id}/reload", {})
            yield Home(server, client, entry_id)
