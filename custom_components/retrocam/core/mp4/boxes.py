"""Boxes of an MP4 file (ISO/IEC 14496-12, 4.2): build them, find them in memory or in a file.

Safe for untrusted bytes: reading always ends, and raises only FragmentError.
"""

from collections.abc import Iterable, Iterator
import os
import struct
from typing import Final, NamedTuple

from ..errors import FragmentError

type Data = bytes | memoryview
"""Bytes of an init or a part; a memoryview must have format `B`."""

type Pieces = list[bytes | bytearray]
"""Consecutive bytes."""
_HEAD: Final = struct.Struct(">I4s")

ONE: Final = 1 << 16
"""1 in 16.16 fixed point."""


class Box(NamedTuple):
    """Type of a box, and the offsets of its start, body and end."""

    kind: bytes
    start: int
    body: int
    end: int


def box(kind: bytes, *content: bytes) -> bytes:
    """Build a box."""
    return b"".join((_HEAD.pack(8 + sum(map(len, content)), kind), *content))


def full_box(kind: bytes, version_and_flags: int, *content: bytes) -> bytes:
    """Build a box with a version (highest 8 bits) and 24 flags."""
    return box(kind, version_and_flags.to_bytes(4), *content)


def box_pieces(kind: bytes, *content: Pieces) -> Pieces:
    """Build a box without copying its contents."""
    pieces = [piece for group in content for piece in group]
    return [_HEAD.pack(8 + sum(map(len, pieces)), kind), *pieces]


def boxes(data: Data, start: int = 0, end: int | None = None) -> Iterator[Box]:
    """Iterate over the boxes from `start` to `end`, not over their children.

    Raises FragmentError at a truncated or undersized box.
    """
    end = len(data) if end is None else end
    while start < end:
        parsed = _parse(data, start, start, end)
        yield parsed
        start = parsed.end


def file_boxes(descriptor: int, start: int, end: int) -> Iterator[Box]:
    """Iterate over the boxes of an open file like `boxes`; blocks. Raises FragmentError and OSError."""
    while start < end:
        parsed = _parse(os.pread(descriptor, min(16, end - start), start), 0, start, end)
        yield parsed
        start = parsed.end


def _parse(data: Data, index: int, start: int, end: int) -> Box:
    """Parse the box header at `data[index]`; `start` and `end` are its offset and its parent's end."""
    if index + 8 > len(data):
        raise FragmentError(f"truncated at byte {start}")
    size, kind = _HEAD.unpack_from(data, index)
    body = start + 8
    if size == 1:
        (size,) = unpack(">Q", data, index + 8, len(data))
        body += 8
    elif size == 0:
        size = end - start
    if size < body - start or start + size > end:
        raise FragmentError(f"box {kind!r} at {start} claims {size} of {end - start} bytes")
    return Box(kind, start, body, start + size)


def children_of(data: Data, parent: Box, kind: bytes) -> Iterator[Box]:
    """Iterate over the direct children of a type. Raises FragmentError like `boxes`."""
    return (child for child in boxes(data, parent.body, parent.end) if child.kind == kind)


def first_of(candidates: Iterable[Box], kind: bytes) -> Box:
    """Return the first box of a type. Raises FragmentError without one."""
    for candidate in candidates:
        if candidate.kind == kind:
            return candidate
    raise FragmentError(f"missing box {kind!r}")


def child_of(data: Data, parent: Box, kind: bytes) -> Box:
    """Return the first direct child of a type. Raises FragmentError without one."""
    return first_of(boxes(data, parent.body, parent.end), kind)


def unpack(form: str, data: Data, start: int, end: int) -> tuple[int, ...]:
    """Unpack the values at `start`. Raises FragmentError if they extend beyond `end`."""
    if start + struct.calcsize(form) > end:
        raise FragmentError(f"truncated at byte {start}")
    return struct.unpack_from(form, data, start)


def by_version(data: Data, versioned: Box, version_0: str, version_1: str) -> str:
    """Choose the layout for the version of a box: 0 (32-bit times) or 1 (64-bit times).

    Raises FragmentError if the box is truncated before its version.
    """
    (version,) = unpack(">B", data, versioned.body, versioned.end)
    return version_1 if version else version_0


def four_letters(data: Data, start: int, end: int) -> str:
    """Read a four-character code. Raises FragmentError if it extends beyond `end`."""
    if start + 4 > end:
        raise FragmentError(f"truncated at byte {start}")
    return bytes(data[start : start + 4]).decode("latin-1")
