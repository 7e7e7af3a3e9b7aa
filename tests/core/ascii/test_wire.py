"""The cell stream survives the way, and says so when it does not."""

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
    CellEncoder,
    Packet,
    PacketType,
)
from custom_components.retrocam.core.errors import DamagedPacketError, RetrocamError

from .cell_decoder import CellDecoder
from .drawing import random_codes

LAYOUT = PlaneLayout(7, 5)

layouts = st.builds(
    PlaneLayout,
    cols=st.integers(1, 24),
    rows=st.integers(1, 24),
    glyphs=st.sampled_from([0, 95, 256]),
)
steps = st.lists(
    st.tuples(
        st.sampled_from([0.0, 0.002, 0.1, 1.0]),
        st.booleans(),
        st.sampled_from([None, MASK, RESIDUAL]),
    ),
    min_size=1,
    max_size=12,
)


def group(count: int, layout: PlaneLayout = LAYOUT) -> tuple[list[Packet], list[NDArray[np.uint8]]]:
    """Encode one key and its deltas."""
    rng = np.random.default_rng(1)
    encoder = CellEncoder(layout)
    pictures = [random_codes(layout, rng, None, 1.0) for _ in range(count)]
    return [encoder.encode(codes, 40_000 * n) for n, codes in enumerate(pictures)], pictures


@settings(max_examples=60, deadline=None)
@given(layout=layouts, steps=steps, epoch=st.integers(0, 600), seed=st.integers(0, 1 << 30))
def test_every_picture_survives_bit_for_bit(
    layout: PlaneLayout,
    steps: list[tuple[float, bool, int | None]],
    epoch: int,
    seed: int,
) -> None:
    rng = np.random.default_rng(seed)
    first = (1 << 32) - 3  # the sequence runs over
    encoder = CellEncoder(layout, epoch=epoch, seq=first)
    decoder = CellDecoder(layout, epoch=epoch)
    codes: NDArray[np.uint8] | None = None
    for number, (share, key, form) in enumerate(steps):
        before, codes = codes, random_codes(layout, rng, codes, share)
        packet = encoder.encode(codes, number * 41_667, key=key, form=form)
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


def test_a_packet_lies_as_the_protocol_says() -> None:
    layout = PlaneLayout(3, 2)
    encoder = CellEncoder(layout, epoch=258, seq=7)
    key = np.array([1, 2, 3, 4, 5, 6, 10, 11, 20, 21], np.uint8)
    data = encoder.encode(key, 0x0102030405060708).data
    assert data[:4] == bytes([1, 0, 0, 2])
    assert struct.unpack("<I", data[4:8]) == (7,)
    assert data[8:16] == bytes([8, 7, 6, 5, 4, 3, 2, 1])
    moved = key.copy()
    moved[[1, 9]] = [0, 40]
    inflate = zlib.decompressobj(-15)  # one for the whole group, as a browser reads it
    assert inflate.decompress(data[16:]) == key.tobytes()
    masked = encoder.encode(moved, 1, form=MASK).data
    assert inflate.decompress(masked[16:]) == bytes([0, 0b01000000, 0b01000000, 0, 40])
    held = encoder.encode(moved, 2).data
    assert (held[1], len(held)) == (2, 16)
    residual = encoder.encode(key, 3, form=RESIDUAL).data
    assert inflate.decompress(residual[16:]) == bytes([1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 237])
    assert (encoder.end(4).data[1], encoder.seq) == (3, 12)


def test_a_still_picture_is_sent_as_a_mask_and_a_moving_one_as_residuals() -> None:
    layout = PlaneLayout(120, 50)
    encoder = CellEncoder(layout)
    codes = np.zeros(layout.size, np.uint8)
    encoder.encode(codes, 0)
    codes[100] = 5
    few = encoder.encode(codes, 1)
    masked = CellEncoder(layout)
    masked.encode(np.zeros(layout.size, np.uint8), 0)
    assert few.data == masked.encode(codes, 1, form=MASK).data
    assert len(few.data) < 40
    moved = codes + np.arange(layout.size, dtype=np.uint8) % 7
    many, forms = encoder.encode(moved, 2), []
    for form in (MASK, RESIDUAL):
        other = CellEncoder(layout)
        other.encode(codes, 0)
        forms.append(len(other.encode(moved, 1, form=form).data))
    assert abs(len(many.data) - forms[1]) < 8 < forms[0] - forms[1]


def test_packets_of_another_epoch_are_dropped() -> None:
    packets, _ = group(3)
    decoder = CellDecoder(LAYOUT, epoch=1)
    assert [decoder.decode(packet.data) for packet in packets] == [None, None, None]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        bytes(15),
        HEADER.pack(2, 0, 0, 0, 0, 0),
        HEADER.pack(1, 4, 0, 0, 0, 0),
        HEADER.pack(1, 0, 1, 0, 0, 0),
        HEADER.pack(1, 2, 0, 0, 0, 0),
        HEADER.pack(1, 1, 0, 0, 0, 0),
        HEADER.pack(1, 3, 0, 0, 0, 0) + b"x",
        HEADER.pack(1, 0, 0, 0, 0, 0),
        HEADER.pack(1, 0, 0, 0, 0, 0) + b"\xff\xff",
        HEADER.pack(1, 0, 0, 0, 0, 0) + zlib.compress(bytes(LAYOUT.size), wbits=-15),
        HEADER.pack(1, 0, 0, 0, 0, 0) + zlib.compress(bytes(LAYOUT.size - 1), wbits=-15),
        HEADER.pack(1, 0, 0, 0, 0, 0) + zlib.compress(bytes(100_000_000), 9, wbits=-15),
    ],
    ids=[
        *("empty", "short", "version", "type", "flags", "hold first", "delta first", "end", "bare"),
        *("not deflate", "closed", "too few", "bomb"),
    ],
)
def test_a_damaged_packet_is_a_clear_error(data: bytes) -> None:
    with pytest.raises(DamagedPacketError) as caught:
        CellDecoder(LAYOUT).decode(data)
    assert caught.value.code == "damaged_packet"
    assert isinstance(caught.value, (RetrocamError, ValueError))


def flushed(body: bytes) -> bytes:
    """Deflate a delta as an encoder would."""
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
def test_a_damaged_delta_is_an_error_until_the_next_key(body: bytes) -> None:
    assert LAYOUT.size % 8 != 0  # so that the last mask has bits to spare
    packets, pictures = group(2)
    decoder = CellDecoder(LAYOUT)
    decoder.decode(packets[0].data)
    with pytest.raises(DamagedPacketError):
        decoder.decode(HEADER.pack(1, 1, 0, 0, 1, 0) + flushed(body))
    with pytest.raises(DamagedPacketError, match="without a key"):
        decoder.decode(packets[1].data)
    again = decoder.decode(packets[0].data)
    assert again is not None
    np.testing.assert_array_equal(again.codes, pictures[0])


def test_a_missing_delta_is_noticed() -> None:
    packets, _ = group(3)
    decoder = CellDecoder(LAYOUT)
    decoder.decode(packets[0].data)
    with pytest.raises(DamagedPacketError, match="does not follow"):
        decoder.decode(packets[2].data)


def test_nothing_follows_an_end() -> None:
    encoder, decoder = CellEncoder(LAYOUT), CellDecoder(LAYOUT)
    codes = np.zeros(LAYOUT.size, np.uint8)
    decoder.decode(encoder.encode(codes, 0).data)
    decoder.decode(encoder.end(1).data)
    with pytest.raises(DamagedPacketError):
        decoder.decode(encoder.encode(codes + 1, 2).data)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_bytes_that_were_turned_never_do_more_than_raise(data: st.DataObject) -> None:
    packets, _ = group(4)
    decoder = CellDecoder(LAYOUT)
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


def test_codes_must_fit_the_layout() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        CellEncoder(LAYOUT).encode(np.zeros(3, np.uint8), 0)


def test_codes_handed_over_may_be_changed_afterwards() -> None:
    encoder, decoder = CellEncoder(LAYOUT), CellDecoder(LAYOUT)
    codes = np.zeros(LAYOUT.size, np.uint8)
    first = decoder.decode(encoder.encode(codes, 0).data)
    assert first is not None
    codes += 1
    first.codes[:] = 99
    second = decoder.decode(encoder.encode(codes, 1).data)
    assert second is not None
    assert second.codes.tolist() == [1] * LAYOUT.size
