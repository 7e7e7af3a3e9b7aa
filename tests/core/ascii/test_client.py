"""A client gets all it can take, from a key on, and never holds up the others."""

import asyncio
from dataclasses import dataclass, field

from custom_components.retrocam.core.ascii.client import CellClient
from custom_components.retrocam.core.ascii.messages import (
    InitMessage,
    Screening,
    init_message,
    state_message,
)
from custom_components.retrocam.core.ascii.ring import PacketRing
from custom_components.retrocam.core.ascii.wire import Packet, PacketType


@dataclass
class Stream:
    """A ring that is filled by hand, and a clock that is turned by hand."""

    ring: PacketRing = field(default_factory=PacketRing)
    now: float = 100.0
    seq: int = 0
    left: list[CellClient] = field(default_factory=list)

    def client(self) -> CellClient:
        return CellClient(self.ring, lambda: self.now, self.left.append)

    @property
    def init(self) -> InitMessage:
        return init_message(Screening(cols=2, rows=2, fps=24), 0)

    def add(self, *sizes: int, key: bool = False) -> None:
        for size in sizes:
            kind = PacketType.KEY if key else PacketType.DELTA
            self.ring.add(Packet(self.seq.to_bytes(4) + bytes(size - 4), kind, self.seq))
            self.seq += 1


async def taken(client: CellClient) -> list[int]:
    """Take all that is there, as sequences."""
    sequences: list[int] = []
    while True:
        waiting = asyncio.ensure_future(client.next())
        await asyncio.wait([waiting], timeout=0)
        if not waiting.done():
            waiting.cancel()
            return sequences
        message = waiting.result()
        assert isinstance(message, bytes)
        sequences.append(int.from_bytes(message[:4]))


async def test_init_comes_first_and_then_the_newest_state() -> None:
    stream = Stream()
    client = stream.client()
    client.begin(stream.init)
    stream.add(100, key=True)
    client.tell(state_message("buffering"))
    client.tell(state_message("playing"))
    assert await client.next() == stream.init
    assert await client.next() == state_message("playing")
    assert await taken(client) == [0]


async def test_what_comes_before_the_first_key_is_left_out() -> None:
    stream = Stream()
    client = stream.client()
    stream.add(50, 50)
    assert await taken(client) == []
    stream.add(100, key=True)
    assert await taken(client) == [2]


async def test_a_late_client_starts_at_the_newest_key_at_once() -> None:
    stream = Stream()
    stream.add(100, key=True)
    stream.add(50, 50)
    stream.add(40_000, key=True)
    stream.add(*[20_000] * 20)  # more than the limit: the burst is not held against it
    client = stream.client()
    assert await taken(client) == list(range(3, 24))
    stream.add(50)
    assert await taken(client) == [24]
    assert client.skips == 0


async def test_who_keeps_up_gets_every_packet_once() -> None:
    stream = Stream()
    client = stream.client()
    got = []
    for number in range(100):
        stream.add(9_000, key=number % 24 == 0)
        stream.now += 1 / 24
        got += await taken(client)
        client.ack(got[max(0, len(got) - 4)])  # 0.15 s on the way
    assert got == list(range(100))
    assert client.skips == 0


async def test_a_key_does_not_hide_what_came_before_it() -> None:
    stream = Stream()
    client = stream.client()
    stream.add(100, key=True)
    stream.add(50)
    assert await taken(client) == [0, 1]
    stream.add(50)
    stream.add(100, key=True)
    stream.add(50)
    assert await taken(client) == [2, 3, 4]


async def test_half_a_second_without_an_answer_is_too_slow() -> None:
    stream = Stream()
    client = stream.client()
    stream.add(100, key=True)
    stream.add(50)
    assert await taken(client) == [0, 1]
    client.ack(0)
    stream.now += 0.5
    stream.add(50)
    assert await taken(client) == [2]
    stream.now += 0.01
    stream.add(50)
    assert await taken(client) == []
    assert client.skips == 1
    client.ack(2)
    stream.add(50)
    assert await taken(client) == []  # deltas are of no use now
    stream.add(100, key=True)
    stream.add(50)
    assert await taken(client) == [5, 6]


async def test_too_many_bytes_on_the_way_are_too_slow() -> None:
    stream = Stream()
    client = stream.client()
    stream.add(1_000, key=True)
    assert await taken(client) == [0]
    client.ack(0)
    got = []
    for _ in range(80):
        stream.add(1_000)
        got += await taken(client)
    assert got == list(range(1, 66))  # 64 KB


async def test_large_keys_raise_the_limit() -> None:
    stream = Stream()
    client = stream.client()
    stream.add(45_000, key=True)
    assert await taken(client) == [0]
    client.ack(0)
    stream.add(30_000, 30_000, 30_000)
    assert await taken(client) == [1, 2, 3]
    stream.add(1_000)
    assert await taken(client) == []


async def test_who_does_not_ask_is_not_waited_for() -> None:
    stream = Stream()
    client = stream.client()
    stream.add(100, key=True)
    assert await taken(client) == [0]
    client.ack(0)
    for _ in range(3):  # it asks for nothing meanwhile
        stream.add(100, key=True)
        stream.add(50, 50)
    held = sum(group.size for group in stream.ring.groups)
    assert held == 400
    assert await taken(client) == [7, 8, 9]
    assert client.skips == 1


async def test_who_never_answers_gets_nothing_more() -> None:
    stream = Stream()
    client = stream.client()
    stream.add(30_000, key=True)
    got = await taken(client)
    for number in range(200):
        stream.add(30_000 if number % 24 == 23 else 2_000, key=number % 24 == 23)
        stream.now += 1 / 24
        got += await taken(client)
    assert got == list(range(12))
    client.ack(got[-1])
    stream.add(30_000, key=True)
    assert await taken(client) == [201]


async def test_a_small_group_is_caught_up_with_and_a_large_one_waited_out() -> None:
    for size, expected in ((1_000, [3, 4, 5, 6]), (40_000, [])):
        stream = Stream()
        client = stream.client()
        stream.add(1_000, key=True)
        await taken(client)
        stream.now += 1
        stream.add(50, 50)
        assert await taken(client) == []
        stream.add(1_000, key=True)
        stream.add(size, size)
        assert await taken(client) == []  # it has still to answer
        client.ack(0)
        stream.add(50)
        assert await taken(client) == expected
        stream.add(1_000, key=True)
        assert await taken(client) == [7]


async def test_another_epoch_starts_anew() -> None:
    stream = Stream()
    client = stream.client()
    stream.add(100, key=True)
    stream.add(50, 50)
    assert await taken(client) == [0, 1, 2]
    stream.now += 5  # nothing answered
    stream.ring.clear()
    client.begin(stream.init)
    assert await client.next() == stream.init
    assert await taken(client) == []
    stream.add(100, key=True)
    assert await taken(client) == [3]
    client.ack(2)  # of the old epoch: does not count
    stream.now += 1
    stream.add(50)
    assert await taken(client) == []
    assert client.skips == 1


async def test_sequences_may_run_over() -> None:
    stream = Stream(seq=(1 << 32) - 1)
    client = stream.client()
    stream.add(100, key=True)
    stream.seq = 0
    stream.add(50)
    assert await taken(client) == [(1 << 32) - 1, 0]
    client.ack(0)
    stream.now += 1
    stream.add(50)
    assert await taken(client) == [1]


async def test_a_closed_client_ends_and_leaves_once() -> None:
    stream = Stream()
    client = stream.client()
    waiting = asyncio.ensure_future(client.next())
    await asyncio.wait([waiting], timeout=0)
    client.close()
    client.close()
    assert await waiting is None
    assert await client.next() is None
    assert stream.left == [client]


async def test_a_waiting_client_wakes_for_a_packet() -> None:
    stream = Stream()
    client = stream.client()
    waiting = asyncio.ensure_future(client.next())
    await asyncio.wait([waiting], timeout=0)
    stream.add(100, key=True)
    client.wake()
    assert await waiting == bytes(100)
