"""Names of files that somebody is writing, so that nobody else chooses or deletes them."""

from collections.abc import Callable
import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .files import format_name, parse_name, whole_path
from .index import MediaIndex


class Reservations:
    """The names of one directory that are given out. Used by one thread at a time, but for `release`."""

    def __init__(
        self,
        directory: Path,
        extensions: tuple[str, ...],
        spare: float,
        monotonic: Callable[[], float],
    ) -> None:
        """Begin with none; `extensions` (of files.EXTENSIONS) are the ones that names may have.

        A file that is whole is kept for `spare` seconds of the clock `monotonic`.
        """
        self._directory = directory
        self._extensions = extensions
        self._spare = spare
        self._monotonic = monotonic
        self._times: set[int] = set()
        self._whole: dict[int, float] = {}

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

    def settle(self, path: Path) -> None:
        """Give back the name of a path whose file is whole now."""
        now = self._monotonic()
        self._whole = {time: until for time, until in self._whole.items() if until > now}
        if self._spare and (parsed := parse_name(path.name)) is not None:
            self._whole[parsed[0]] = now + self._spare
        self.release(path)

    def spared(self, times: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Tell of which of these times, in ms, no file may be deleted: being written, or new."""
        now = self._monotonic()
        whole = (time for time, until in self._whole.items() if until > now)
        return np.isin(times, [*self._times.copy(), *whole])

    def covers(self, partial: Path) -> bool:
        """Tell whether somebody is writing this partial file, under a name that was given out."""
        parsed = parse_name(whole_path(partial).name)
        return parsed is not None and parsed[0] in self._times
