"""Names of files being written, which no other writer may use and no limit delete.

A writer that a drive holds may outlive its library: the next one of the same directory knows its names.
"""

from collections.abc import Callable
import os
from pathlib import Path
import threading
from typing import Final
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray

from .files import final_path, format_name, parse_name
from .index import MediaIndex


class _Times(set[int]):
    """UNIX times in ms."""


_RESERVED: Final = WeakValueDictionary[Path, _Times]()
"""Those of each directory, as long as somebody has them."""
_GUARD: Final = threading.Lock()


class Reservations:
    """The reserved names of one directory. Used by one thread at a time, except `hold` and `release`."""

    def __init__(
        self,
        directory: Path,
        extensions: tuple[str, ...],
        protect_seconds: float,
        monotonic: Callable[[], float],
    ) -> None:
        """Start with the names that an earlier writer still has.

        `extensions` (of files.EXTENSIONS) are those of the directory's files.

        A completed file stays protected for `protect_seconds` of the clock `monotonic`.
        """
        self._directory = directory
        self._extensions = extensions
        self._protect_seconds = protect_seconds
        self._monotonic = monotonic
        with _GUARD:
            if (times := _RESERVED.get(directory)) is None:
                times = _RESERVED[directory] = _Times()
            self._times = times
        self._protected_until: dict[int, float] = {}

    def free_time(self, time_ms: int, index: MediaIndex) -> int:
        """Return the first ms from `time_ms` on without a file, in the index or not. Blocks."""
        while (
            time_ms in self._times
            or index.has_time(time_ms)
            or any(
                os.path.lexists(self._directory / format_name(time_ms, extension))
                for extension in self._extensions
            )
        ):
            time_ms += 1
        return time_ms

    def reserve(self, time_ms: int) -> None:
        """Reserve the names of this ms."""
        self._times.add(time_ms)

    def hold(self, path: Path) -> None:
        """Reserve the name of a path, if it is one. Any thread."""
        if (parsed := parse_name(path.name)) is not None:
            self._times.add(parsed[0])

    def release(self, path: Path) -> None:
        """Release the name of a path, if it is one. Any thread."""
        if (parsed := parse_name(path.name)) is not None:
            self._times.discard(parsed[0])

    def complete(self, path: Path) -> None:
        """Release the name of a path whose file is complete now."""
        now = self._monotonic()
        self._protected_until = {
            time: until for time, until in self._protected_until.items() if until > now
        }
        if self._protect_seconds and (parsed := parse_name(path.name)) is not None:
            self._protected_until[parsed[0]] = now + self._protect_seconds
        self.release(path)

    def protected(self, times: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return for each of the times, in ms, whether its files may not be deleted."""
        now = self._monotonic()
        recent = (time for time, until in self._protected_until.items() if until > now)
        return np.isin(times, [*self._times.copy(), *recent])

    def is_reserved(self, partial: Path) -> bool:
        """Return whether this partial file has a reserved name."""
        parsed = parse_name(final_path(partial).name)
        return parsed is not None and parsed[0] in self._times
