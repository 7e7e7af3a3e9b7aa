"""The packets that clients may still need: the newest group and the one before it.

Everything here belongs to the event loop's thread.
"""

from collections import deque

from .wire import Packet, PacketType


class PacketGroup:
    """A key and the packets that depend on it."""

    def __init__(self, start: int) -> None:
        """Start at byte offset `start` of the ring."""
        self.packets: list[Packet] = []
        self.start = start
        self.size = 0
        """Bytes of all packets."""


class PacketRing:
    """The two newest groups, and the count of bytes added so far."""

    def __init__(self) -> None:
        self.groups: deque[PacketGroup] = deque(maxlen=2)
        self.end = 0
        """Bytes of all packets ever added."""

    @property
    def newest(self) -> PacketGroup | None:
        """The group that still grows, None before the first key."""
        return self.groups[-1] if self.groups else None

    @property
    def limit(self) -> int:
        """Bytes that may be pending for a client: two keys, at least 64 KiB."""
        return max(65536, 2 * len(self.groups[-1].packets[0].data)) if self.groups else 65536

    def add(self, packet: Packet) -> None:
        """Add a packet; ignored before the first key."""
        if packet.type is PacketType.KEY:
            self.groups.append(PacketGroup(self.end))
        if self.groups:
            self.groups[-1].packets.append(packet)
            self.groups[-1].size += len(packet.data)
            self.end += len(packet.data)

    def clear(self) -> None:
        """Drop all packets, for another epoch."""
        self.groups.clear()
