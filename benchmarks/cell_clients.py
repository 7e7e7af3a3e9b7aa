"""ASCII clients: CPU of 50 clients beyond one, against a bare WebSocket server.

As in `mjpeg`: Home Assistant in a process of its own with the demo camera, lookback and history off; its
whole CPU is counted, including drawing and decoding. The clients, in this process, are bare WebSockets
that acknowledge each packet without decoding it. The peer sends packets of the same size at the same
rate and reads the same acknowledgements; both sides are the CPU added by 49 clients.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
import statistics
import sys
from typing import Final

import aiohttp

from benchmarks.home import demo_camera
from benchmarks.measuring import Case, Result, length, paired, repeats, spent_in
from custom_components.retrocam.core.ascii.wire import SUBPROTOCOL
from custom_components.retrocam.urls import CELLS_PATH
from demo.process import cpu

CLIENTS: Final = 50
WINDOW: Final = length(12.0)
"""Seconds of one side."""
RUNS: Final = repeats(3)
BAR: Final = 1.8
"""The peer keeps no state for its clients; ours tracks what each one has drawn."""
SEQ: Final = slice(4, 8)
"""Offset of the sequence number in a packet's header."""


class CellReader:
    """A client that reads and acknowledges packets."""

    def __init__(self) -> None:
        """Start without packets."""
        self.packets = 0
        self.size = 0
        self.looking = asyncio.Event()

    async def run(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Read until the socket is closed."""
        async for message in socket:
            if message.type is aiohttp.WSMsgType.BINARY:
                self.packets += 1
                self.size += len(message.data)
                self.looking.set()
                await socket.send_json({"ack": int.from_bytes(message.data[SEQ], "little")})


@dataclass(frozen=True, slots=True)
class Sender:
    """The server under test."""

    url: str
    headers: dict[str, str]
    cpu: Callable[[], float]


@dataclass(frozen=True, slots=True)
class Window:
    """CPU and packets for a number of clients."""

    cpu: float
    """Milliseconds per second."""
    rate: float
    """Packets per second of the slowest client."""
    size: float
    """Bytes per packet."""


@asynccontextmanager
async def client(sender: Sender, session: aiohttp.ClientSession) -> AsyncIterator[CellReader]:
    """Connect a client during a `with` block, which starts once packets arrive."""
    reader = CellReader()
    async with session.ws_connect(
        sender.url, protocols=[SUBPROTOCOL], headers=sender.headers
    ) as socket:
        task = asyncio.create_task(reader.run(socket))
        try:
            async with asyncio.timeout(30):
                await reader.looking.wait()
            yield reader
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def window(sender: Sender, clients: int) -> Window:
    """Measure with `count` clients."""
    connector = aiohttp.TCPConnector(limit=0, force_close=True)
    async with (
        aiohttp.ClientSession(connector=connector) as session,
        AsyncExitStack() as stack,
    ):
        looking = [await stack.enter_async_context(client(sender, session)) for _ in range(clients)]
        had, size = [one.packets for one in looking], looking[0].size
        spent = await spent_in(WINDOW, sender.cpu)
        got = [one.packets - start for one, start in zip(looking, had, strict=True)]
        rate = min(got) / spent.seconds
        return Window(spent.cpu, rate, (looking[0].size - size) / max(1, got[0]))


@asynccontextmanager
async def bare(one: Window) -> AsyncIterator[Sender]:
    """Run a peer that sends as much as one client received."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.bare_sockets", str(round(one.size)), str(one.rate),
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stdout is not None  # noqa: S101  # it is a pipe
        port = int(await process.stdout.readline())
        yield Sender(f"http://127.0.0.1:{port}/", {}, lambda: cpu(process.pid))
    finally:
        process.kill()
        await process.wait()


async def compare() -> list[Result]:
    async with demo_camera() as home:
        url = home.server.url + CELLS_PATH.format(entry_id=home.entry_id)
        ours = Sender(url, home.client.headers, home.cpu)
        one = await window(ours, 1)  # excludes one-time work
        alone, added = [], []
        async with bare(one) as limit:
            for _ in range(RUNS):
                least = [await window(sender, 1) for sender in (limit, ours)]
                most = [await window(sender, CLIENTS) for sender in (limit, ours)]
                alone.append((least[1], most[1]))
                added.append(
                    (most[0].cpu - least[0].cpu, most[1].cpu - least[1].cpu),
                )
    worst, rate = min(many.rate for _, many in alone), min(few.rate for few, _ in alone)
    if worst < 0.8 * rate:
        raise RuntimeError(f"a client got {worst:.1f} packets per second, alone {rate:.1f}")
    details = {
        "one_ms_s": round(statistics.median(few.cpu for few, _ in alone), 1),
        "fifty_ms_s": round(statistics.median(many.cpu for _, many in alone), 1),
        "packets_s_of_worst_client": round(worst, 2),
        "bytes_a_packet": round(one.size),
    }
    what = (
        f"{CLIENTS - 1} more ASCII clients than one, {rate:.0f} packets/s each, "
        "against a bare WebSocket server"
    )
    return [paired(added).result(what, unit="ms CPU/s", bar=BAR, details=details)]


CASE = Case(
    name="cell_clients",
    compares="50 cell clients, against a bare WebSocket server with as many",
    run=lambda: asyncio.run(compare()),
)
