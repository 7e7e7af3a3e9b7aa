"""One encoder, any number of clients, and nothing that runs for nobody."""

import asyncio
from collections.abc import AsyncIterator, Callable
import queue
import threading

import pytest

from custom_components.retrocam.core.ascii.broadcast import CellBroadcast
from custom_components.retrocam.core.ascii.client import CellClient
from custom_components.retrocam.core.ascii.messages import Screening, state_message
from custom_components.retrocam.core.ascii.raster import layout_for
from custom_components.retrocam.core.ascii.wire import PacketType
from custom_components.retrocam.core.frames.feed import Picture, PictureFeed, Sink

from .cell_decoder import CellDecoder, DecodedPacket
from .drawing import picture, read_number

CAMERA = Screening(cols=40, rows=12, fps=24)
LAYOUT = layout_for(40, 12, CAMERA.glyphs)


class Source:
    """Makes the pictures that a test asks for, in the feed's thread; may do other things there."""

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


class Stage:
    """A feed, its broadcast, and a clock that stands still until it is turned."""

    def __init__(self) -> None:
        self.now = 0.0
        self.source = Source()
        self.feed = PictureFeed("retrocam test feed", self.source)
        self.broadcast = CellBroadcast(
            "retrocam test cells",
            self.feed,
            CAMERA,
            loop=asyncio.get_running_loop(),
            clock=lambda: self.now,
        )

    async def show(self, *numbers: int, to: Viewer) -> list[int]:
        """Make pictures, each when the one before has arrived; returns what arrived."""
        seen = []
        for number in numbers:
            self.source.todo.put(picture(number))
            seen.append(await to.number())
            to.client.ack(to.seq)
        return seen


class Viewer:
    """A client that decodes as a browser does."""

    def __init__(self, client: CellClient) -> None:
        self.client = client
        self.decoder = CellDecoder(LAYOUT)
        self.inits: list[int] = []
        self.states: list[str] = []
        self.kinds: list[PacketType] = []
        self.seq = 0

    async def packet(self) -> DecodedPacket:
        while True:
            message = await asyncio.wait_for(self.client.next(), 10)
            assert message is not None
            if isinstance(message, bytes):
                decoded = self.decoder.decode(message)
                assert decoded is not None
                self.kinds.append(decoded.type)
                self.seq = decoded.seq
                return decoded
            if message["type"] == "init":
                self.inits.append(message["epoch"])
                self.decoder = CellDecoder(LAYOUT, epoch=message["epoch"])
            else:
                self.states.append(message["state"])

    async def number(self) -> int:
        return read_number(LAYOUT.decode((await self.packet()).codes))


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    made = Stage()
    yield made
    made.broadcast.close()
    made.source.todo.put(None)
    made.feed.close()
    left = [thread.name for thread in threading.enumerate() if "retrocam" in thread.name]
    assert left == []


async def test_nothing_runs_while_nobody_looks(stage: Stage) -> None:
    assert (stage.feed.running, stage.broadcast.clients, stage.broadcast.encoded) == (False, 0, 0)
    assert stage.broadcast.dropped == 0
    viewer = Viewer(stage.broadcast.client())
    assert await stage.show(1, 2, 3, to=viewer) == [1, 2, 3]
    assert (stage.feed.readers, stage.broadcast.clients, stage.broadcast.encoded) == (1, 1, 3)
    assert stage.broadcast.dropped == 0
    viewer.client.close()
    assert (stage.feed.readers, stage.broadcast.clients, stage.broadcast.encoded) == (0, 0, 0)


async def test_who_comes_again_sees_no_old_picture(stage: Stage) -> None:
    first = Viewer(stage.broadcast.client())
    await stage.show(1, 2, to=first)
    first.client.close()
    second = Viewer(stage.broadcast.client())
    assert await stage.show(9, to=second) == [9]
    assert second.kinds == [PacketType.KEY]


async def test_fifty_look_and_each_picture_is_encoded_once(stage: Stage) -> None:
    viewers = [Viewer(stage.broadcast.client()) for _ in range(50)]
    for number in range(40):
        await stage.show(number, to=viewers[0])
        others = [await viewer.number() for viewer in viewers[1:]]
        assert others == [number] * 49
        for viewer in viewers[1:]:
            viewer.client.ack(viewer.seq)
    assert stage.broadcast.encoded == 40


async def test_who_stops_reading_costs_the_others_nothing(stage: Stage) -> None:
    viewer, sleeper = Viewer(stage.broadcast.client()), Viewer(stage.broadcast.client())
    shown = []
    for number in range(100):
        stage.now = number / 24
        shown += await stage.show(number, to=viewer)
    assert shown == list(range(100))
    assert await sleeper.number() == 96  # it wakes up at the newest key
    assert sleeper.kinds == [PacketType.KEY]
    assert [await sleeper.number() for _ in range(3)] == [97, 98, 99]


async def test_a_late_client_catches_up_at_once(stage: Stage) -> None:
    viewer = Viewer(stage.broadcast.client())
    await stage.show(*range(30), to=viewer)
    late = Viewer(stage.broadcast.client())
    assert [await late.number() for _ in range(6)] == [24, 25, 26, 27, 28, 29]
    assert late.inits == [0]


async def test_a_seek_begins_an_epoch_for_all(stage: Stage) -> None:
    viewer, other = Viewer(stage.broadcast.client()), Viewer(stage.broadcast.client())
    await stage.show(1, 2, to=viewer)
    # As a player would: between two pictures, in the thread that makes them.
    stage.source.todo.put(lambda: stage.broadcast.begin(CAMERA))
    assert await stage.show(100, 101, to=viewer) == [100, 101]
    assert viewer.inits == [0, 1]
    assert viewer.kinds[2:] == [PacketType.KEY, PacketType.DELTA]
    assert [await other.number() for _ in range(2)] == [100, 101]
    late = Viewer(stage.broadcast.client())
    assert await late.number() == 100
    assert late.inits == [1]


async def test_an_epoch_may_begin_while_nobody_looks(stage: Stage) -> None:
    stage.broadcast.begin(CAMERA)
    stage.broadcast.end()
    await asyncio.sleep(0)
    viewer = Viewer(stage.broadcast.client())
    assert await stage.show(5, to=viewer) == [5]
    assert viewer.inits == [1]


async def test_states_reach_those_who_look_and_those_who_come(stage: Stage) -> None:
    viewer = Viewer(stage.broadcast.client())
    stage.broadcast.tell(state_message("playing"))
    await asyncio.sleep(0)
    await stage.show(1, to=viewer)
    late = Viewer(stage.broadcast.client())
    await late.number()
    assert viewer.states == late.states == ["playing"]


async def test_an_end_reaches_the_clients(stage: Stage) -> None:
    viewer = Viewer(stage.broadcast.client())
    await stage.show(1, to=viewer)
    stage.broadcast.end()
    end = await viewer.packet()
    assert end.type is PacketType.END
    assert read_number(LAYOUT.decode(end.codes)) == 1


async def test_a_closed_broadcast_sends_everybody_away(stage: Stage) -> None:
    viewer = Viewer(stage.broadcast.client())
    await stage.show(1, to=viewer)
    waiting = asyncio.ensure_future(viewer.client.next())
    await asyncio.to_thread(stage.broadcast.close)
    assert await asyncio.wait_for(waiting, 10) is None
    assert stage.broadcast.clients == 0
    assert stage.feed.readers == 0
    assert await stage.broadcast.client().next() is None
    assert stage.broadcast.clients == 0
