"""Whether the wall clock is reliable enough to delete files by age.

A machine without a battery-backed clock, or with a wrong one, may start in another year and be set
right minutes or hours later. An age limit applied meanwhile would delete the whole library, so it is
suspended until the clock is trusted.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .retention import Limits

_MAX_DEVIATION: Final = 86_400.0
"""Seconds by which the wall clock may disagree with the files or with the monotonic clock."""

STEADY: Final = 43_200.0
"""Seconds without a jump after which the clock is trusted again: less than a day, so that an
installation that is restarted every night gets there."""


class ClockTrust:
    """Compares the wall clock with the monotonic clock and with the files. One thread at a time."""

    def __init__(self, clock: Callable[[], float], monotonic: Callable[[], float]) -> None:
        """Distrust the clock until `compare`; `clock` returns UNIX seconds."""
        self._clock = clock
        self._monotonic = monotonic
        self._last: tuple[float, float] | None = None
        self._trusted_from = monotonic()
        """Monotonic time."""

    def compare(self, times: NDArray[np.int64], *, new_folder: bool) -> None:
        """Compare the clock with the times of the files, ascending, in ms.

        Only the first call compares, and those with `new_folder`: for a folder that was missing.

        The newest file counts if it is dated in the future. Else the newest that is at least
        `STEADY` old does: younger ones may have been written under the same wrong clock.
        """
        if self._last is not None:
            self._is_trusted()
            if not new_folder:
                return
        now, monotonic = self._clock(), self._monotonic()
        self._last = now, monotonic
        old = int(times.searchsorted(round((now - STEADY) * 1000), side="right"))
        ahead = len(times) > 0 and times[-1] / 1000 - now > _MAX_DEVIATION
        behind = old > 0 and now - STEADY - times[old - 1] / 1000 > _MAX_DEVIATION
        if ahead or behind:
            self._trusted_from = monotonic + STEADY

    def applicable(self, limits: Limits) -> Limits:
        """Return `limits`, without the age limit while the clock is not trusted. Call every minute."""
        return limits if self._is_trusted() else replace(limits, days=0)

    def _is_trusted(self) -> bool:
        if self._last is None:
            return False
        now, monotonic = self._clock(), self._monotonic()
        wall_before, monotonic_before = self._last
        self._last = now, monotonic
        if abs((now - wall_before) - (monotonic - monotonic_before)) > _MAX_DEVIATION:
            self._trusted_from = monotonic + STEADY
        return monotonic >= self._trusted_from
