"""Reading back what a recording in fragments holds, up to its last whole fragment.

Only files that `ClipFile` wrote are read. Whatever a crash or a disk made of one, reading it ends,
and raises nothing but FragmentError and StorageError.
"""

from array import array
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
import os
from pathlib import Path
from typing import Final, NamedTuple

from ..errors import FragmentError
from ..files import open_regular, storage_errors
from ..mp4.boxes import file_boxes, first_of
from ..mp4.fragment_reader import read_tracks
from ..mp4.fragment_writer import Rows, read_fragment
from ..mp4.sample_table import SampleTable
from ..mp4.tracks import TrackHeader, track_headers

_MAX_BOXES: Final = 8
"""Before the end of `moov`."""
_MAX_HEADER: Final = 64 << 20
"""Bytes; a header that claims more is none of ours."""


class Stretch(NamedTuple):
    """Media data of one fragment, in the file of the recording."""

    offset: int
    size: int


@dataclass(frozen=True, slots=True)
class Recording:
    """What stands in the file of a recording, up to its last whole fragment."""

    path: Path
    all_tracks: tuple[TrackHeader, ...]
    """Of its header."""
    tracks: tuple[TrackHeader, ...]
    """Those that have samples."""
    tables: tuple[SampleTable, ...]
    stretches: tuple[array[int], array[int]]
    """Offset and size of the media data of each fragment, in the file."""
    size: int
    """Bytes up to the end of the last whole fragment."""

    @property
    def samples(self) -> list[int]:
        """How many samples each track has."""
        return [table.samples for table in self.tables]

    @property
    def duration(self) -> float:
        """Seconds from the first picture to the end of the last."""
        return self.tables[0].duration / self.tracks[0].timescale

    @property
    def media_size(self) -> int:
        """Bytes of all samples."""
        return sum(self.stretches[1])


def read_recording(path: Path) -> Recording:
    """Read the headers of a recording in fragments; blocks.

    What follows the last whole fragment is passed over. Raises FragmentError if there is no whole
    fragment with pictures, or it is not a file of ours, and StorageError.
    """
    with storage_errors():
        descriptor = open_regular(path)
        try:
            return _read(path, descriptor)
        finally:
            os.close(descriptor)


def _read(path: Path, descriptor: int) -> Recording:
    end = os.fstat(descriptor).st_size
    init = os.pread(descriptor, _init_size(descriptor, end), 0)
    tracks = read_tracks(init)
    headers = track_headers(init, tracks)
    found = [SampleTable() for _ in tracks]
    offsets, sizes = array("q"), array("q")
    size, position = len(init), 0
    for fragment, stretch in _fragments(descriptor, size, end, len(tracks)):
        for rows in fragment:
            found[rows.track].add(rows, position)
            position += rows.size
        offsets.append(stretch.offset)
        sizes.append(stretch.size)
        size = stretch.offset + stretch.size
    for table in found:
        table.close()
    if headers[0].handler != "vide" or not found[0].samples:
        raise FragmentError("no whole fragment with pictures")
    # A camera may promise sound and never send any.
    kept = [index for index, table in enumerate(found) if table.samples]
    return Recording(
        path=path,
        all_tracks=headers,
        tracks=tuple(headers[index] for index in kept),
        tables=tuple(found[index] for index in kept),
        stretches=(offsets, sizes),
        size=size,
    )


def _init_size(descriptor: int, end: int) -> int:
    """Find where `moov` ends."""
    moov = first_of(islice(file_boxes(descriptor, 0, end), _MAX_BOXES), b"moov")
    if moov.end > _MAX_HEADER:
        raise FragmentError(f"a header of {moov.end} bytes")
    return moov.end


def _fragments(
    descriptor: int, position: int, end: int, tracks: int
) -> Iterator[tuple[list[Rows], Stretch]]:
    """Walk over the fragments, up to the first one that is not whole."""
    walk = file_boxes(descriptor, position, end)
    with suppress(FragmentError):
        for moof, mdat in zip(walk, walk, strict=False):
            size = moof.end - moof.start
            if (moof.kind, mdat.kind) != (b"moof", b"mdat") or size > _MAX_HEADER:
                return
            found = read_fragment(os.pread(descriptor, size, moof.start), tracks)
            stretch = Stretch(mdat.body, mdat.end - mdat.body)
            if sum(rows.size for rows in found) != stretch.size:
                return
            yield found, stretch
