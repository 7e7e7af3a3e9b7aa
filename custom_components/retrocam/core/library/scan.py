"""Scanning a directory of media without stalling other threads.

A directory of 100,000 files takes about 0.3 s, most of it for the size of each file. numpy parses
names by thousands, so that no single step holds the interpreter for long: a scan in a thread delays
the event loop by a few milliseconds at worst.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import batched
import os
from pathlib import Path
import stat
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..files import folder_status, storage_errors
from .files import EXTENSIONS, NAME_LENGTH
from .index import MediaIndex

_BATCH: Final = 2048
_TIME_LENGTH: Final = NAME_LENGTH - 4
_PARTIAL: Final = b".partial"
_PATTERN: Final = np.frombuffer(b"00000000T000000.000Z", np.uint8)
_IS_DIGIT: Final = np.frombuffer(b"0", np.uint8)[0] == _PATTERN
_KINDS: Final = {f".{extension}".encode(): kind for kind, extension in enumerate(EXTENSIONS)}


@dataclass(frozen=True, slots=True)
class Scan:
    """The content of a directory."""

    index: MediaIndex
    """The complete media files, without durations."""
    partials: tuple[Path, ...]
    """Incomplete files."""
    empty: tuple[Path, ...]
    """Files of 0 bytes with a final name, left by a power cut."""
    mtime_ns: int
    """Time stamp of the directory before the scan."""


def scan(directory: Path, extensions: tuple[str, ...]) -> Scan:
    """Scan a directory. Blocks: call it in a worker thread.

    Only regular files with names of Retrocam and one of these extensions count. Raises StorageError.
    """
    wanted = frozenset(EXTENSIONS.index(extension) for extension in extensions)
    batches: list[NDArray[np.int64]] = []
    partials: list[Path] = []
    empty: list[Path] = []
    with storage_errors():
        mtime_ns = folder_status(directory).st_mtime_ns
        with os.scandir(os.fsencode(directory)) as entries:
            for batch in batched(entries, _BATCH, strict=False):
                rows, partial_names, empty_names = _read(batch, wanted)
                batches.append(rows)
                partials += [directory / os.fsdecode(name) for name in partial_names]
                empty += [directory / os.fsdecode(name) for name in empty_names]
    rows = np.concatenate((np.empty((0, 3), np.int64), *batches))
    index = MediaIndex.from_columns(rows[:, 0], rows[:, 1], rows[:, 2])
    return Scan(index, tuple(partials), tuple(empty), mtime_ns)


def with_durations(
    index: MediaIndex, previous: MediaIndex, directory: Path, prober: Callable[[Path], int]
) -> MediaIndex:
    """Return `index` with the durations of `previous`, and those of `prober` (ms) for other files.

    Blocks. A file that cannot be read gets 0.
    """
    durations = np.zeros(len(index), np.uint32)
    old = np.isin(index.keys, previous.keys, assume_unique=True)
    durations[old] = previous.durations[np.isin(previous.keys, index.keys, assume_unique=True)]
    for position in np.flatnonzero(~old).tolist():
        with suppress(OSError):
            durations[position] = prober(directory / index.item(position).name)
    return MediaIndex.from_columns(index.times, index.sizes(), index.keys & 0xFF, durations)


def orphans(directory: Path, suffix: str, index: MediaIndex) -> list[Path]:
    """Return the files derived from media that are not in the index. Blocks.

    Such a file is named after the media file, followed by `suffix`; partial ones are orphans too.
    A directory that is missing or a link has none. Raises StorageError.
    """
    ending = suffix.encode()
    orphaned: list[Path] = []
    keys = index.keys
    with storage_errors():
        try:
            folder_status(directory)
        except FileNotFoundError, NotADirectoryError:
            return orphaned
        with os.scandir(os.fsencode(directory)) as entries:
            for batch in batched((entry.name for entry in entries), _BATCH, strict=False):
                names = [name for name in batch if name[NAME_LENGTH:] == ending]
                media_names = [name[:NAME_LENGTH] for name in names]
                times, kinds = _times_of(media_names), _kinds_of(media_names)
                valid = (times >= 0) & (kinds >= 0)
                missing = valid & np.isin((times << 8) | kinds, keys, invert=True)
                orphaned += [directory / os.fsdecode(names[row]) for row in np.flatnonzero(missing)]
                orphaned += [
                    directory / os.fsdecode(name)
                    for name in batch
                    if name[NAME_LENGTH:] == _PARTIAL + ending
                    and int(_times_of([name[:NAME_LENGTH]])[0]) >= 0
                ]
    return orphaned


def _read(
    entries: tuple[os.DirEntry[bytes], ...], wanted: frozenset[int]
) -> tuple[NDArray[np.int64], list[bytes], list[bytes]]:
    """Return rows `(n, 3)` of time, size and kind, and the names of partial and empty files."""
    media: list[os.DirEntry[bytes]] = []
    partials: list[bytes] = []
    for entry in entries:
        length = len(entry.name)
        if length == NAME_LENGTH:
            media.append(entry)
        elif length == NAME_LENGTH + len(_PARTIAL) and _is_partial(entry, wanted):
            partials.append(entry.name)
    names = [entry.name for entry in media]
    rows = np.empty((len(media), 3), np.int64)
    rows[:, 0] = _times_of(names)
    rows[:, 2] = _kinds_of(names)
    valid = (rows[:, 0] >= 0) & np.isin(rows[:, 2], list(wanted))
    rows[:, 1] = [
        _size(entry) if good else -1 for entry, good in zip(media, valid.tolist(), strict=True)
    ]
    empty = [names[row] for row in np.flatnonzero(rows[:, 1] == 0)]
    return rows[rows[:, 1] > 0], partials, empty


def _is_partial(entry: os.DirEntry[bytes], wanted: frozenset[int]) -> bool:
    name = entry.name
    final_name = name[:_TIME_LENGTH] + name[-4:]
    return (
        name[_TIME_LENGTH:-4] == _PARTIAL
        and int(_kinds_of([final_name])[0]) in wanted
        and int(_times_of([final_name])[0]) >= 0
        and entry.is_file(follow_symlinks=False)
    )


def _size(entry: os.DirEntry[bytes]) -> int:
    """Return the bytes of a regular file; -1 for anything else, or if it has been deleted."""
    try:
        status = entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return -1
    return status.st_size if stat.S_ISREG(status.st_mode) else -1


def _kinds_of(names: list[bytes]) -> NDArray[np.int64]:
    """Return the positions of the names' extensions in EXTENSIONS, `(n,)`; -1 for others."""
    return np.array([_KINDS.get(name[_TIME_LENGTH:], -1) for name in names], np.int64)


def _times_of(names: list[bytes]) -> NDArray[np.int64]:
    """Parse the times of names of 24 bytes: `(n,)` UNIX ms, -1 for a name without one."""
    text = np.frombuffer(b"".join(names), np.uint8).reshape(-1, NAME_LENGTH)[:, :_TIME_LENGTH]
    digits = (text[:, _IS_DIGIT] - ord("0")).astype(np.int64)
    valid = (text[:, ~_IS_DIGIT] == _PATTERN[~_IS_DIGIT]).all(axis=1) & (digits <= 9).all(axis=1)

    def number(start: int, stop: int) -> NDArray[np.int64]:
        powers = 10 ** np.arange(stop - start - 1, -1, -1)
        value: NDArray[np.int64] = digits[:, start:stop] @ powers
        return value

    year, month, day = number(0, 4), number(4, 6), number(6, 8)
    hour, minute, second = number(8, 10), number(10, 12), number(12, 14)
    valid &= (year >= 1970) & (month >= 1) & (month <= 12) & (day >= 1)
    valid &= (hour < 24) & (minute < 60) & (second < 60)
    months = ((year - 1970) * 12 + month - 1).astype("M8[M]")
    days = months.astype("M8[D]").astype(np.int64) + day - 1
    valid &= days < (months + 1).astype("M8[D]").astype(np.int64)
    times = (((days * 24 + hour) * 60 + minute) * 60 + second) * 1000 + number(14, 17)
    return np.where(valid, times, -1)
