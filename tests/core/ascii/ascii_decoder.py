"""Decoder of the ASCII stream: packets to codes, and codes to planes."""

from dataclasses import dataclass
import zlib

import numpy as np
from numpy.typing import NDArray

from custom_components.retrocam.core.ascii.planes import C_BITS, Y_BITS, AsciiPlanes, PlaneLayout
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
    """Content of a packet, and the codes after it."""

    type: PacketType
    epoch: int
    seq: int
    pts_us: int
    codes: NDArray[np.uint8]
    """(layout.size,) uint8, a copy."""


class AsciiDecoder:
    """Decodes the packets of one epoch. Not thread-safe."""

    def __init__(self, layout: PlaneLayout, *, epoch: int = 0) -> None:
        """Start with a key."""
        self._layout = layout
        self._epoch = epoch % 256
        self._seq: int | None = None
        self._inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        self._codes = np.zeros(layout.size, np.uint8)

    def decode(self, data: bytes) -> DecodedPacket | None:
        """Decode one packet; None for one of another epoch, which a client drops.

        Raises DamagedPacketError for invalid data and for a gap in the sequence; continue with the
        next key then.
        """
        kind, epoch, seq, pts_us = _read_header(data)
        if epoch != self._epoch:
            return None
        payload = data[HEADER.size :]
        if kind is not PacketType.KEY:
            self._check_order(kind, seq)
        self._seq = None  # nothing may follow an END or a damaged packet
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
        for part, allowed in code_limits(self._layout):
            if allowed < 256 and codes[part].max(initial=0) >= allowed:
                raise DamagedPacketError("a code that has too many bits")
        return codes


def split_planes(layout: PlaneLayout, vector: NDArray[np.uint8]) -> AsciiPlanes:
    """Return views of a vector of `layout.size` values as planes."""
    luma, colour = layout.luma_size, layout.colour_size
    middle = (luma + colour) // 2
    return AsciiPlanes(
        y=vector[:luma].reshape(layout.rows, layout.cols),
        cb=vector[luma:middle].reshape(layout.chroma_shape),
        cr=vector[middle:colour].reshape(layout.chroma_shape),
        g=vector[colour:].reshape(layout.rows, layout.cols) if layout.glyphs else None,
    )


def decode_planes(layout: PlaneLayout, codes: NDArray[np.uint8]) -> AsciiPlanes:
    """Convert codes to values: each code stands for the middle of its step."""
    values = codes.copy()
    luma = values[: layout.luma_size]
    luma <<= 8 - Y_BITS
    luma += 1 << (7 - Y_BITS)
    chroma = values[layout.luma_size : layout.colour_size]
    chroma <<= 8 - C_BITS
    chroma += 1 << (7 - C_BITS)
    return split_planes(layout, values)


def code_limits(layout: PlaneLayout) -> tuple[tuple[slice, int], ...]:
    """Return the slices of the vector of codes, each with its number of valid codes."""
    limits = [
        (slice(0, layout.luma_size), 1 << Y_BITS),
        (slice(layout.luma_size, layout.colour_size), 1 << C_BITS),
    ]
    if layout.glyphs:
        limits.append((slice(layout.colour_size, layout.size), layout.glyphs))
    return tuple(limits)


def _read_header(data: bytes) -> tuple[PacketType, int, int, int]:
    if len(data) < HEADER.size:
        raise DamagedPacketError(f"a packet of {len(data)} bytes")
    version, kind, flags, epoch, seq, pts_us = HEADER.unpack_from(data)
    if version != VERSION or flags != 0 or kind not in PacketType:
        raise DamagedPacketError(f"version {version}, type {kind}, flags {flags}")
    return PacketType(kind), epoch, seq, pts_us
