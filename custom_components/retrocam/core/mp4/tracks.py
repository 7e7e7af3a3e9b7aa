"""Tracks for writing, and the display matrix of an orientation (ISO/IEC 14496-12, 8.3.2)."""

from collections.abc import Iterable
from dataclasses import replace
import struct

from ..orientation import TRANSFORMS, Transform, transform_for
from .boxes import ONE
from .fragment_reader import Track


def tracks_to_write(tracks: Iterable[Track], orientation: int = 1) -> tuple[Track, ...]:
    """Adapt tracks for a file; an orientation (EXIF) other than 1 replaces the video matrix.

    HEVC is tagged `hvc1`, the only tag that some players support. Raises ValueError unless
    1 <= orientation <= 8.
    """
    return tuple(_track_to_write(track, orientation) for track in tracks)


def _track_to_write(track: Track, orientation: int) -> Track:
    if track.handler == "vide" and orientation != 1:
        size = track.display[36:]
        matrix = _matrix(orientation, *struct.unpack(">II", size))
        track = replace(track, display=matrix + size)
    if track.codec == "hev1":
        description = track.description
        track = replace(track, description=description[:12] + b"hvc1" + description[16:])
    return track


def orientation_of(matrix: bytes) -> int:
    """Return the EXIF orientation of a display matrix; 1 if there is no equivalent.

    `matrix` has nine 32-bit numbers in native byte order, as FFmpeg's side data.
    """
    a, b, _, c, d = struct.unpack_from("=5i", matrix)
    signs = tuple((value > 0) - (value < 0) for value in (a, b, c, d))
    return next((number for number, turn in TRANSFORMS.items() if _linear(turn) == signs), 1)


def _linear(turn: Transform) -> tuple[int, int, int, int]:
    """Return (a, b, c, d) of x' = a x + c y + tx, y' = b x + d y + ty."""
    right, down = -1 if turn.mirror else 1, -1 if turn.flip else 1
    return (0, down, right, 0) if turn.transpose else (right, 0, 0, down)


def _matrix(orientation: int, width: int, height: int) -> bytes:
    """Build the display matrix of an orientation (8.3.2); sizes are 16.16.

    The first two rows map a step right and a step down; the third moves the result back to the
    origin.
    """
    turn = transform_for(orientation)
    a, b, c, d = _linear(turn)
    shown_width, shown_height = (height, width) if turn.transpose else (width, height)
    return struct.pack(
        ">9i",
        *(a * ONE, b * ONE, 0),
        *(c * ONE, d * ONE, 0),
        *(turn.mirror * shown_width, turn.flip * shown_height, 1 << 30),
    )
