"""Images of a few kB that are large or slow to decode, as sent by a hostile camera."""

from fractions import Fraction
import io
import struct
from typing import Any
import zlib

import av

LARGE = (8000, 8000)
"""64 million pixels, within 8192 on each side."""


def jpeg_of(*, size: tuple[int, int] = (64, 64), scans: int = 1, frames: int = 1) -> bytes:
    """Return a valid progressive grey JPEG of `scans` scans and `frames` frame headers."""
    width, height = size
    blocks = -(-width // 8) * -(-height // 8)
    # One code for "no difference", and one for "no coefficient in the next 2**14 and more blocks".
    head = [
        _segment(0xDB, b"\0" + b"\1" * 64),
        *[_segment(0xC2, struct.pack(">BHHB", 8, height, width, 1) + b"\1\x11\0")] * frames,
        _segment(0xC4, b"\0" + b"\1" + bytes(15) + b"\0"),
        _segment(0xC4, b"\x10" + b"\1" + bytes(15) + b"\xe0"),
        _segment(0xDA, b"\1\1\0\0\0\0") + _bits("0" * blocks),
    ]
    empty = _bits(("0" + "1" * 14) * -(-blocks // 32767))
    rounds = [(low, k) for low in range(13, -1, -1) for k in range(1, 64)]
    rest = [
        _segment(0xDA, bytes([1, 1, 0, k, k, low if low == 13 else (low + 1) << 4 | low])) + empty
        for low, k in rounds[: scans - 1]
    ]
    return b"".join([b"\xff\xd8", *head, *rest, b"\xff\xd9"])


def _segment(marker: int, content: bytes) -> bytes:
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(content) + 2) + content


def _bits(text: str) -> bytes:
    text += "1" * (-len(text) % 8)
    data = int(text, 2).to_bytes(len(text) // 8)
    return data.replace(b"\xff", b"\xff\0")


def png_of(
    size: tuple[int, int], *, depth: int = 8, colour_type: int = 0, more: bytes = b""
) -> bytes:
    """Return a PNG of zeros; `more` precedes its image data."""
    channels = {0: 1, 2: 3, 6: 4}[colour_type]
    row = bytes(1 + size[0] * channels * depth // 8)
    packer = zlib.compressobj(1)
    data = b"".join(packer.compress(row) for _ in range(size[1])) + packer.flush()
    header = struct.pack(">IIBBBBB", *size, depth, colour_type, 0, 0, 0)
    parts = [chunk(b"IHDR", header), more, chunk(b"IDAT", data), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def chunk(kind: bytes, data: bytes) -> bytes:
    """Return a PNG chunk."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def zeros(size: int) -> bytes:
    """Deflate `size` zero bytes, a multiple of a million."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    # After a full flush, the same bytes are deflated to the same bytes again.
    block = packer.compress(bytes(1_000_000)) + packer.flush(zlib.Z_FULL_FLUSH)
    checksum = (size % 65521 << 16 | 1).to_bytes(4)  # Adler-32
    return b"\x78\xda" + block * (size // 1_000_000) + packer.flush() + checksum


def film_of(pictures: list[bytes], size: tuple[int, int], kind: str = "matroska") -> bytes:
    """Mux JPEGs into a video, one per second."""
    made = io.BytesIO()
    with av.open(made, "w", format=kind) as container:
        stream: Any = container.add_stream("mjpeg", rate=1)
        stream.width, stream.height, stream.pix_fmt = *size, "yuvj420p"
        for number, picture in enumerate(pictures):
            packet = av.Packet(picture)
            packet.stream, packet.time_base = stream, Fraction(1, 1)
            packet.pts = packet.dts = number
            packet.is_keyframe = True
            container.mux(packet)
    return made.getvalue()
