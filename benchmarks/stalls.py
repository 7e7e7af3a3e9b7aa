"""Stalls: the longest block of the event loop of a real Home Assistant.

One camera with a library of 100,000 snapshots, and an ASCII player, in a process of its own. In each
row 20 users, each logged in over a WebSocket, send the same request at once, and a tick every 10 ms
measures how late the loop is until all have been answered. A tick during a block is late by the rest
of the block, so the greatest lateness is the longest block. The camera is the demo camera, which
draws in a thread of its own; the snapshots are files of one byte with names a second apart.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
import time
from typing import Any, Final

from benchmarks.histories import START, fill
from benchmarks.measuring import Case, Details, Result, scratch
from benchmarks.sized_home import entry, store_entries
from custom_components.retrocam.core.library.files import format_name
from custom_components.retrocam.media.items import MOST_LISTED, MediaKind, content_id
from demo.client import Client
from demo.server import add_probe, free_port, running

FILES: Final = 100_000
CALLERS: Final = 20
DELETED: Final = 29_500
"""Files deleted by one action: the number at which Home Assistant used to disconnect a browser."""
KEPT: Final = 20_000
"""Files left when the limit is lowered."""
BAR: Final = 50.0
"""Milliseconds."""
BEFORE: Final = {
    f"GET snapshots, {MOST_LISTED}": "11690 ms with 10,000, 1215 ms with 500",
    f"retrocam/media/list, {MOST_LISTED}": "12628 ms with 10,000, 809 ms with 500",
    f"list_snapshots, {MOST_LISTED}": "17586 ms with 10,000, 1064 ms with 500",
    "browse a day": "1920 ms",
    "browse the days": "56 ms",
    "take_snapshot, 10 each": "174 ms",
    "ascii_frame, 10 each": "342 ms",
    "record 1 s, 3 each": "90 ms",
    "play a camera, 15 each": "462 ms",
    f"delete {DELETED}, {CALLERS} subscribed": "1907 ms, and the subscribers were disconnected",
}
"""The longest blocks before there were pages, slices and queues, on a machine with 2 cores."""
IDLE: Final = 35.0
"""Seconds after which everything that played has ended."""
LONGEST: Final = 120
"""Seconds after which a measurement ends by itself."""
CAMERA: Final = "camera.camera_0"
PLAYER: Final = "media_player.camera_1"
SHAPE: Final = {"width": 320, "height": 180, "fps": 10}
QUIET: Final = {
    "lookback": {"lookback_enabled": False},
    "history": {"history_enabled": False, "keep_last": 1_000_000},
    "storage": {"min_free_megabytes": 0},
}


@dataclass(frozen=True, slots=True)
class Busy:
    """Home Assistant with a large library, and its clients."""

    clients: tuple[Client, ...]
    camera: str
    """Entry id."""

    async def wait_for(self, least: int, most: int) -> None:
        """Wait until `count` snapshots are indexed, which another process scans or deletes."""
        client = self.clients[0]
        while not least <= (await listed(self)(client))["total"] <= most:  # noqa: ASYNC110  # state of another process
            await asyncio.sleep(0.2)  # polling interval

    async def stretch(self, ask: Callable[[Client], Awaitable[object]]) -> Details:
        """Send a request from all clients at once; return the lateness of the loop."""
        watcher = self.clients[0]
        path = f"/api/retrocam_probe/lag?seconds={LONGEST}"
        watching = asyncio.create_task(watcher.get(path))
        await asyncio.sleep(0.3)  # some ticks before the load
        began = time.perf_counter()
        answers = await asyncio.gather(
            *(ask(client) for client in self.clients), return_exceptions=True
        )
        took = time.perf_counter() - began
        await asyncio.sleep(0.5)  # work that follows the responses counts too
        await watcher.get("/api/retrocam_probe/lag/stop")
        late = {name: round(value, 1) for name, value in (await watching).items()}
        failed = [one for one in answers if isinstance(one, BaseException)]
        for error in failed:
            if "'busy'" not in str(error):
                raise error
        return {**late, "seconds": round(took, 2), "callers_refused": len(failed)}


def _entries() -> list[dict[str, Any]]:
    camera, player = entry(0, ""), entry(1, "")
    slug = {"slug": camera["data"]["slug"]}
    camera |= {"data": {"kind": "demo", **slug, "advanced": SHAPE}, "options": QUIET}
    player |= {"data": {"kind": "ascii_player", "slug": "camera_1"}, "options": {}}
    return [camera, player]


@asynccontextmanager
async def busy_home() -> AsyncIterator[Busy]:
    """Run it until the library has been scanned."""
    with scratch() as name:
        directory = Path(name)
        extra = add_probe(directory)
        entries = _entries()
        await asyncio.to_thread(store_entries, directory, entries)
        snapshots = directory / "media" / "retrocam" / "camera_0" / "snapshots"
        snapshots.mkdir(parents=True)
        await asyncio.to_thread(fill, snapshots, FILES)
        async with running(directory, free_port(), extra) as server, AsyncExitStack() as stack:
            clients = [
                await stack.enter_async_context(Client.logged_in(server.url))
                for _ in range(CALLERS)
            ]
            await clients[0].wait_until_loaded()
            home = Busy(tuple(clients), entries[0]["entry_id"])
            await home.wait_for(FILES, FILES)
            yield home


def listed(home: Busy, **more: Any) -> Callable[[Client], Awaitable[Any]]:
    """Request a page over the WebSocket."""
    command = {"entry_id": home.camera, "kind": "snapshots", "limit": 1, **more}
    return lambda client: client.command("retrocam/media/list", **command)


def browsed(media: str) -> Callable[[Client], Awaitable[Any]]:
    """Browse Home Assistant's media below an id."""
    return lambda client: client.command("media_source/browse_media", media_content_id=media)


def action(name: str, entity_id: str, times: int = 1, **data: Any) -> Callable[[Client], Any]:
    """Call an action `count` times at once, and wait for all responses."""

    async def ask(client: Client) -> None:
        calls = (
            client.command(
                "call_service",
                domain="retrocam",
                service=name,
                service_data=data,
                target={"entity_id": entity_id},
                return_response=name != "delete_media",
            )
            for _ in range(times)
        )
        answers = await asyncio.gather(*calls, return_exceptions=True)
        for answer in answers:
            if isinstance(answer, BaseException):
                raise answer

    return ask


def names(first: int, count: int) -> list[str]:
    return [format_name((START + number) * 1000, "jpg") for number in range(first, first + count)]


async def subscribe(home: Busy) -> None:
    for client in home.clients:
        await client.command("retrocam/media/subscribe", entry_id=home.camera)


async def rows(home: Busy) -> dict[str, Details]:
    """Measure all requests."""
    found: dict[str, Details] = {}

    async def row(what: str, ask: Callable[[Client], Awaitable[object]]) -> None:
        found[what] = await home.stretch(ask)

    async def nothing(_client: Client) -> None:
        await asyncio.sleep(2)

    path = f"/api/retrocam/snapshots/{home.camera}?limit={MOST_LISTED}"
    source = f"media-source://retrocam/{home.camera}/snapshots"
    day = time.strftime("%Y-%m-%d", time.gmtime(START + FILES / 2))
    await row("nobody asks", nothing)
    await row(f"GET snapshots, {MOST_LISTED}", lambda client: client.get(path))
    await row(f"retrocam/media/list, {MOST_LISTED}", listed(home, limit=MOST_LISTED))
    await row(f"list_snapshots, {MOST_LISTED}", action("list_snapshots", CAMERA, limit=MOST_LISTED))
    for what, where in (("a day", f"{source}/{day}"), ("the days", source)):
        await row(f"browse {what}", browsed(where))
    await row("take_snapshot, 10 each", action("take_snapshot", CAMERA, 10))
    await row("ascii_frame, 10 each", action("ascii_frame", CAMERA, 10))
    await row("record 1 s, 3 each", action("record", CAMERA, 3, lookback=0, duration=1))
    await row("play a camera, 15 each", action("play", PLAYER, 15, media=CAMERA))
    stop = {"domain": "media_player", "service": "media_stop", "target": {"entity_id": PLAYER}}
    await home.clients[0].command("call_service", **stop)
    # The demo camera's stream runs for so long without a reader.
    await asyncio.sleep(IDLE)
    await subscribe(home)
    one = home.clients[0]
    ids = [content_id(home.camera, MediaKind.SNAPSHOTS, name) for name in names(0, DELETED)]
    delete = action("delete_media", CAMERA, media_content_id=ids)

    async def by_one(client: Client) -> None:
        if client is one:
            await delete(client)

    await row(f"delete {DELETED}, {CALLERS} subscribed", by_one)

    async def lower(client: Client) -> None:
        if client is one:
            await client.change_options(home.camera, "history", keep_last=KEPT)
            await client.wait_until_loaded()
            await home.wait_for(1, KEPT)

    await row(f"keep {KEPT}, {CALLERS} subscribed", lower)
    return found


async def measure() -> list[Result]:
    async with busy_home() as home:
        found = await rows(home)
    return [
        Result(
            what=described(what, details["p99_ms"]),
            ours=details["max_ms"],
            unit="ms",
            bar=BAR,
            details=details,
        )
        for what, details in found.items()
    ]


def described(what: str, p99: float) -> str:
    before = f"; before {BEFORE[what]}" if what in BEFORE else ""
    return f"{what}: longest block (99th percentile {p99:.1f} ms{before})"


CASE = Case(
    name="stalls",
    compares="the longest stretch of the event loop, 20 callers and 100,000 files",
    run=lambda: asyncio.run(measure()),
)
