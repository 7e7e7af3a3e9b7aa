"""Adapt an init to players: the display matrix of an orientation, and the tag of HEVC."""

from typing import Final

from ..errors import FragmentError
from .boxes import boxes, by_version, child_of, children_of, first_of, unpack
from .fragment_reader import Track
from .tracks import tracks_to_write

_DISPLAY: Final = 44
"""Bytes of the display matrix and size at the end of `tkhd`."""


def player_init(init: bytes, tracks: tuple[Track, ...], orientation: int) -> bytes:
    """Return an init that shows video by an orientation (EXIF), with HEVC tagged `hvc1`.

    `tracks` are those of the init. Raises FragmentError for a damaged init, ValueError unless
    1 <= orientation <= 8.
    """
    written = {track.id: track for track in tracks_to_write(tracks, orientation)}
    result = bytearray(init)
    moov = first_of(boxes(init), b"moov")
    for trak in children_of(init, moov, b"trak"):
        tkhd = child_of(init, trak, b"tkhd")
        form = by_version(init, tkhd, ">12xI", ">20xI")
        (number,) = unpack(form, init, tkhd.body, tkhd.end)
        if (track := written.get(number)) is None:
            continue
        if tkhd.end - tkhd.body < _DISPLAY:
            raise FragmentError(f"the header of track {number} is too short")
        result[tkhd.end - _DISPLAY : tkhd.end] = track.display
        minf = child_of(init, child_of(init, trak, b"mdia"), b"minf")
        stsd = child_of(init, child_of(init, minf, b"stbl"), b"stsd")
        # Version, flags and count, then the first entry: its size and its tag.
        result[stsd.body + 12 : stsd.body + 16] = track.description[12:16]
    return bytes(result)
