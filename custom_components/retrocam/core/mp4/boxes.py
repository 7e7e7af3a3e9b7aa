"""The boxes of an MP4 file (ISO/IEC 14496-12, 4.2): making them, and finding them in memory or a file.

Whatever the bytes are, reading them ends, and raises nothing but FragmentError.
"""

from collections.abc import Iterable, Iterator
import os
import struct
from typing import Final, NamedTuple

from ..errors import FragmentError

type Data = bytes | memoryview
"""The bytes of an init or a part; a memoryview must be of single bytes."""

type Pieces = list[bytes | bytearray]
"""Bytes that follow one another."""
_HEAD: Final = struct.Struct(">I4s")

ONE: Final = 1 << 16
"""1 as a 16.16 number."""


class Box(NamedTuple):
    """One box: its four letters, and where it begins, where its body begins, and where it ends."""

    kind: bytes
    start: int
    body: int
    end: int


def box(kind: bytes, *content: bytes) -> bytes:
    """Join the contents to a box."""
    return b"".join((struct.pack(">I4s", 8 + sum(map(len, content)), kind), *content))


def full_box(kind: bytes, version_and_flags: int, *content: bytes) -> bytes:
    """Join the contents to a box that has a version, in the highest 8 bits, and 24 flags."""
    return box(kind, struct.pack(">I", version_and_flags), *content)


def box_pieces(kind: bytes, *content: Pieces) -> Pieces:
    """Put the head of a box in front of its contents, which are not copied."""
    pieces = [piece for one in content for piece in one]
    return [struct.pack(">I4s", 8 + sum(map(len, pieces)), kind), *pieces]


def boxes(data: Data, start: int = 0, end: int | None = None) -> Iterator[Box]:
    """Walk over the boxes from `start` to `end`, not into them.

    Raises FragmentError at a box that is cut off or too small to be one.
    """
    end = len(data) if end is None else end
    while start < end:
        found = _parse(data, start, start, end)
        yield found
        start = found.end


def file_boxes(descriptor: int, start: int, end: int) -> Iterator[Box]:
    """Walk over the boxes of an open file as `boxes` does; blocks. Raises FragmentError and OSError."""
    while start < end:
        found = _parse(os.pread(descriptor, min(16, end - start), start), 0, start, end)
        yield found
        start = found.end


def _parse(data: Data, place: int, start: int, end: int) -> Box:
    """Read the head of a box, at `place` of the data, that begins at `start` of what ends at `end`."""
    if place + 8 > len(data):
        raise FragmentError(f"cut off at {start}")
    size, kind = _HEAD.unpack_from(data, place)
    body = start + 8
    if size == 1:
        (size,) = unpack(">Q", data, place + 8, len(data))
        body += 8
    elif size == 0:
        size = end - start
    if size < body - start or start + size > end:
        raise FragmentError(f"box {kind!r} at {start} says {size} bytes of {end - start}")
    return Box(kind, start, body, start + size)


def children_of(data: Data, parent: Box, kind: bytes) -> Iterator[Box]:
    """Walk over the boxes of a kind directly in another. Raises FragmentError as `boxes`."""
    return (child for child in boxes(data, parent.body, parent.end) if child.kind == kind)


def first_of(found: Iterable[Box], kind: bytes) -> Box:
    """Return the first box of a kind. Raises FragmentError when there is none."""
    for one in found:
        if one.kind == kind:
            return one
    raise FragmentError(f"no {kind!r} where there must be one")


def child_of(data: Data, parent: Box, kind: bytes) -> Box:
    """Find the first box of a kind directly in another. Raises FragmentError when there is none."""
    return first_of(boxes(data, parent.body, parent.end), kind)


def unpack(form: str, data: Data, start: int, end: int) -> tuple[int, ...]:
    """Unpack what lies at `start`. Raises FragmentError when it reaches beyond `end`."""
    if start + struct.calcsize(form) > end:
        raise FragmentError(f"cut off at {start}")
    return struct.unpack_from(form, data, start)


def by_version(data: Data, versioned: Box, first: str, second: str) -> str:
    """Choose between the layouts of version 0 (32-bit times) and 1 (64-bit times) of a box.

    Raises FragmentError when the box is cut off before its version.
    """
    (version,) = unpack(">B", data, versioned.body, versioned.end)
    return second if version else first


def four_letters(data: Data, start: int, end: int) -> str:
    """Read a code of four letters. Raises FragmentError when it reaches beyond `end`."""
    if start + 4 > end:
        raise FragmentError(f"cut off at {start}")
    return bytes(data[start : start + 4]).decode("latin-1")
