"""Finds leaks: compares the resources before and after all entries are unloaded."""

import asyncio
from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

from demo.process import Snapshot, snapshot

from .scene import Scene

WITHIN: Final = 75.0
"""Timeout in s: Home Assistant's own streams wait 30 s for a viewer."""
POOL: Final = ("SyncWorker_", "ImportExecutor", "asyncio_")
"""Threads that Home Assistant keeps, as many as were ever busy at once."""
SLACK: Final = 4
"""Sockets and handles that Home Assistant itself may have added: keep-alive connections."""


@dataclass(frozen=True, slots=True)
class Left:
    """Resources of a Home Assistant whose Retrocam entries are unloaded."""

    tasks: Counter[str]
    threads: Counter[str]
    process: Snapshot

    @property
    def ours(self) -> list[str]:
        """Threads and tasks of Retrocam, and of Home Assistant's streams."""
        threads = [one for one in self.threads if one.startswith(("retrocam", "stream_worker"))]
        tasks = [one for one in self.tasks if "retrocam" in one and "probe" not in one]
        return sorted(threads + tasks)

    def media(self, directory: str) -> list[str]:
        """Open files below a directory."""
        return [path for path in self.process.files if path.startswith(directory)]


async def probe(scene: Scene) -> dict[str, Any]:
    """Query the probe, once memory has settled."""
    answer: dict[str, Any] = await scene.client.get("/api/retrocam_probe?settle=1")
    return answer


async def unload_all(scene: Scene) -> Left:
    """Disable all entries and wait until their resources are gone; return what remains."""
    for one in reversed(scene.instances):
        await scene.client.command(
            "config_entries/disable", entry_id=one.entry_id, disabled_by="user"
        )
    return await _settled(scene)


async def load_all(scene: Scene) -> None:
    """Enable all entries again."""
    for one in scene.instances:
        await scene.client.command(
            "config_entries/disable", entry_id=one.entry_id, disabled_by=None
        )
    await scene.wait_until_loaded()


async def _settled(scene: Scene) -> Left:
    loop = asyncio.get_running_loop()
    end = loop.time() + WITHIN
    while True:
        left = await _look(scene)
        busy = left.ours or left.media(str(scene.directory / "media"))
        if not busy or loop.time() > end:
            return left
        await asyncio.sleep(1)  # each query makes the other process collect its garbage


async def _look(scene: Scene) -> Left:
    state = await probe(scene)
    process = await asyncio.to_thread(snapshot, scene.pid)
    return Left(Counter(state["tasks"]), Counter(state["threads"]), process)


def compare(scene: Scene, before: Left, after: Left) -> dict[str, Any]:
    """Record leaks as faults; return the figures."""
    for left in (before, after):
        if left.ours:
            scene.fault(f"left after unload: {', '.join(left.ours)}")
        if open_files := left.media(str(scene.directory / "media")):
            scene.fault(f"open files after unload: {', '.join(open_files)}")
    figures: dict[str, Any] = {
        "megabytes": [round(left.process.rss / 1e6, 1) for left in (before, after)]
    }
    for name, was, is_ in (
        ("sockets", before.process.sockets, after.process.sockets),
        ("handles", before.process.handles, after.process.handles),
        ("threads", _threads(before), _threads(after)),
        ("tasks", before.tasks.total(), after.tasks.total()),
    ):
        figures[name] = [was, is_]
        if is_ > was + SLACK:
            scene.fault(f"{name} after unload: {was} before, {is_} after")
    return figures


def _threads(left: Left) -> int:
    return sum(count for name, count in left.threads.items() if not name.startswith(POOL))
