"""Remux a recording in fragments into a file with fast start (`moov` before `mdat`).

Clips that end and clips recovered after a crash take the same path: the fragment headers are read
back from the file, and the samples are copied after one header for all of them.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
import errno
import os
from pathlib import Path
from typing import Final

from ..errors import MediaExistsError, StorageError, StorageFullError
from ..files import (
    commit_file,
    create_file,
    file_size,
    free_space,
    open_regular,
    storage_errors,
    write_all,
)
from ..mp4.duration import mp4_duration
from ..mp4.movie_info import MovieInfo
from ..mp4.movie_writer import fast_start_header, fragmented_init
from .fragmented_reader import FragmentedFile
from .result import ClipFile

_COPY: Final = 256 << 10
"""Bytes copied at a time: fastest while they stay in the processor's cache."""


def copy_path(partial: Path) -> Path:
    """Return the path of the copy in progress; a leftover without its partial file is garbage."""
    return partial.with_suffix(".copy")


def finish(recording: FragmentedFile, path: Path, start: float) -> ClipFile:
    """Copy a recording to its final name with fast start, and delete the fragments; blocks.

    `start` is the UNIX time of its first frame, which the header tells. If copying within the same
    folder fails, mostly for lack of space, the file in fragments itself is renamed: it plays, but some
    players read all of it first. Raises MediaExistsError if the name is taken, and StorageError; the
    recording then remains.
    """
    if os.path.lexists(path):
        raise MediaExistsError(f"{path} already exists")
    duration, codec = recording.duration, recording.codec
    info = MovieInfo(start, recording.title)
    copy, same_folder = copy_path(recording.path), path.parent == recording.path.parent
    if not same_folder:
        copy = path.with_name(f".{copy.name}")
    try:
        size = _copy(recording, copy, path, info, claim=not same_folder)
    except StorageError:
        if not same_folder:
            raise
        _keep_fragments(recording, path, info)
        size = recording.size
    else:
        # If this fails, recovery deletes it at the next start.
        with suppress(OSError):
            recording.path.unlink()
    return ClipFile(path, start, duration, size, codec)


def _copy(
    recording: FragmentedFile, copy: Path, path: Path, info: MovieInfo, *, claim: bool
) -> int:
    """Write the fast-start file under a temporary name, then publish it; return its size."""
    if free_space(copy.parent) < recording.size:
        raise StorageFullError(f"no space for a copy of {recording.path}")
    if not all(table.durations_fit for table in recording.tables):
        raise StorageError("a gap is too long for a file with fast start")
    header = fast_start_header(recording.tracks, recording.tables, recording.media_size, info)
    size = sum(map(len, header)) + recording.media_size
    with storage_errors():
        try:
            with (
                _closing(create_file(copy)) as target,
                _closing(open_regular(recording.path)) as source,
            ):
                for piece in header:
                    write_all(target, piece)
                for offset, length in zip(*recording.media_spans, strict=True):
                    _copy_span(source, target, offset, length)
            _check(copy, size, recording.duration)
            if claim:
                _claim(copy, path)
            else:
                commit_file(copy, path, sync=True)
        except BaseException:
            with suppress(OSError):
                copy.unlink()
            raise
    return size


def _copy_span(source: int, target: int, offset: int, size: int) -> None:
    buffer = memoryview(bytearray(min(_COPY, size)))
    while size:
        count = os.preadv(source, [buffer[: min(len(buffer), size)]], offset)
        if not count:
            raise OSError(errno.EIO, "a recording was truncated while it was copied")
        write_all(target, buffer[:count])
        offset, size = offset + count, size - count


def _check(path: Path, size: int, duration: float) -> None:
    """Check the size and the duration of a written file. Raises OSError."""
    if file_size(path) != size or abs(mp4_duration(path) / 1000 - duration) > 0.1:
        raise OSError(errno.EIO, "a copy differs from what was written", str(path))


def _claim(copy: Path, path: Path) -> None:
    """Publish under a name that is not reserved, without replacing another file."""
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644))
    except FileExistsError as error:
        raise MediaExistsError(f"{path} already exists") from error
    try:
        commit_file(copy, path, sync=True)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _keep_fragments(recording: FragmentedFile, path: Path, info: MovieInfo) -> None:
    """Give the file in fragments its final name, and its duration in the header."""
    with storage_errors():
        ticks = recording.tables[0].duration
        with suppress(OSError), _closing(open_regular(recording.path, os.O_WRONLY)) as target:
            os.ftruncate(target, recording.size)
            os.pwrite(target, fragmented_init(recording.all_tracks, ticks, info), 0)
        commit_file(recording.path, path, sync=True)


@contextmanager
def _closing(descriptor: int) -> Iterator[int]:
    try:
        yield descriptor
    finally:
        os.close(descriptor)
