"""One client of a broadcast: what it gets next, and when it is too slow to get it.

A client's share of the memory is a few numbers: packets stay in the broadcast's ring, which holds
two groups whatever its clients do. All of it belongs to the thread of the event loop.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from .messages import InitMessage, StateMessage, TextMessage
from .ring import Group, PacketRing

_PATIENCE = 0.5
"""Seconds that a packet may stay unacknowledged."""


@dataclass(frozen=True, slots=True)
class _Given:
    """A packet that is not acknowledged yet."""

    seq: int
    time: float
    end: int
    """Where in the ring's bytes it ends."""


class CellClient:
    """Hands out messages in order; made by `CellBroadcast.client`.

    A client that is too slow misses frames up to a later key, and nobody else notices. It is too
    slow when a packet stays unacknowledged for half a second, or when more bytes are pending - not
    acknowledged, or not even asked for - than the ring's limit. What lay there when it joined is
    not counted: it comes in one burst, as fast as the client takes it.
    """

    def __init__(
        self, ring: PacketRing, clock: Callable[[], float], leave: Callable[[CellClient], None]
    ) -> None:
        """Read from `ring`; `leave` is called once, when the client closes."""
        self._ring = ring
        self._clock = clock
        self._leave = leave
        self._wakeup = asyncio.Event()
        self._closed = False
        self._init: InitMessage | None = None
        self._state: StateMessage | None = None
        self._group: Group | None = None
        self._index = 0
        self._skipping = False
        self._offset = 0
        """Where in the ring's bytes the next packet lies."""
        self._joined = 0
        """Where the ring's bytes ended when the client began to follow them."""
        self._acknowledged = 0
        """Where in the ring's bytes the last acknowledged packet ends."""
        self._given: deque[_Given] = deque()
        self.skips = 0
        """How many times the client was too slow."""

    async def next(self) -> bytes | TextMessage | None:
        """Wait for the next message: bytes are a packet, else JSON; None when all is over."""
        while not self._closed:
            message = self._take()
            if message is not None:
                return message
            self._wakeup.clear()
            await self._wakeup.wait()
        return None

    def ack(self, seq: int) -> None:
        """Note that the client has drawn packet `seq`, and so is done with all before it."""
        while self._given and (seq - self._given[0].seq) % (1 << 32) < 1 << 31:
            self._acknowledged = self._given.popleft().end
        # Nothing else that it may get depends on it, and each turn of a task has its price.
        if self._skipping and not self._given:
            self._wakeup.set()

    def close(self) -> None:
        """Leave the broadcast; a `next` that waits returns None. Safe to call again."""
        if not self._closed:
            self._closed = True
            self._wakeup.set()
            self._leave(self)

    def begin(self, init: InitMessage) -> None:
        """Have the epoch's `init` sent before its packets; called by the broadcast."""
        self._init = init
        self._group = None
        self._skipping = False
        self._given.clear()
        self._wakeup.set()

    def tell(self, state: StateMessage) -> None:
        """Have the newest state sent; called by the broadcast."""
        self._state = state
        self._wakeup.set()

    def wake(self) -> None:
        """Look at the ring again; called by the broadcast."""
        self._wakeup.set()

    def _take(self) -> bytes | TextMessage | None:
        if self._init is not None:
            init, self._init = self._init, None
            return init
        if self._state is not None:
            state, self._state = self._state, None
            return state
        return self._take_packet()

    def _take_packet(self) -> bytes | None:
        self._follow()
        if self._group is None or self._skipping or self._at_end():
            return None
        packet = self._group.packets[self._index]
        self._index += 1
        self._offset += len(packet.data)
        self._given.append(_Given(packet.seq, self._clock(), self._offset))
        return packet.data

    def _follow(self) -> None:
        """Find the group to read from."""
        newest = self._ring.newest
        if newest is None:
            return
        if self._group is None:
            self._join(newest)
        elif not self._skipping and self._too_slow():
            self._skipping = True
            self.skips += 1
        if self._skipping:
            # It has to draw all that it got first. Then a burst must be worth less than the wait.
            small = newest.size <= self._ring.limit or len(newest.packets) == 1
            if not self._given and newest is not self._group and small:
                self._join(newest)
        elif self._group is not newest and self._at_end():
            self._group, self._index = newest, 0

    def _at_end(self) -> bool:
        return self._group is None or self._index == len(self._group.packets)

    def _join(self, group: Group) -> None:
        self._group, self._index, self._skipping = group, 0, False
        self._offset = group.start
        self._joined = self._ring.end

    def _too_slow(self) -> bool:
        if self._group not in self._ring.groups:
            return True
        pending = self._ring.end - max(self._acknowledged, self._joined)
        if pending > self._ring.limit:
            return True
        return bool(self._given) and self._clock() - self._given[0].time > _PATIENCE
