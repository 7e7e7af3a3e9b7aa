"""The folders of a tape: one for each UTC day, and what lies in them."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
import os
from pathlib import Path
import re
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..library.files import format_name
from ..library.retention import DAY
from ..library.scan import scan

_DAY_NAME: Final = re.compile(r"[0-9]{8}")
_KIND: Final = ("mp4",)


def path_of(directory: Path, time_ms: int) -> Path:
    """Return the path of a file that begins at a UNIX time."""
    day = datetime.fromtimestamp(time_ms / 1000, UTC)
    return directory / f"{day:%Y%m%d}" / format_name(time_ms, "mp4")


def list_files(directory: Path) -> NDArray[np.int64]:
    """Return times (ms) and sizes of the files of all days: `(2, n)`; others are ignored; blocks.

    Raises OSError and StorageError.
    """
    columns = [np.zeros((2, 0), np.int64)]
    columns += [_files_of(directory, day) for day in _days(directory)]
    return np.concatenate(columns, axis=1)


def _files_of(directory: Path, day: datetime) -> NDArray[np.int64]:
    index = scan(directory / f"{day:%Y%m%d}", _KIND).index
    start = round(day.timestamp() * 1000)
    own = slice(index.position(start), index.position(start + DAY * 1000))
    return np.stack((index.times[own], index.sizes()[own]))


def _days(directory: Path) -> Iterator[datetime]:
    """Yield the days that have a folder. Raises OSError."""
    with os.scandir(directory) as entries:
        for entry in entries:
            if _DAY_NAME.fullmatch(entry.name) and entry.is_dir(follow_symlinks=False):
                with suppress(ValueError):
                    yield datetime.strptime(entry.name, "%Y%m%d").replace(tzinfo=UTC)
