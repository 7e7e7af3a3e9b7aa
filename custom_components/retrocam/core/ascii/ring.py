"""The packets that clients may still need: the newest group, and the one before it.

All of it belongs to the thread of the event loop.
"""

from collections import deque

from .wire import Packet, PacketType


class Group:
    """A key and the packets that build on it."""

    def __init__(self, start: int) -> None:
        """Begin at byte `start` of the epoch."""
        self.packets: list[Packet] = []
        self.start = start
        self.size = 0
        """Bytes of all packets."""


class PacketRing:
    """Two groups, and how many bytes went through."""

    def __init__(self) -> None:
        """Start empty."""
        self.groups: deque[Group] = deque(maxlen=2)
        self.end = 0
        """Bytes of all packets that were ever added."""

    @property
    def newest(self) -> Group | None:
        """The group that still grows, None before the first key."""
        return self.groups[-1] if self.groups else None

    @property
    def limit(self) -> int:
        """Bytes that a client may leave pending: two keys, and 64 KB at least."""
        return max(65536, 2 * len(self.groups[-1].packets[0].data)) if self.groups else 65536

    def add(self, packet: Packet) -> None:
        """Add a packet; what comes before the first key is of no use and left out."""
        if packet.type is PacketType.KEY:
            self.groups.append(Group(self.end))
        if self.groups:
            self.groups[-1].packets.append(packet)
            self.groups[-1].size += len(packet.data)
            self.end += len(packet.data)

    def clear(self) -> None:
        """Forget all packets: another epoch begins."""
        self.groups.clear()
