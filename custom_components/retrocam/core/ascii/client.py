"""One client of a broadcast: its next message, and frame skipping when it is too slow.

A client costs a few numbers of memory: packets stay in the broadcast's ring of two groups. Everything
here belongs to the event loop's thread.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from .messages import InitMessage, StateMessage, TextMessage
from .ring import PacketGroup, PacketRing

_ACK_TIMEOUT = 0.5
"""Seconds that a packet may stay unacknowledged."""


class _UnackedPacket(NamedTuple):
    seq: int
    sent_at: float
    end: int
    """Byte offset of its end in the ring."""


class AsciiClient:
    """Returns messages in order; created by `AsciiBroadcast.add_client`.

    A client that is too slow skips to a later key, without effect on others. It is too slow when a
    packet stays unacknowledged for half a second, or when more bytes are pending (unacknowledged or
    not fetched yet) than the ring's limit. Bytes in the ring when it joined do not count: they are
    sent in one burst, as fast as the client takes them.
    """

    def __init__(
        self, ring: PacketRing, clock: Callable[[], float], leave: Callable[[AsciiClient], None]
    ) -> None:
        """Read from `ring`; `leave` is called once, when the client closes."""
        self._ring = ring
        self._clock = clock
        self._leave = leave
        self._wakeup = asyncio.Event()
        self._closed = False
        self._texts: dict[str, TextMessage] = {}
        """Unsent text messages by type."""
        self._group: PacketGroup | None = None
        self._index = 0
        self._skipping = False
        # Byte offsets in the ring:
        self._next_offset = 0
        self._join_offset = 0
        """End of the ring when the client joined its present group."""
        self._acked_offset = 0
        self._unacked: deque[_UnackedPacket] = deque()
        self.skips = 0
        """Times that the client was too slow."""

    async def next(self) -> bytes | TextMessage | None:
        """Wait for the next message: a packet as bytes, a text message, or None when closed."""
        while not self._closed:
            message = self._take()
            if message is not None:
                return message
            self._wakeup.clear()
            await self._wakeup.wait()
        return None

    def ack(self, seq: int) -> None:
        """Acknowledge packet `seq` and all before it: the client has drawn them."""
        while self._unacked and (seq - self._unacked[0].seq) % (1 << 32) < 1 << 31:
            self._acked_offset = self._unacked.popleft().end
        # An acknowledgement releases nothing else, and each wake-up of a task costs time.
        if self._skipping and not self._unacked:
            self._wakeup.set()

    def close(self) -> None:
        """Leave the broadcast; a waiting `next` returns None. Idempotent."""
        if not self._closed:
            self._closed = True
            self._wakeup.set()
            self._leave(self)

    def begin(self, init: InitMessage) -> None:
        """Send the epoch's `init` before its packets; called by the broadcast."""
        self._texts["init"] = init
        self._group = None
        self._skipping = False
        self._unacked.clear()
        self._wakeup.set()

    def tell(self, state: StateMessage) -> None:
        """Send the newest state; called by the broadcast."""
        self._texts["state"] = state
        self._wakeup.set()

    def wake(self) -> None:
        """Check the ring again; called by the broadcast."""
        self._wakeup.set()

    def _take(self) -> bytes | TextMessage | None:
        for kind in ("init", "state"):
            if kind in self._texts:
                return self._texts.pop(kind)
        self._select_group()
        if self._group is None or self._skipping or self._at_end():
            return None
        packet = self._group.packets[self._index]
        self._index += 1
        self._next_offset += len(packet.data)
        self._unacked.append(_UnackedPacket(packet.seq, self._clock(), self._next_offset))
        return packet.data

    def _select_group(self) -> None:
        """Select the group to read from; start to skip when too slow."""
        newest = self._ring.newest
        if newest is None:
            return
        if self._group is None:
            self._join(newest)
        elif not self._skipping and self._too_slow():
            self._skipping = True
            self.skips += 1
        if self._skipping:
            # Rejoin once it has drawn all it got, at a group small enough for another burst.
            small = newest.size <= self._ring.limit or len(newest.packets) == 1
            if not self._unacked and newest is not self._group and small:
                self._join(newest)
        elif self._group is not newest and self._at_end():
            self._group, self._index = newest, 0

    def _at_end(self) -> bool:
        return self._group is None or self._index == len(self._group.packets)

    def _join(self, group: PacketGroup) -> None:
        self._group, self._index, self._skipping = group, 0, False
        self._next_offset = group.start
        self._join_offset = self._ring.end

    def _too_slow(self) -> bool:
        if self._group not in self._ring.groups:
            return True
        pending = self._ring.end - max(self._acked_offset, self._join_offset)
        if pending > self._ring.limit:
            return True
        return bool(self._unacked) and self._clock() - self._unacked[0].sent_at > _ACK_TIMEOUT
