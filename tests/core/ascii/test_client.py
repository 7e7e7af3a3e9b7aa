"""A client starts at a key, and skips to a later one when too slow."""

import asyncio
from dataclasses import dataclass, field

from custom_components.retrocam.core.ascii.client import AsciiClient
from custom_components.retrocam.core.ascii.messages import (
    InitMessage,
    StreamConfig,
    init_message,
    state_message,
)
from custom_components.retrocam.core.ascii.ring import PacketRing
from custom_components.retrocam.core.ascii.wire import Packet, PacketType


@dataclass
class Stream:
    """A ring and a clock under manual control."""

    ring: PacketRing = field(default_factory=PacketRing)
    now: float = 100.0
    seq: int = 0
    left: list[AsciiClient] = field(default_factory=list)

    def client(self) -> AsciiClient:
        return AsciiClient(self.ring, lambda: self.now, self.left.append)

    @property
    def init(self) -> InitMessage:
        return init_message(StreamConfig(cols=2, rows=2, fps=24), 0)

    def add(self, *sizes: int, key: bool = False) -> None:
        for size in sizes:
            kind = PacketType.KEY if key else PacketType.DELTA
            self.ring.add(Packet(self.seq.to_bytes(4) + bytes(size - 4), kind, self.seq))
            self.seq += 1


async def taken(client: AsciiClient) -> list[int]:
    """Take all available packets, as sequence numbers."""
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


async def test_packets_before_the_first_key_are_skipped() -> None:
    stream = Stream()
    client = stream.client()
    stream.add(50, 50)
    assert await taken(client) == []
    stream.add(100, key=True)
    assert await taken(client) == [2]


async def test_late_client_starts_at_the_newest_key() -> None:
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


async def test_fast_client_gets_every_packet_once() -> None:
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


async def test_key_does_not_skip_pending_packets() -> None:
    stream = Stream()
    client = stream.client()
    stream.add(100, key=True)
    stream.add(50)
    assert await taken(client) == [0, 1]
    stream.add(50)
    stream.add(100, key=True)
    stream.add(50)
    assert await taken(client) == [2, 3, 4]


async def test_half_a_second_without_acknowledgement_is_too_slow() -> None:
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


async def test_too_many_pending_bytes_are_too_slow() -> None:
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


async def test_client_that_does_not_fetch_is_too_slow() -> None:
    stream = Stream()
    client = stream.client()
    stream.add(100, key=True)
    assert await taken(client) == [0]
    client.ack(0)
    for _ in range(3):  # it fetches nothing meanwhile
        stream.add(100, key=True)
        stream.add(50, 50)
    held = sum(group.size for group in stream.ring.groups)
    assert held == 400
    assert await taken(client) == [7, 8, 9]
    assert client.skips == 1


async def test_client_that_never_acknowledges_gets_no_more() -> None:
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


async def test_skipping_client_joins_small_groups_only() -> None:
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


async def test_epoch_resets_the_client() -> None:
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


async def test_sequence_numbers_may_wrap() -> None:
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


async def test_closed_client_ends_and_leaves_once() -> None:
    stream = Stream()
    client = stream.client()
    waiting = asyncio.ensure_future(client.next())
    await asyncio.wait([waiting], timeout=0)
    client.close()
    client.close()
    assert await waiting is None
    assert await client.next() is None
    assert stream.left == [client]


async def test_waiting_client_wakes_for_a_packet() -> None:
    stream = Stream()
    client = stream.client()
    waiting = asyncio.ensure_future(client.next())
    await asyncio.wait([waiting], timeout=0)
    stream.add(100, key=True)
    client.wake()
    assert await waiting == bytes(100)
