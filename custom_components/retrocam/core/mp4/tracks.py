"""What the header of a file says of a track besides its samples, and how its pictures are turned.

The layout is that of ISO/IEC 14496-12, sections 8.3.2 and 8.5.2.
"""

from collections.abc import Sequence
from dataclasses import dataclass
import struct

from ..errors import FragmentError
from ..orientation import TURNS, Turn, turn_of
from .boxes import ONE, boxes, child_of, children_of, first_of
from .fragment_reader import Track, track_id


@dataclass(frozen=True, slots=True)
class TrackHeader:
    """What a header says of a track besides its samples."""

    handler: str
    """`vide` or `soun`."""
    timescale: int
    description: bytes
    """Body of its `stsd`."""
    size: tuple[int, int]
    """Width and height at which it is to be shown, before turning, as 16.16 numbers."""
    matrix: bytes
    """How it is to be turned, as in `tkhd`."""


def track_headers(
    init: bytes | memoryview, tracks: Sequence[Track], orientation: int = 1
) -> tuple[TrackHeader, ...]:
    """Take the headers of these tracks out of an init, and turn pictures as the orientation says.

    Orientations are those of `turn_of`; 1 leaves them as the init has them. HEVC comes
    out as `hvc1`, which is all that some players know. Raises FragmentError, and ValueError unless
    1 <= orientation <= 8.
    """
    tails = dict(_tkhd_tails(init))
    return tuple(_track_header(track, tails[track.id], orientation) for track in tracks)


def _tkhd_tails(init: bytes | memoryview) -> list[tuple[int, bytes]]:
    """Read of each track its number, and the end of its header: matrix, width and height."""
    found = []
    for trak in children_of(init, first_of(boxes(init), b"moov"), b"trak"):
        tkhd = child_of(init, trak, b"tkhd")
        if tkhd.end - tkhd.body < 84:
            raise FragmentError("a track header that is too short")
        found.append((track_id(init, tkhd), bytes(init[tkhd.end - 44 : tkhd.end])))
    return found


def _track_header(track: Track, tail: bytes, orientation: int) -> TrackHeader:
    matrix, (width, height) = tail[:36], struct.unpack(">II", tail[36:])
    if track.handler == "vide" and orientation != 1:
        matrix = _matrix(orientation, width, height)
    description = track.description
    if track.codec == "hev1":
        description = description[:12] + b"hvc1" + description[16:]
    return TrackHeader(track.handler, track.timescale, description, (width, height), matrix)


def orientation_of(matrix: bytes) -> int:
    """Return the orientation that a matrix shows pictures in; 1 for one that does anything else.

    `matrix` is nine 32-bit numbers in the machine's own byte order, as FFmpeg gives it.
    """
    a, b, _, c, d = struct.unpack_from("=5i", matrix)
    signs = tuple((value > 0) - (value < 0) for value in (a, b, c, d))
    return next((number for number, turn in TURNS.items() if _linear(turn) == signs), 1)


def _linear(turn: Turn) -> tuple[int, int, int, int]:
    """Return (a, b, c, d) of x' = a x + c y + tx, y' = b x + d y + ty."""
    right, down = -1 if turn.mirror else 1, -1 if turn.flip else 1
    return (0, down, right, 0) if turn.transpose else (right, 0, 0, down)


def _matrix(orientation: int, width: int, height: int) -> bytes:
    """Make the matrix that shows pictures in an orientation (8.3.2); sizes are 16.16 numbers.

    A step to the right or down in the picture is one in the direction that the first or second row
    says; the third moves the result back to where it began.
    """
    turn = turn_of(orientation)
    a, b, c, d = _linear(turn)
    shown_width, shown_height = (height, width) if turn.transpose else (width, height)
    return struct.pack(
        ">9i",
        *(a * ONE, b * ONE, 0),
        *(c * ONE, d * ONE, 0),
        *(turn.mirror * shown_width, turn.flip * shown_height, 1 << 30),
    )
