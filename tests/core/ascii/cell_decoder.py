"""A reader of the cell stream: packets back to codes."""

from dataclasses import dataclass
import zlib

import numpy as np
from numpy.typing import NDArray

from custom_components.retrocam.core.ascii.planes import PlaneLayout
from custom_components.retrocam.core.ascii.wire import (
    HEADER,
    MASK,
    RESIDUAL,
    VERSION,
    PacketType,
)
from custom_components.retrocam.core.errors import DamagedPacketError


@dataclass(frozen=True, slots=True)
class DecodedPacket:
    """What a packet says, and the picture after it."""

    type: PacketType
    epoch: int
    seq: int
    pts_us: int
    codes: NDArray[np.uint8]
    """(layout.size,) uint8, the reader's own."""


class CellDecoder:
    """Reads the packets of one epoch. Not thread-safe."""

    def __init__(self, layout: PlaneLayout, *, epoch: int = 0) -> None:
        """Expect a key first."""
        self._layout = layout
        self._epoch = epoch % 256
        self._seq: int | None = None
        self._inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        self._codes = np.zeros(layout.size, np.uint8)

    def decode(self, data: bytes) -> DecodedPacket | None:
        """Read one packet; None for one of another epoch, which a client drops.

        Raises DamagedPacketError for anything that an encoder does not write, and for a packet that
        does not follow the one before; go on with the next key then.
        """
        kind, epoch, seq, pts_us = _read_header(data)
        if epoch != self._epoch:
            return None
        payload = data[HEADER.size :]
        if kind is not PacketType.KEY:
            self._check_order(kind, seq)
        self._seq = None  # nothing follows an end, nor a packet that proves to be damaged
        if kind is PacketType.KEY:
            self._inflate = zlib.decompressobj(-zlib.MAX_WBITS)
            self._codes = self._checked(self._read_key(payload))
        elif kind is PacketType.DELTA:
            self._codes = self._checked(self._read_delta(payload))
        elif payload:
            raise DamagedPacketError(f"a {kind.name} with a payload")
        if kind is not PacketType.END:
            self._seq = seq
        return DecodedPacket(kind, epoch, seq, pts_us, self._codes.copy())

    def _check_order(self, kind: PacketType, seq: int) -> None:
        if self._seq is None:
            if kind is PacketType.END:
                return
            raise DamagedPacketError(f"a {kind.name} without a key before it")
        if seq != (self._seq + 1) % (1 << 32):
            raise DamagedPacketError(f"packet {seq} does not follow packet {self._seq}")

    def _read_key(self, payload: bytes) -> NDArray[np.uint8]:
        body = self._inflated(payload, self._layout.size)
        if len(body) != self._layout.size:
            raise DamagedPacketError(f"a key of {len(body)} codes, not {self._layout.size}")
        return np.frombuffer(body, np.uint8)

    def _read_delta(self, payload: bytes) -> NDArray[np.uint8]:
        size = self._layout.size
        mask_size = (size + 7) // 8
        body = self._inflated(payload, 1 + mask_size + size)
        form, rest = body[:1], np.frombuffer(body, np.uint8, offset=min(1, len(body)))
        if form == bytes([RESIDUAL]) and rest.size == size:
            return self._codes + rest
        if form == bytes([MASK]) and rest.size >= mask_size:
            bits = np.unpackbits(rest[:mask_size])
            mask = bits[:size].astype(np.bool_)
            if np.count_nonzero(bits) == np.count_nonzero(mask) == rest.size - mask_size:
                codes = self._codes.copy()
                codes[mask] = rest[mask_size:]
                return codes
        raise DamagedPacketError(f"a delta of form {form.hex()} and {rest.size} bytes")

    def _inflated(self, payload: bytes, limit: int) -> bytes:
        try:
            body = self._inflate.decompress(payload, limit + 1)
        except zlib.error as err:
            raise DamagedPacketError(f"a payload that is not deflate: {err}") from err
        if len(body) > limit or self._inflate.unconsumed_tail or self._inflate.eof:
            raise DamagedPacketError("a payload that is too long, or ends its group")
        return body

    def _checked(self, codes: NDArray[np.uint8]) -> NDArray[np.uint8]:
        for part, allowed in self._layout.limits():
            if allowed < 256 and codes[part].max(initial=0) >= allowed:
                raise DamagedPacketError("a code that has too many bits")
        return codes


def _read_header(data: bytes) -> tuple[PacketType, int, int, int]:
    if len(data) < HEADER.size:
        raise DamagedPacketError(f"a packet of {len(data)} bytes")
    version, kind, flags, epoch, seq, pts_us = HEADER.unpack_from(data)
    if version != VERSION or flags != 0 or kind not in PacketType:
        raise DamagedPacketError(f"version {version}, type {kind}, flags {flags}")
    return PacketType(kind), epoch, seq, pts_us
