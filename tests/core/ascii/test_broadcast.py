"""One encoder for any number of clients, which runs only while there are some."""

import asyncio
from collections.abc import AsyncIterator, Callable
import queue
import threading

import pytest

from custom_components.retrocam.core.ascii.broadcast import AsciiBroadcast
from custom_components.retrocam.core.ascii.client import AsciiClient
from custom_components.retrocam.core.ascii.messages import StreamConfig, state_message
from custom_components.retrocam.core.ascii.raster import layout_for
from custom_components.retrocam.core.ascii.wire import PacketType
from custom_components.retrocam.core.frames.feed import Picture, PictureFeed, Sink

from .ascii_decoder import AsciiDecoder, DecodedPacket, decode_planes
from .drawing import picture, read_number

CAMERA = StreamConfig(cols=40, rows=12, fps=24)
LAYOUT = layout_for(40, 12, CAMERA.glyphs)


class Source:
    """Emits pictures, or runs functions, on request in the feed's thread."""

    def __init__(self) -> None:
        self.todo: queue.Queue[Picture | Callable[[], None] | None] = queue.Queue()
        self.runs = 0

    def run(self, emit: Sink, stop: threading.Event) -> None:
        self.runs += 1
        while not stop.is_set():
            todo = self.todo.get()
            if isinstance(todo, Picture):
                emit(todo)
            elif todo is not None:
                todo()


class BroadcastHarness:
    """A feed, its broadcast, and a manual clock."""

    def __init__(self) -> None:
        self.now = 0.0
        self.source = Source()
        self.feed = PictureFeed("retrocam test feed", self.source)
        self.broadcast = AsciiBroadcast(
            "retrocam test encoder",
            self.feed,
            CAMERA,
            loop=asyncio.get_running_loop(),
            clock=lambda: self.now,
        )

    async def show(self, *numbers: int, to: DecodingClient) -> list[int]:
        """Emit pictures one by one, and return the numbers that arrived."""
        seen = []
        for number in numbers:
            self.source.todo.put(picture(number))
            seen.append(await to.number())
            to.client.ack(to.seq)
        return seen


class DecodingClient:
    """A client that decodes like a browser."""

    def __init__(self, client: AsciiClient) -> None:
        self.client = client
        self.decoder = AsciiDecoder(LAYOUT)
        self.inits: list[int] = []
        self.states: list[str] = []
        self.types: list[PacketType] = []
        self.seq = 0

    async def packet(self) -> DecodedPacket:
        while True:
            message = await asyncio.wait_for(self.client.next(), 60)
            assert message is not None
            if isinstance(message, bytes):
                decoded = self.decoder.decode(message)
                assert decoded is not None
                self.types.append(decoded.type)
                self.seq = decoded.seq
                return decoded
            if message["type"] == "init":
                self.inits.append(message["epoch"])
                self.decoder = AsciiDecoder(LAYOUT, epoch=message["epoch"])
            else:
                self.states.append(message["state"])

    async def number(self) -> int:
        return read_number(decode_planes(LAYOUT, (await self.packet()).codes))


@pytest.fixture
async def harness() -> AsyncIterator[BroadcastHarness]:
    harness = BroadcastHarness()
    yield harness
    harness.broadcast.close()
    harness.source.todo.put(None)
    harness.feed.close()
    running = [thread.name for thread in threading.enumerate() if "retrocam test" in thread.name]
    assert running == []


async def test_idle_without_clients(harness: BroadcastHarness) -> None:
    assert (harness.feed.running, harness.broadcast.clients, harness.broadcast.encoded) == (
        False,
        0,
        0,
    )
    assert harness.broadcast.dropped == 0
    viewer = DecodingClient(harness.broadcast.add_client())
    assert await harness.show(1, 2, 3, to=viewer) == [1, 2, 3]
    assert (harness.feed.readers, harness.broadcast.clients, harness.broadcast.encoded) == (1, 1, 3)
    assert harness.broadcast.dropped == 0
    viewer.client.close()
    assert (harness.feed.readers, harness.broadcast.clients, harness.broadcast.encoded) == (0, 0, 0)


async def test_returning_client_sees_no_old_picture(harness: BroadcastHarness) -> None:
    first = DecodingClient(harness.broadcast.add_client())
    await harness.show(1, 2, to=first)
    first.client.close()
    second = DecodingClient(harness.broadcast.add_client())
    assert await harness.show(9, to=second) == [9]
    assert second.types == [PacketType.KEY]


async def test_fifty_clients_share_one_encode(harness: BroadcastHarness) -> None:
    viewers = [DecodingClient(harness.broadcast.add_client()) for _ in range(50)]
    for number in range(40):
        await harness.show(number, to=viewers[0])
        others = [await viewer.number() for viewer in viewers[1:]]
        assert others == [number] * 49
        for viewer in viewers[1:]:
            viewer.client.ack(viewer.seq)
    assert harness.broadcast.encoded == 40


async def test_stalled_client_does_not_affect_others(harness: BroadcastHarness) -> None:
    viewer, sleeper = (
        DecodingClient(harness.broadcast.add_client()),
        DecodingClient(harness.broadcast.add_client()),
    )
    shown = []
    for number in range(100):
        harness.now = number / 24
        shown += await harness.show(number, to=viewer)
    assert shown == list(range(100))
    assert await sleeper.number() == 96  # it wakes up at the newest key
    assert sleeper.types == [PacketType.KEY]
    assert [await sleeper.number() for _ in range(3)] == [97, 98, 99]


async def test_late_client_catches_up_at_once(harness: BroadcastHarness) -> None:
    viewer = DecodingClient(harness.broadcast.add_client())
    await harness.show(*range(30), to=viewer)
    late = DecodingClient(harness.broadcast.add_client())
    assert [await late.number() for _ in range(6)] == [24, 25, 26, 27, 28, 29]
    assert late.inits == [0]


async def test_seek_starts_an_epoch_for_all_clients(harness: BroadcastHarness) -> None:
    viewer, other = (
        DecodingClient(harness.broadcast.add_client()),
        DecodingClient(harness.broadcast.add_client()),
    )
    await harness.show(1, 2, to=viewer)
    # As a player does: between two pictures, in the thread that emits them.
    harness.source.todo.put(lambda: harness.broadcast.start_epoch(CAMERA))
    assert await harness.show(100, 101, to=viewer) == [100, 101]
    assert viewer.inits == [0, 1]
    assert viewer.types[2:] == [PacketType.KEY, PacketType.DELTA]
    assert [await other.number() for _ in range(2)] == [100, 101]
    late = DecodingClient(harness.broadcast.add_client())
    assert await late.number() == 100
    assert late.inits == [1]


async def test_epoch_may_start_without_clients(harness: BroadcastHarness) -> None:
    harness.broadcast.start_epoch(CAMERA)
    harness.broadcast.end_epoch()
    await asyncio.sleep(0)
    viewer = DecodingClient(harness.broadcast.add_client())
    assert await harness.show(5, to=viewer) == [5]
    assert viewer.inits == [1]


async def test_states_reach_present_and_later_clients(harness: BroadcastHarness) -> None:
    viewer = DecodingClient(harness.broadcast.add_client())
    harness.broadcast.send_state(state_message("playing"))
    await asyncio.sleep(0)
    await harness.show(1, to=viewer)
    late = DecodingClient(harness.broadcast.add_client())
    await late.number()
    assert viewer.states == late.states == ["playing"]


async def test_end_reaches_the_clients(harness: BroadcastHarness) -> None:
    viewer = DecodingClient(harness.broadcast.add_client())
    await harness.show(1, to=viewer)
    harness.broadcast.end_epoch()
    end = await viewer.packet()
    assert end.type is PacketType.END
    assert read_number(decode_planes(LAYOUT, end.codes)) == 1


async def test_closing_closes_all_clients(harness: BroadcastHarness) -> None:
    viewer = DecodingClient(harness.broadcast.add_client())
    await harness.show(1, to=viewer)
    waiting = asyncio.ensure_future(viewer.client.next())
    await asyncio.to_thread(harness.broadcast.close)
    assert await asyncio.wait_for(waiting, 60) is None
    assert harness.broadcast.clients == 0
    assert harness.feed.readers == 0
    assert await harness.broadcast.add_client().next() is None
    assert harness.broadcast.clients == 0
