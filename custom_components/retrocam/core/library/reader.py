"""Read access to the index of a library: in memory, from any thread, without blocking."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import numpy as np

from ..errors import MediaNotFoundError
from ..listeners import Listeners
from .index import MediaIndex, MediaItem

MAX_NAMED: Final = 100
"""Files that one change names: listeners sign, send or draw each of them."""


@dataclass(frozen=True, slots=True)
class MediaChange:
    """A change of a library, sent after the index has it."""

    added: tuple[MediaItem, ...] = ()
    """New files, oldest first."""
    removed: tuple[str, ...] = ()
    """Names of removed files, oldest first."""
    reset: bool = False
    """More than MAX_NAMED files changed: read the lists again."""

    @classmethod
    def of_removed(cls, names: Sequence[str]) -> Self:
        """Return the change for deleted files."""
        return cls(reset=True) if len(names) > MAX_NAMED else cls(removed=tuple(names))

    @classmethod
    def between(cls, old: MediaIndex, new: MediaIndex) -> Self:
        """Compare two indexes of one library."""
        removed = np.flatnonzero(np.isin(old.keys, new.keys, assume_unique=True, invert=True))
        added = np.flatnonzero(np.isin(new.keys, old.keys, assume_unique=True, invert=True))
        if len(removed) + len(added) > MAX_NAMED:
            return cls(reset=True)
        return cls(
            added=tuple(new.item(position) for position in added.tolist()),
            removed=tuple(old.item(position).name for position in removed.tolist()),
        )

    def __bool__(self) -> bool:
        """Return whether anything changed."""
        return self.reset or bool(self.added) or bool(self.removed)


class MediaReader:
    """Read access of a MediaLibrary, from any thread, the event loop included."""

    def __init__(self, directory: Path) -> None:
        """Start with an empty index, until the library is loaded."""
        self.directory = directory
        self._index = MediaIndex()
        self.listeners = Listeners[[MediaChange]]()
        """Called with each change, in the thread that made it. They must neither raise nor block."""

    @property
    def total(self) -> int:
        """Number of files."""
        return len(self._index)

    @property
    def total_bytes(self) -> int:
        """Bytes of all files, without thumbnails."""
        return self._index.total_bytes

    @property
    def index(self) -> MediaIndex:
        """The current index, which is immutable."""
        return self._index

    @property
    def newest(self) -> MediaItem | None:
        """The file with the latest time, or None."""
        return next(self.page(1), None)

    def page(
        self, limit: int, *, after: float | None = None, before: float | None = None
    ) -> Iterator[MediaItem]:
        """Yield the newest files first: from `after` on and before `before`, UNIX seconds.

        Takes time by the length of the page, not of the library. The next page is the one before the
        last item's time, so files of one millisecond are never split: a page may exceed `limit` by
        them. Changes meanwhile do not affect the iteration.
        """
        index = self._index
        positions = index.between(after, before)
        begin = max(positions.start, positions.stop - max(0, limit))
        while positions.start < begin < positions.stop and (
            index.times[begin - 1] == index.times[begin]
        ):
            begin -= 1
        return map(index.item, range(begin, positions.stop)[::-1])

    def count(self, *, after: float | None = None, before: float | None = None) -> int:
        """Return the number of files from `after` on and before `before`, UNIX seconds."""
        return len(self._index.between(after, before))

    def paths(self, *, after: float | None = None, before: float | None = None) -> Iterator[Path]:
        """Yield the paths of the files from `after` on and before `before`, oldest first.

        Changes meanwhile, in any thread, do not affect the iteration.
        """
        index = self._index
        return (self.directory / index.item(at).name for at in index.between(after, before))

    def find(self, name: str) -> MediaItem | None:
        """Return the file of this name; None for any other string."""
        index = self._index
        position = index.find(name)
        return None if position is None else index.item(position)

    def path(self, name: str) -> Path:
        """Return the path of a file in the index, without access to the disk.

        Raises MediaNotFoundError for any other name, above all for those that lead elsewhere.
        """
        if self._index.find(name) is None:
            raise MediaNotFoundError(name)
        return self.directory / name
