"""The frame of every box of an MP4 file (ISO/IEC 14496-12, 4.2)."""

import struct
from typing import Final

ONE: Final = 1 << 16
"""1 as a 16.16 number."""


def box(kind: bytes, *content: bytes) -> bytes:
    """Join the contents to a box."""
    return b"".join((struct.pack(">I4s", 8 + sum(map(len, content)), kind), *content))


def full_box(kind: bytes, version_and_flags: int, *content: bytes) -> bytes:
    """Join the contents to a box that has a version, in the highest 8 bits, and 24 flags."""
    return box(kind, struct.pack(">I", version_and_flags), *content)
