"""What media a library holds, as readers see it: from memory, in any thread, without a wait."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import numpy as np

from ..errors import MediaNotFoundError
from ..listeners import Listeners
from .files import MAX_TIME_MS
from .index import MediaIndex, MediaItem

MOST_TOLD: Final = 100
"""Files that a change names at the most: who listens signs, sends or draws each of them."""


@dataclass(frozen=True, slots=True)
class MediaChange:
    """What became different in a library, told after the index has it."""

    added: tuple[MediaItem, ...] = ()
    """New files, oldest first."""
    removed: tuple[str, ...] = ()
    """Names of files that are no longer there, oldest first."""
    reset: bool = False
    """Too much changed to be told: read the lists again."""

    @classmethod
    def without(cls, names: Sequence[str]) -> Self:
        """Tell of files that were deleted, by `reset` where they are many."""
        if len(names) > MOST_TOLD:
            return cls(reset=True)
        return cls(removed=tuple(names))

    @classmethod
    def between(cls, old: MediaIndex, new: MediaIndex) -> Self:
        """Compare two indexes of one library."""
        old_keys, new_keys = old.keys, new.keys
        gone = np.flatnonzero(np.isin(old_keys, new_keys, assume_unique=True, invert=True))
        come = np.flatnonzero(np.isin(new_keys, old_keys, assume_unique=True, invert=True))
        if len(gone) + len(come) > MOST_TOLD:
            return cls(reset=True)
        return cls(
            added=tuple(new.item(position) for position in come.tolist()),
            removed=tuple(old.item(position).name for position in gone.tolist()),
        )

    def __bool__(self) -> bool:
        """Whether anything became different."""
        return self.reset or bool(self.added) or bool(self.removed)


type ChangeListener = Callable[[MediaChange], None]
"""Called in the thread that made the change. It must neither raise nor wait."""


class MediaCatalog:
    """The readers' half of a MediaLibrary: any thread may call it, the event loop too."""

    def __init__(self, directory: Path) -> None:
        """Name the directory; the catalog is empty until its library has read it."""
        self.directory = directory
        self._index = MediaIndex()
        self._listeners = Listeners[[MediaChange]]()

    @property
    def total(self) -> int:
        """How many files are kept."""
        return len(self._index)

    @property
    def total_bytes(self) -> int:
        """Bytes of all files, without thumbnails."""
        return self._index.total_bytes

    @property
    def index(self) -> MediaIndex:
        """All files as they are now; what is returned never changes."""
        return self._index

    @property
    def newest(self) -> MediaItem | None:
        """The file with the latest time, or None."""
        index = self._index
        return index.item(len(index) - 1) if index else None

    def latest(
        self, limit: int, *, after: float | None = None, before: float | None = None
    ) -> list[MediaItem]:
        """List the newest files first: those from `after` on and before `before`, UNIX seconds.

        Takes as long as the answer is, not as the library. The next page is the one before the
        last item's time.
        """
        index = self._index
        positions = _between(index, after, before)
        return list(index.items(positions[::-1][: max(0, limit)]))

    def page(
        self, limit: int, *, after: float | None = None, before: float | None = None
    ) -> Iterator[MediaItem]:
        """Give the newest files first, as `latest` does, each when it is asked for.

        The next page is the one before the last item's time. For that, files of one millisecond are
        never parted: a page may be longer than `limit` by them. What is added or deleted while it is
        walked through does not change it.
        """
        index = self._index
        positions = _between(index, after, before)
        begin = max(positions.start, positions.stop - max(0, limit))
        while positions.start < begin < positions.stop and (
            index.times[begin - 1] == index.times[begin]
        ):
            begin -= 1
        return index.items(range(begin, positions.stop)[::-1])

    def count(self, *, after: float | None = None, before: float | None = None) -> int:
        """Count the files from `after` on and before `before`, UNIX seconds."""
        return len(_between(self._index, after, before))

    def span(self, *, after: float | None = None, before: float | None = None) -> Iterator[Path]:
        """Give the paths of the files from `after` on and before `before`, oldest first.

        What is added or deleted while it is walked through, in whatever thread, does not change it.
        """
        index = self._index
        return (self.directory / item.name for item in index.items(_between(index, after, before)))

    def find(self, name: str) -> MediaItem | None:
        """Look a file up by its name; any other string than a name of ours finds nothing."""
        index = self._index
        position = index.find(name)
        return None if position is None else index.item(position)

    def path(self, name: str) -> Path:
        """Give the path of a file in the index; the disk is not asked.

        Raises MediaNotFoundError for every other name, above all for those that lead elsewhere.
        """
        if self._index.find(name) is None:
            raise MediaNotFoundError(name)
        return self.directory / name

    def subscribe(self, listener: ChangeListener) -> Callable[[], None]:
        """Have `listener` called with each change; returns the function that ends it."""
        return self._listeners.add(listener)


def _between(index: MediaIndex, after: float | None, before: float | None) -> range:
    return index.between(_bound(after), _bound(before))


def _bound(time: float | None) -> int | None:
    """Round to the ms of names, and keep within what an index can compare."""
    return None if time is None else round(min(max(time, 0.0), MAX_TIME_MS / 1000 + 1) * 1000)
