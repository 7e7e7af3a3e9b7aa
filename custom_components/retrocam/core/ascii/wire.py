"""The cell stream, version 1: codes to packets.

A packet is a 16-byte header, little-endian: version, type, flags, epoch (one byte each), sequence
(u32), presentation time in microseconds (u64). The payload is one raw-deflate stream a group,
flushed to a byte at the end of each packet. A group begins with a key, which carries all codes; the
deltas after it carry what changed.

A group may be put together of several compressors, as long as one stream of raw deflate comes out:
keys gain by matching strings, while residuals come out smallest, and at a fraction of the time,
with runs and Huffman codes only (7.6 against 8.3 kB a frame on a 1080p film at 320x120).
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
"""Form of a delta: a bit for each code, then the new values of those that changed."""
RESIDUAL = 1
"""Form of a delta: for each code, the new value less the old one, modulo 256."""

# With fewer codes changed than one in this many, a mask is the smaller form.
_MASK_BELOW = 1000


class PacketType(IntEnum):
    """What a packet carries."""

    KEY = 0
    """All codes; needs nothing that came before."""
    DELTA = 1
    """What changed since the packet before."""
    HOLD = 2
    """The same picture goes on."""
    END = 3
    """There is no more; the last picture stays."""


@dataclass(frozen=True, slots=True)
class Packet:
    """One message of the stream, encoded once and shared by all clients."""

    data: bytes
    """Header and payload."""
    type: PacketType
    seq: int


class _Deflate(Protocol):
    """What `zlib.compressobj` gives; the class has no public name."""

    def compress(self, data: bytes, /) -> bytes: ...
    def flush(self, mode: int, /) -> bytes: ...


class CellEncoder:
    """Makes the packets of one epoch. Not thread-safe."""

    def __init__(self, layout: PlaneLayout, *, epoch: int = 0, seq: int = 0) -> None:
        """Begin at sequence `seq`; the first picture becomes a key."""
        self._layout = layout
        self._epoch = epoch % 256
        self._seq = seq
        self._deflate: _Deflate | None = None
        self._codes = np.zeros(layout.size, np.uint8)

    @property
    def seq(self) -> int:
        """The sequence of the next packet."""
        return self._seq

    def encode(
        self, codes: NDArray[np.uint8], pts_us: int, *, key: bool = False, form: int | None = None
    ) -> Packet:
        """Pack a picture of (layout.size,) codes; `key` begins a new group.

        `form` chooses the form of a delta, else the one that is expected to be smaller is taken.
        Raises ValueError for a wrong number of codes.
        """
        if codes.shape != self._codes.shape:
            msg = f"{codes.shape} codes do not fit a layout of {self._layout.size}"
            raise ValueError(msg)
        deflate = self._deflate
        if key or deflate is None:
            self._codes = codes.copy()
            return self._packet(PacketType.KEY, pts_us, self._key_payload())
        residual = codes - self._codes
        changed = int(np.count_nonzero(residual))
        if not changed:
            return self._packet(PacketType.HOLD, pts_us)
        self._codes = codes.copy()
        if form is None:
            form = MASK if changed * _MASK_BELOW < codes.size else RESIDUAL
        if form == MASK:
            mask = residual != 0
            body = bytes([MASK]) + np.packbits(mask).tobytes() + codes[mask].tobytes()
        else:
            body = bytes([RESIDUAL]) + residual.tobytes()
        return self._packet(PacketType.DELTA, pts_us, _flushed(deflate, body))

    def end(self, pts_us: int) -> Packet:
        """Say that nothing follows in this epoch."""
        return self._packet(PacketType.END, pts_us)

    def _key_payload(self) -> bytes:
        whole = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
        # The new compressor knows no history, so its blocks may follow those of the other.
        # Small blocks (memLevel 6) follow the planes' different statistics.
        self._deflate = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS, 6, zlib.Z_RLE)
        return _flushed(whole, self._codes.tobytes())

    def _packet(self, kind: PacketType, pts_us: int, payload: bytes = b"") -> Packet:
        seq = self._seq
        self._seq = (seq + 1) % (1 << 32)
        header = HEADER.pack(VERSION, kind, 0, self._epoch, seq, pts_us)
        return Packet(header + payload, kind, seq)


def _flushed(deflate: _Deflate, body: bytes) -> bytes:
    return deflate.compress(body) + deflate.flush(zlib.Z_SYNC_FLUSH)
