"""The folder of a library, and whether others have changed what is in it."""

from collections.abc import Callable
from contextlib import suppress
import os
from pathlib import Path
from typing import Final

from ..files import folder_status
from .scan import Scan, scan

TICK: Final = 2.0
"""Seconds; of the coarsest time stamps of folders, FAT's. Linux file systems mostly have 4 or 10 ms."""
_SHARE: Final = 0.01
"""Share of the time that may go into reading a folder for no more than a young time stamp."""


class Folder:
    """A folder and its last known time stamp. All methods block, but for `took`.

    A second change within a tick of the file system's clock leaves the time stamp as it was. The
    folder is therefore read again until a reading has begun a tick after the time stamp was first
    seen, by our own clock: the one of a network drive may be wrong.
    """

    def __init__(self, path: Path, clock: Callable[[], float]) -> None:
        """Name the folder, which has not been read yet; `clock` gives monotonic seconds."""
        self.path = path
        self._clock = clock
        self._mtime_ns = -1
        self._first_seen = 0.0
        self._proven = False
        self._began = 0.0
        self._next_reading = 0.0
        self._stale = False

    @property
    def read(self) -> bool:
        """Whether it has been read since it was last gone."""
        return self._mtime_ns >= 0

    @property
    def there(self) -> bool:
        """Whether it is there, and no link."""
        with suppress(OSError):
            self.check()
            return True
        return False

    def check(self) -> os.stat_result:
        """Return its status. Raises OSError; NotADirectoryError for a link: it may lead anywhere."""
        return folder_status(self.path)

    def scan(self, extensions: tuple[str, ...]) -> Scan:
        """Read the files of these extensions; then call `took`. Raises StorageError."""
        self._began = self._clock()
        return scan(self.path, extensions)

    def took(self, mtime_ns: int) -> None:
        """Note that its content of this time stamp has been read; -1 if it is gone."""
        self._see(mtime_ns, self._began)
        self._proven = self._began >= self._first_seen + TICK
        ended = self._clock()
        self._next_reading = ended + (ended - self._began) / _SHARE
        self._stale = False

    def changed(self) -> bool:
        """Tell whether others have, or may have, added or removed files. Raises OSError."""
        if self._stale or self.check().st_mtime_ns != self._mtime_ns:
            return True
        return not self._proven and self._clock() >= self._next_reading

    def before_change(self) -> None:
        """See what others did before our own change gives it a new time stamp. Raises OSError."""
        self._stale = self._stale or self.check().st_mtime_ns != self._mtime_ns

    def after_change(self) -> None:
        """Note our own change. Raises OSError."""
        self._see(self.check().st_mtime_ns, self._clock())

    def _see(self, mtime_ns: int, now: float) -> None:
        if mtime_ns != self._mtime_ns:
            self._mtime_ns, self._first_seen, self._proven = mtime_ns, now, False
