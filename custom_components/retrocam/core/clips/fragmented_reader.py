"""Read the headers of a recording in fragments, up to the last complete fragment.

Reads only files of `FragmentedFileWriter`. Safe for damaged ones: reading always ends, and raises
only FragmentError and StorageError.
"""

from array import array
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
import os
from pathlib import Path
from typing import Final

from ..errors import FragmentError
from ..files import open_regular, storage_errors
from ..mp4.boxes import Box, file_boxes, first_of
from ..mp4.fragment_reader import Track, read_tracks
from ..mp4.fragment_writer import SampleRows, read_fragment
from ..mp4.movie_info import read_title
from ..mp4.sample_description import codec_name
from ..mp4.sample_table import SampleTable

_MAX_BOXES: Final = 8
"""Before the end of `moov`."""
_MAX_HEADER: Final = 64 << 20
"""Bytes; a larger header is not one of ours."""


@dataclass(frozen=True, slots=True)
class FragmentedFile:
    """Contents of a recording, up to the last complete fragment."""

    path: Path
    all_tracks: tuple[Track, ...]
    """Tracks of the header."""
    tracks: tuple[Track, ...]
    """Tracks with samples."""
    tables: tuple[SampleTable, ...]
    media_spans: tuple[array[int], array[int]]
    """Offset and size of the media data of each fragment, in the file."""
    title: bytes
    """Title of the header; empty for none."""
    size: int
    """Bytes up to the end of the last complete fragment."""

    @property
    def samples(self) -> list[int]:
        """Number of samples of each track with samples."""
        return [table.samples for table in self.tables]

    @property
    def duration(self) -> float:
        """Seconds of video."""
        return self.tables[0].duration / self.tracks[0].timescale

    @property
    def codec(self) -> str:
        """Name of the video codec."""
        return codec_name(self.tracks[0].codec, self.tracks[0].description)

    @property
    def media_size(self) -> int:
        """Bytes of all samples."""
        return sum(self.media_spans[1])


def read_recording(path: Path) -> FragmentedFile:
    """Read the headers of a recording in fragments; blocks.

    Raises FragmentError if it has no complete fragment with video, or is not one of our files, and
    StorageError.
    """
    with storage_errors():
        descriptor = open_regular(path)
        try:
            return _read(path, descriptor)
        finally:
            os.close(descriptor)


def _read(path: Path, descriptor: int) -> FragmentedFile:
    end = os.fstat(descriptor).st_size
    moov = first_of(islice(file_boxes(descriptor, 0, end), _MAX_BOXES), b"moov")
    if moov.end > _MAX_HEADER:
        raise FragmentError(f"a header of {moov.end} bytes is too large")
    init = os.pread(descriptor, moov.end, 0)
    tracks = read_tracks(init)
    tables = [SampleTable() for _ in tracks]
    offsets, sizes = array("q"), array("q")
    size, position = len(init), 0
    for runs, mdat in _fragments(descriptor, size, end, len(tracks)):
        for run in runs:
            tables[run.track].add(run, position)
            position += run.size
        offsets.append(mdat.body)
        sizes.append(mdat.end - mdat.body)
        size = mdat.end
    for table in tables:
        table.close()
    if tracks[0].handler != "vide" or not tables[0].samples:
        raise FragmentError("no complete fragment with video")
    # A camera may announce audio and never send any.
    used = [index for index, table in enumerate(tables) if table.samples]
    return FragmentedFile(
        path=path,
        all_tracks=tracks,
        tracks=tuple(tracks[index] for index in used),
        tables=tuple(tables[index] for index in used),
        media_spans=(offsets, sizes),
        title=read_title(init, moov),
        size=size,
    )


def _fragments(
    descriptor: int, position: int, end: int, tracks: int
) -> Iterator[tuple[list[SampleRows], Box]]:
    """Iterate over the runs and the `mdat` of each complete fragment."""
    walk = file_boxes(descriptor, position, end)
    with suppress(FragmentError):
        for moof, mdat in zip(walk, walk, strict=False):
            size = moof.end - moof.start
            if (moof.kind, mdat.kind) != (b"moof", b"mdat") or size > _MAX_HEADER:
                return
            runs = read_fragment(os.pread(descriptor, size, moof.start), tracks)
            if sum(run.size for run in runs) != mdat.end - mdat.body:
                return
            yield runs, mdat
