"""From the fragments of a recording to the file that is kept, which plays from its first byte.

The same way is taken at the end of every clip and for one that a crash left behind: what counts is
what stands in the file. Its headers are read back, the samples are copied, and all that describes
them is put in front.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
import errno
import os
from pathlib import Path
from typing import Final, NamedTuple

from ..errors import MediaExistsError, StorageError, StorageFullError
from ..files import (
    create_file,
    file_size,
    free_space,
    open_regular,
    publish,
    storage_errors,
    write_all,
)
from ..mp4.duration import mp4_duration
from ..mp4.movie_writer import fragmented_init, whole_header
from .fragmented_reader import Recording

_COPY: Final = 256 << 10
"""Bytes copied at a time: what stays in the processor's cache costs least."""


class FinishedClip(NamedTuple):
    """A file that is whole and has its final name."""

    path: Path
    duration: float
    """Seconds."""
    size: int
    """Bytes."""
    fast_start: bool
    """False where it could not be copied, mostly for want of room: it plays, but begins later."""


def copy_path(partial: Path) -> Path:
    """Name the copy that is being made of a file in fragments; it means nothing without that."""
    return partial.with_suffix(".copy")


def finish(recording: Recording, path: Path) -> FinishedClip:
    """Give a recording its final form and name, and remove the file in fragments; blocks.

    If it cannot be copied within its own folder, the file itself is renamed. Raises
    MediaExistsError if something has that name, and StorageError; the recording is then still
    there.
    """
    if os.path.lexists(path):
        raise MediaExistsError(f"{path} is there already")
    copy, stays = copy_path(recording.path), path.parent == recording.path.parent
    if not stays:
        copy = path.with_name(f".{copy.name}")
    try:
        size = _copy(recording, copy, path, claim=not stays)
    except StorageError:
        if not stays:
            raise
        return _keep_fragments(recording, path)
    # Should it stay, it is found at the next start, beside the file that was made of it.
    with suppress(OSError):
        recording.path.unlink()
    return FinishedClip(path, recording.duration, size, fast_start=True)


def _copy(recording: Recording, copy: Path, path: Path, *, claim: bool) -> int:
    """Write the file that plays at once, under a name of its own until it is whole."""
    if free_space(copy.parent) < recording.size:
        raise StorageFullError(f"no room for a copy of {recording.path}")
    if not all(table.fits for table in recording.tables):
        raise StorageError("a gap is longer than a file that plays at once can have")
    header = whole_header(recording.tracks, recording.tables, recording.media_size)
    size = sum(map(len, header)) + recording.media_size
    with storage_errors():
        try:
            with (
                _closing(create_file(copy)) as target,
                _closing(open_regular(recording.path)) as source,
            ):
                for piece in header:
                    write_all(target, piece)
                for offset, length in zip(*recording.stretches, strict=True):
                    _copy_stretch(source, target, offset, length)
            _check(copy, size, recording.duration)
            if claim:
                _claim(copy, path)
            else:
                publish(copy, path, sync=True)
        except BaseException:
            with suppress(OSError):
                copy.unlink()
            raise
    return size


def _copy_stretch(source: int, target: int, offset: int, size: int) -> None:
    buffer = memoryview(bytearray(min(_COPY, size)))
    while size:
        count = os.preadv(source, [buffer[: min(len(buffer), size)]], offset)
        if not count:
            raise OSError(errno.EIO, "a recording became shorter while it was copied")
        rest = buffer[:count]
        while rest:
            rest = rest[os.write(target, rest) :]
        offset, size = offset + count, size - count


def _check(path: Path, size: int, duration: float) -> None:
    """See that what was written is there, and says how long it is."""
    if file_size(path) != size or abs(mp4_duration(path) / 1000 - duration) > 0.1:
        raise OSError(errno.EIO, "a copy is not as long as it was written", str(path))


def _claim(copy: Path, path: Path) -> None:
    """Take a name that nobody has reserved, so that no other file is replaced."""
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644))
    except FileExistsError as error:
        raise MediaExistsError(f"{path} is there already") from error
    try:
        publish(copy, path, sync=True)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _keep_fragments(recording: Recording, path: Path) -> FinishedClip:
    """Give the file in fragments its final name, and let it say how long it is."""
    with storage_errors():
        ticks = recording.tables[0].duration
        with suppress(OSError), _closing(open_regular(recording.path, os.O_WRONLY)) as target:
            os.ftruncate(target, recording.size)
            os.pwrite(target, fragmented_init(recording.all_tracks, ticks), 0)
        publish(recording.path, path, sync=True)
    return FinishedClip(path, recording.duration, recording.size, fast_start=False)


@contextmanager
def _closing(descriptor: int) -> Iterator[int]:
    try:
        yield descriptor
    finally:
        os.close(descriptor)
