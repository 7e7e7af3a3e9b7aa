"""The ASCII stream, version 1: codes to packets.

A packet is a 16-byte header, little-endian: version, type, flags, epoch (one byte each), sequence
(u32), presentation time in microseconds (u64). The payload is one raw-deflate stream per group,
flushed to a byte at the end of each packet. A group starts with a key of all codes; the deltas after
it carry changes.

One raw-deflate stream may come from several compressors: keys gain by string matching, while
residuals are smallest, in a fraction of the time, with run lengths and Huffman codes only (7.6 against
8.3 kB per frame on a 1080p film at 320x120).
"""

from dataclasses import dataclass
from enum import IntEnum
import struct
from typing import Protocol
import zlib

import numpy as np
from numpy.typing import NDArray

from .planes import PlaneLayout

SUBPROTOCOL = "retrocam.cells.v1"
"""Name of the WebSocket subprotocol."""
VERSION = 1
"""First byte of each packet."""
HEADER = struct.Struct("<BBBBIQ")
"""Version, type, flags, epoch, sequence, presentation time."""

MASK = 0
"""Form of a delta: one bit per code, then the new values of the changed codes."""
RESIDUAL = 1
"""Form of a delta: new minus old value of each code, modulo 256."""

_MASK_BELOW = 1000
"""A mask is the smaller form when fewer than one code in this many has changed."""


class PacketType(IntEnum):
    """Content of a packet."""

    KEY = 0
    """All codes; independent of earlier packets."""
    DELTA = 1
    """Changes since the packet before."""
    HOLD = 2
    """No change."""
    END = 3
    """End of the epoch; the last picture stays."""


@dataclass(frozen=True, slots=True)
class Packet:
    """One message of the stream, encoded once and shared by all clients."""

    data: bytes
    """Header and payload."""
    type: PacketType
    seq: int


class _Deflate(Protocol):
    """The result of `zlib.compressobj`, whose class has no public name."""

    def compress(self, data: bytes, /) -> bytes: ...
    def flush(self, mode: int, /) -> bytes: ...


class AsciiEncoder:
    """Encodes the packets of one epoch. Not thread-safe."""

    def __init__(self, layout: PlaneLayout, *, epoch: int = 0, seq: int = 0) -> None:
        """Start at sequence number `seq`; the first picture becomes a key."""
        self._epoch = epoch % 256
        self._seq = seq
        self._deflate: _Deflate | None = None
        self._codes = np.zeros(layout.size, np.uint8)

    def encode(self, codes: NDArray[np.uint8], pts_us: int, *, key: bool = False) -> Packet:
        """Encode a picture of (layout.size,) codes; `key` starts a new group.

        Raises ValueError for a wrong number of codes.
        """
        if codes.shape != self._codes.shape:
            raise ValueError(f"{codes.shape} codes do not fit a layout of {self._codes.size}")
        deflate = self._deflate
        if key or deflate is None:
            self._codes = codes.copy()
            return self._packet(PacketType.KEY, pts_us, self._key_payload())
        residual = codes - self._codes
        changed = int(np.count_nonzero(residual))
        if not changed:
            return self._packet(PacketType.HOLD, pts_us)
        self._codes = codes.copy()
        if changed * _MASK_BELOW < codes.size:
            mask = residual != 0
            body = bytes([MASK]) + np.packbits(mask).tobytes() + codes[mask].tobytes()
        else:
            body = bytes([RESIDUAL]) + residual.tobytes()
        return self._packet(PacketType.DELTA, pts_us, _flushed(deflate, body))

    def end(self, pts_us: int) -> Packet:
        """Return the END packet of the epoch."""
        return self._packet(PacketType.END, pts_us)

    def _key_payload(self) -> bytes:
        whole = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
        # Without history, the new compressor's blocks may follow those of the other.
        # Small blocks (memLevel 6) adapt to the different statistics of the planes.
        self._deflate = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS, 6, zlib.Z_RLE)
        return _flushed(whole, self._codes.tobytes())

    def _packet(self, kind: PacketType, pts_us: int, payload: bytes = b"") -> Packet:
        seq = self._seq
        self._seq = (seq + 1) % (1 << 32)
        header = HEADER.pack(VERSION, kind, 0, self._epoch, seq, pts_us)
        return Packet(header + payload, kind, seq)


def _flushed(deflate: _Deflate, body: bytes) -> bytes:
    return deflate.compress(body) + deflate.flush(zlib.Z_SYNC_FLUSH)
