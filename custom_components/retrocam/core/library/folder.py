"""The folder of a library, and detection of changes made by others."""

from collections.abc import Callable
from contextlib import suppress
import os
from pathlib import Path
from typing import Final

from ..files import folder_status
from .scan import Scan, scan

TICK: Final = 2.0
"""Seconds; the coarsest time stamps of folders, FAT's. Linux file systems mostly have 4 or 10 ms."""
_MAX_SCAN_SHARE: Final = 0.01
"""Share of the time spent on scans that only a recent time stamp causes."""


class WatchedFolder:
    """A folder and its last known time stamp. All methods block, except `scanned`.

    A second change within a tick of the file system's clock leaves the time stamp as it was. So the
    folder is scanned again until a scan begins a tick after the time stamp was first seen, by our own
    clock: that of a network drive may be wrong.
    """

    def __init__(self, path: Path, clock: Callable[[], float]) -> None:
        """`clock` returns monotonic seconds."""
        self.path = path
        self._clock = clock
        self._mtime_ns = -1
        self._first_seen = 0.0
        self._settled = False
        self._scan_began = 0.0
        self._next_scan = 0.0
        self._changed_by_others = False

    @property
    def was_scanned(self) -> bool:
        """Whether it has been scanned since it was last missing."""
        return self._mtime_ns >= 0

    @property
    def exists(self) -> bool:
        """Whether it exists and is not a link."""
        with suppress(OSError):
            self.check()
            return True
        return False

    def check(self) -> os.stat_result:
        """Return its status. Raises OSError; NotADirectoryError for a link: it may lead anywhere."""
        return folder_status(self.path)

    def scan(self, extensions: tuple[str, ...]) -> Scan:
        """Scan the files of these extensions; then call `scanned`. Raises StorageError."""
        self._scan_began = self._clock()
        return scan(self.path, extensions)

    def scanned(self, mtime_ns: int) -> None:
        """Record the time stamp of the scanned content; -1 if the folder is missing."""
        self._record(mtime_ns, self._scan_began)
        self._settled = self._scan_began >= self._first_seen + TICK
        ended = self._clock()
        self._next_scan = ended + (ended - self._scan_began) / _MAX_SCAN_SHARE
        self._changed_by_others = False

    def changed(self) -> bool:
        """Return whether others have, or may have, added or removed files. Raises OSError."""
        if self._changed_by_others or self.check().st_mtime_ns != self._mtime_ns:
            return True
        return not self._settled and self._clock() >= self._next_scan

    def before_change(self) -> None:
        """Detect changes by others before ours sets a new time stamp. Raises OSError."""
        self._changed_by_others |= self.check().st_mtime_ns != self._mtime_ns

    def after_change(self) -> None:
        """Record the time stamp of our own change. Raises OSError."""
        self._record(self.check().st_mtime_ns, self._clock())

    def _record(self, mtime_ns: int, now: float) -> None:
        if mtime_ns != self._mtime_ns:
            self._mtime_ns, self._first_seen, self._settled = mtime_ns, now, False
