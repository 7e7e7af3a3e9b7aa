"""Packets of the ASCII stream decode to the encoded codes; damage is detected."""

import struct
import zlib

from hypothesis import given, settings, strategies as st
import numpy as np
from numpy.typing import NDArray
import pytest

from custom_components.retrocam.core.ascii.planes import PlaneLayout
from custom_components.retrocam.core.ascii.wire import (
    HEADER,
    MASK,
    RESIDUAL,
    AsciiEncoder,
    Packet,
    PacketType,
)
from custom_components.retrocam.core.errors import DamagedPacketError, RetrocamError

from ...made import Made
from .ascii_decoder import AsciiDecoder
from .drawing import random_codes

LAYOUT = PlaneLayout(7, 5)

layouts = st.builds(
    PlaneLayout,
    cols=st.integers(1, 60),
    rows=st.integers(1, 60),
    glyphs=st.sampled_from([0, 95, 256]),
)
steps = st.lists(
    st.tuples(st.sampled_from([0.0, 0.0003, 0.1, 1.0]), st.booleans()),
    min_size=1,
    max_size=12,
)


def group(count: int, layout: PlaneLayout = LAYOUT) -> tuple[list[Packet], list[NDArray[np.uint8]]]:
    """Encode a key and its deltas."""
    rng = np.random.default_rng(1)
    encoder = AsciiEncoder(layout)
    pictures = [random_codes(layout, rng, None, 1.0) for _ in range(count)]
    return [encoder.encode(codes, 40_000 * n) for n, codes in enumerate(pictures)], pictures


@settings(max_examples=60, deadline=None)
@given(layout=layouts, steps=steps, epoch=st.integers(0, 600), seed=st.integers(0, 1 << 30))
def test_codes_survive_bit_for_bit(
    layout: PlaneLayout,
    steps: list[tuple[float, bool]],
    epoch: int,
    seed: int,
) -> None:
    rng = np.random.default_rng(seed)
    first = (1 << 32) - 3  # the sequence number wraps
    encoder = AsciiEncoder(layout, epoch=epoch, seq=first)
    decoder = AsciiDecoder(layout, epoch=epoch)
    codes: NDArray[np.uint8] | None = None
    for number, (share, key) in enumerate(steps):
        before, codes = codes, random_codes(layout, rng, codes, share)
        packet = encoder.encode(codes, number * 41_667, key=key)
        decoded = decoder.decode(packet.data)
        assert decoded is not None
        np.testing.assert_array_equal(decoded.codes, codes)
        assert decoded.seq == packet.seq == (first + number) % (1 << 32)
        assert decoded.pts_us == number * 41_667
        assert decoded.epoch == epoch % 256
        if key or before is None:
            assert decoded.type is PacketType.KEY
        else:
            still = np.array_equal(before, codes)
            assert decoded.type is (PacketType.HOLD if still else PacketType.DELTA)
    end = decoder.decode(encoder.end(9_000_000).data)
    assert end is not None
    assert (end.type, end.pts_us) == (PacketType.END, 9_000_000)
    np.testing.assert_array_equal(end.codes, codes)


def test_packet_format() -> None:
    encoder = AsciiEncoder(PlaneLayout(3, 2), epoch=258, seq=7)
    key = np.array([1, 2, 3, 4, 5, 6, 10, 11, 20, 21], np.uint8)
    data = encoder.encode(key, 0x0102030405060708).data
    assert data[:4] == bytes([1, 0, 0, 2])
    assert struct.unpack("<I", data[4:8]) == (7,)
    assert data[8:16] == bytes([8, 7, 6, 5, 4, 3, 2, 1])
    moved = key.copy()
    moved[[1, 9]] = [0, 40]
    inflate = zlib.decompressobj(-15)  # one for the whole group, as a browser reads it
    assert inflate.decompress(data[16:]) == key.tobytes()
    residual = encoder.encode(moved, 1).data
    assert inflate.decompress(residual[16:]) == bytes([1, 0, 254, 0, 0, 0, 0, 0, 0, 0, 19])
    hold = encoder.encode(moved, 2).data
    assert (hold[1], len(hold)) == (2, 16)
    end = encoder.end(4)
    assert (end.data[1], end.seq) == (3, 10)


def delta_sizes(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> tuple[int, int]:
    """Return the bytes of a delta's payload as mask and as residuals."""
    changed = before != after
    bodies = (
        bytes([MASK]) + np.packbits(changed).tobytes() + after[changed].tobytes(),
        bytes([RESIDUAL]) + (after - before).tobytes(),
    )
    sizes = []
    for body in bodies:
        deflate = zlib.compressobj(1, zlib.DEFLATED, -15, 6, zlib.Z_RLE)
        sizes.append(len(deflate.compress(body) + deflate.flush(zlib.Z_SYNC_FLUSH)))
    return sizes[0], sizes[1]


def test_delta_has_the_smaller_form() -> None:
    layout = PlaneLayout(120, 50)
    encoder = AsciiEncoder(layout)
    start = np.zeros(layout.size, np.uint8)
    data = encoder.encode(start, 0).data
    inflate = zlib.decompressobj(-15)
    inflate.decompress(data[16:])
    still = start.copy()
    still[100] = 5
    masked = encoder.encode(still, 1).data
    assert len(masked) - 16 == delta_sizes(start, still)[0] < 24
    body = inflate.decompress(masked[16:])
    assert (body[0], len(body), body[1 + 100 // 8], body[-1]) == (0, 1 + 1125 + 1, 0b00001000, 5)
    moved = still + np.arange(layout.size, dtype=np.uint8) % 7
    mask_size, residual_size = delta_sizes(still, moved)
    residual = encoder.encode(moved, 2).data
    assert abs(len(residual) - 16 - residual_size) < 8 < mask_size - residual_size
    assert inflate.decompress(residual[16:])[0] == 1


def test_packets_of_another_epoch_are_dropped() -> None:
    packets, _ = group(3)
    decoder = AsciiDecoder(LAYOUT, epoch=1)
    assert [decoder.decode(packet.data) for packet in packets] == [None, None, None]


DAMAGED = Made(
    {
        "empty": lambda: b"",
        "short": lambda: bytes(15),
        "version": lambda: HEADER.pack(2, 0, 0, 0, 0, 0),
        "type": lambda: HEADER.pack(1, 4, 0, 0, 0, 0),
        "flags": lambda: HEADER.pack(1, 0, 1, 0, 0, 0),
        "hold first": lambda: HEADER.pack(1, 2, 0, 0, 0, 0),
        "delta first": lambda: HEADER.pack(1, 1, 0, 0, 0, 0),
        "end": lambda: HEADER.pack(1, 3, 0, 0, 0, 0) + b"x",
        "bare": lambda: HEADER.pack(1, 0, 0, 0, 0, 0),
        "not deflate": lambda: HEADER.pack(1, 0, 0, 0, 0, 0) + b"\xff\xff",
        "closed": lambda: (
            HEADER.pack(1, 0, 0, 0, 0, 0) + zlib.compress(bytes(LAYOUT.size), wbits=-15)
        ),
        "too few": lambda: (
            HEADER.pack(1, 0, 0, 0, 0, 0) + zlib.compress(bytes(LAYOUT.size - 1), wbits=-15)
        ),
        "bomb": lambda: (
            HEADER.pack(1, 0, 0, 0, 0, 0) + zlib.compress(bytes(100_000_000), 9, wbits=-15)
        ),
    }
)


@pytest.mark.parametrize("kind", DAMAGED)
def test_damaged_packet_raises(kind: str) -> None:
    with pytest.raises(DamagedPacketError) as caught:
        AsciiDecoder(LAYOUT).decode(DAMAGED[kind])
    assert caught.value.code == "damaged_packet"
    assert isinstance(caught.value, (RetrocamError, ValueError))


def flushed(body: bytes) -> bytes:
    """Deflate a delta like the encoder."""
    deflate = zlib.compressobj(wbits=-15)
    return deflate.compress(body) + deflate.flush(zlib.Z_SYNC_FLUSH)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x02" + bytes(LAYOUT.size),
        b"\x01" + bytes(LAYOUT.size - 1),
        b"\x01" + bytes([200] * LAYOUT.size),
        b"\x00" + bytes(3),
        b"\x00\x80" + bytes((LAYOUT.size + 7) // 8 - 1),
        b"\x00" + bytes((LAYOUT.size + 7) // 8 - 1) + b"\x01" + b"\x01",
    ],
    ids=["empty", "form", "short", "bits", "half a mask", "value missing", "bit behind the end"],
)
def test_damaged_delta_raises_until_the_next_key(body: bytes) -> None:
    assert LAYOUT.size % 8 != 0  # so that the last mask has bits to spare
    packets, pictures = group(2)
    decoder = AsciiDecoder(LAYOUT)
    decoder.decode(packets[0].data)
    with pytest.raises(DamagedPacketError):
        decoder.decode(HEADER.pack(1, 1, 0, 0, 1, 0) + flushed(body))
    with pytest.raises(DamagedPacketError, match="without a key"):
        decoder.decode(packets[1].data)
    again = decoder.decode(packets[0].data)
    assert again is not None
    np.testing.assert_array_equal(again.codes, pictures[0])


def test_missing_delta_raises() -> None:
    packets, _ = group(3)
    decoder = AsciiDecoder(LAYOUT)
    decoder.decode(packets[0].data)
    with pytest.raises(DamagedPacketError, match="does not follow"):
        decoder.decode(packets[2].data)


def test_nothing_follows_end() -> None:
    encoder, decoder = AsciiEncoder(LAYOUT), AsciiDecoder(LAYOUT)
    codes = np.zeros(LAYOUT.size, np.uint8)
    decoder.decode(encoder.encode(codes, 0).data)
    decoder.decode(encoder.end(1).data)
    with pytest.raises(DamagedPacketError):
        decoder.decode(encoder.encode(codes + 1, 2).data)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_flipped_bytes_raise_at_most(data: st.DataObject) -> None:
    packets, _ = group(4)
    decoder = AsciiDecoder(LAYOUT)
    hit = data.draw(st.integers(0, 3))
    for number, packet in enumerate(packets):
        raw = bytearray(packet.data)
        if number == hit:
            place = data.draw(st.integers(0, len(raw) - 1))
            raw[place] ^= data.draw(st.integers(1, 255))
            raw = raw[: data.draw(st.integers(0, len(raw)))]
        try:
            decoded = decoder.decode(bytes(raw))
        except DamagedPacketError:
            return
        assert decoded is None or decoded.codes.size == LAYOUT.size


def test_encode_rejects_codes_of_another_layout() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        AsciiEncoder(LAYOUT).encode(np.zeros(3, np.uint8), 0)


def test_encoder_copies_the_codes() -> None:
    encoder, decoder = AsciiEncoder(LAYOUT), AsciiDecoder(LAYOUT)
    codes = np.zeros(LAYOUT.size, np.uint8)
    first = decoder.decode(encoder.encode(codes, 0).data)
    assert first is not None
    codes += 1
    first.codes[:] = 99
    second = decoder.decode(encoder.encode(codes, 1).data)
    assert second is not None
    assert second.codes.tolist() == [1] * LAYOUT.size
