"""Make a file and its index agree after a crash or a power cut.

A file that has an index of ours is cut at its last whole fragment, and the index completed from its
fragments. For a file without one, an index is made; the file itself is not changed then, nor is one
that cannot be read: it may be of others.
"""

from collections.abc import Iterator
from contextlib import suppress
import os
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from ..errors import FragmentError
from ..files import (
    commit_file,
    create_file,
    file_size,
    open_regular,
    storage_errors,
    write_all,
)
from ..mp4.boxes import Box, file_boxes
from ..mp4.fragment_reader import Track, read_tracks
from ..segments.segment import FrameTimes, frame_times, video_track
from .file_reader import TapeFile, TapePart
from .records import (
    DISCONTINUITY,
    FIRST,
    HEADER_SIZE,
    MAX_INIT,
    RECORD,
    SUFFIX,
    Header,
    Records,
    end_of,
    parse_index,
    read_index,
)

_MAX_PART: Final = 256 << 20
"""Bytes of a fragment; a larger one is not of a camera."""


class Recovered(NamedTuple):
    """A file that agrees with its index."""

    size: int
    """Bytes."""
    end: float
    """UNIX time of its end, s."""


def recover(file: TapeFile) -> Recovered | None:
    """Make a file and its index agree; blocks. None for one that is left alone. Raises StorageError.

    One without a whole fragment, of which an index of ours tells, is deleted.
    """
    index = file.path.with_suffix(SUFFIX)
    with storage_errors():
        size = file_size(file.path)
        data = b""
        with suppress(FileNotFoundError):
            data = read_index(index)
        if (parsed := parse_index(data, size)) is None:
            return _indexed(file, index, size)
        header, records = parsed
        begin = _end(records, header.init_size)
        with suppress(FragmentError):
            tracks = read_tracks(file.read(0, min(header.init_size, size)))
            records = np.concatenate((records, _tail(file, tracks, begin, size, records)))
        if not len(records):
            file.path.unlink()
            index.unlink()
            return None
        size = _agree(file.path, index, records, len(parsed[1]), len(data))
        return Recovered(size, header.wall + end_of(records))


def _agree(path: Path, index: Path, records: Records, valid: int, length: int) -> int:
    """Cut a file behind its last part, and write the records of its index after `valid` ones.

    Returns its size.
    """
    size = _end(records, 0)
    descriptor = open_regular(path, os.O_WRONLY)
    try:
        if os.fstat(descriptor).st_size > size:
            os.ftruncate(descriptor, size)
    finally:
        os.close(descriptor)
    kept = HEADER_SIZE + valid * RECORD.itemsize
    descriptor = open_regular(index, os.O_WRONLY)
    try:
        if length != kept:
            os.ftruncate(descriptor, kept)
        os.lseek(descriptor, kept, os.SEEK_SET)
        write_all(descriptor, records[valid:].tobytes())
    finally:
        os.close(descriptor)
    return size


def _indexed(file: TapeFile, path: Path, size: int) -> Recovered | None:
    """Make the index of a file that has none; None if it is not a file of ours."""
    try:
        init_size = _init_size(file.path, size)
        tracks = read_tracks(file.read(0, init_size))
    except FragmentError:
        return None
    records = _tail(file, tracks, init_size, size, np.zeros(0, RECORD))
    if not len(records):
        return None
    partial = path.with_name(f"{path.name}.partial")
    descriptor = create_file(partial)
    try:
        write_all(descriptor, Header(0, init_size, 0.0, file.start).pack() + records.tobytes())
    finally:
        os.close(descriptor)
    commit_file(partial, path, sync=False)
    # Bytes behind the last whole fragment do not count.
    return Recovered(_end(records, 0), file.start + end_of(records))


def _end(records: Records, empty: int) -> int:
    return int(records["offset"][-1]) + int(records["size"][-1]) if len(records) else empty


def _init_size(path: Path, size: int) -> int:
    """Return the bytes up to the end of `moov`. Raises FragmentError if it is not near the start."""
    descriptor = open_regular(path)
    try:
        for box in file_boxes(descriptor, 0, min(size, MAX_INIT)):
            if box.kind == b"moov":
                return box.end
            if box.kind not in (b"ftyp", b"free"):
                break
    finally:
        os.close(descriptor)
    raise FragmentError("not a fragmented file")


def _tail(
    file: TapeFile, tracks: tuple[Track, ...], begin: int, size: int, before: Records
) -> Records:
    """Return records of the whole fragments from a byte on, which follow those `before`."""
    if (video := video_track(tracks)) is None:
        return np.zeros(0, RECORD)
    last, found = (before[-1] if len(before) else None), list[tuple[float, ...]]()
    base, rate = (float(last["base"]), float(last["rate"])) if last is not None else (None, 1.0)
    end = end_of(before)
    for offset, length, readable in _fragments(file.path, begin, size):
        times = None
        if readable:
            try:
                times = frame_times(TapePart(file, offset, length, 0.0), video)
            except FragmentError:
                break
        if times is None:
            found.append((offset, length, 0, 0, 0, end, 0.0, 0.0, 0.0, 1.0, np.inf, np.nan))
            continue
        if base is None:
            base = -times.start
        row = _row(times, base, rate, end)
        flags = FIRST if times.keyframe is not None else 0
        if last is None and not found:
            flags |= FIRST | DISCONTINUITY
        found.append((offset, length, 0, times.frames, flags, *row))
        end = row[0] + row[1]
    return np.array(found, RECORD)


def _row(times: FrameTimes, base: float, rate: float, end: float) -> tuple[float, ...]:
    """Return start, duration, media start, base, rate, limit and keyframe of a fragment."""
    start = max(base + rate * times.start, end)
    duration = max(0.0, rate * (times.end - times.start))
    keyframe = np.nan if times.keyframe is None else base + rate * times.keyframe
    return start, duration, times.start, base, rate, np.inf, keyframe


def _fragments(path: Path, begin: int, size: int) -> Iterator[tuple[int, int, bool]]:
    """Yield offset, bytes and whether it is media of each whole fragment; blocks. Raises OSError."""
    descriptor = open_regular(path)
    start: Box | None = None
    try:
        for box in file_boxes(descriptor, begin, size):
            if box.end - box.start > _MAX_PART:
                return
            if box.kind == b"moof" and start is None:
                start = box
            elif box.kind == b"mdat" and start is not None:
                yield start.start, box.end - start.start, True
                start = None
            elif box.kind == b"free" and start is None:
                yield box.start, box.end - box.start, False
            else:
                return
    except FragmentError:
        return
    finally:
        os.close(descriptor)
