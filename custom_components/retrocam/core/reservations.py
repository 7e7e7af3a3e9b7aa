"""Names of files that somebody is writing, so that nobody else chooses them."""

import os
from pathlib import Path

from .files import format_name, parse_name, whole_path
from .media_index import MediaIndex


class Reservations:
    """The names of one directory that are given out. Used by one thread at a time, but for `release`."""

    def __init__(self, directory: Path, extensions: tuple[str, ...]) -> None:
        """Begin with none; `extensions` (of files.EXTENSIONS) are the ones that names may have."""
        self._directory = directory
        self._extensions = extensions
        self._times: set[int] = set()

    def free_time(self, time_ms: int, index: MediaIndex) -> int:
        """Find the first ms from this one on that names no file, in the index or not; blocks."""
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
        """Let nobody else have the names of this ms."""
        self._times.add(time_ms)

    def release(self, path: Path) -> None:
        """Give back the name of a path, if it is one; any thread."""
        if (parsed := parse_name(path.name)) is not None:
            self._times.discard(parsed[0])

    def covers(self, partial: Path) -> bool:
        """Tell whether somebody is writing this partial file, under a name that was given out."""
        parsed = parse_name(whole_path(partial).name)
        return parsed is not None and parsed[0] in self._times
