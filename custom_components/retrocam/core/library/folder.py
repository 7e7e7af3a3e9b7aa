"""The folder of a library, and whether others have changed what is in it."""

from contextlib import suppress
import os
from pathlib import Path

from ..files import folder_status


class Folder:
    """A folder and its last known time stamp. All methods block, but for `took`."""

    def __init__(self, path: Path) -> None:
        """Name the folder, which has not been read yet."""
        self.path = path
        self._mtime_ns = -1
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

    def took(self, mtime_ns: int) -> None:
        """Note that its content of this time stamp is known; -1 if it is gone."""
        self._mtime_ns, self._stale = mtime_ns, False

    def changed(self) -> bool:
        """Tell whether others have added or removed files. Raises OSError."""
        return self._stale or self.check().st_mtime_ns != self._mtime_ns

    def before_change(self) -> None:
        """See what others did before our own change gives it a new time stamp. Raises OSError."""
        self._stale = self.changed()

    def after_change(self) -> None:
        """Note our own change. Raises OSError."""
        self._mtime_ns = self.check().st_mtime_ns
