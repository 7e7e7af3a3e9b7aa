"""Whether the wall clock may be used to delete files by age.

A machine without a battery-backed clock, or with a wrong one, may start in another year and be set
right minutes or hours later. A limit of age applied meanwhile would delete the whole library, so it
is suspended until the clock has proven itself.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .retention import Limits

JUMP: Final = 86_400.0
"""Seconds by which the wall clock may disagree with the files or with the monotonic clock."""

STEADY: Final = 43_200.0
"""Seconds for which the clock must run without a jump to be trusted again: less than a day, so that
an installation that is restarted every night gets there."""


class ClockTrust:
    """Compares the wall clock with the monotonic clock and with the files. One thread at a time."""

    def __init__(self, clock: Callable[[], float], monotonic: Callable[[], float]) -> None:
        """Trust nothing before `compare`; `clock` returns UNIX seconds."""
        self._clock = clock
        self._monotonic = monotonic
        self._last: tuple[float, float] | None = None
        self._steady_at = monotonic()
        """Monotonic time from which the clock is trusted."""

    def compare(self, times: NDArray[np.int64], *, anew: bool) -> None:
        """Compare the clock with the times of the files that were found, ascending, in ms.

        Done once, and again with `anew`: for a folder that was not there before.

        The newest file counts if it is dated in the future. Else the newest that is at least
        `STEADY` old does: younger ones may have been written under the same wrong clock.
        """
        if self._last is not None:
            self._trusted()
            if not anew:
                return
        now, monotonic = self._clock(), self._monotonic()
        self._last = now, monotonic
        old = int(times.searchsorted(round((now - STEADY) * 1000), side="right"))
        ahead = len(times) > 0 and times[-1] / 1000 - now > JUMP
        behind = old > 0 and now - STEADY - times[old - 1] / 1000 > JUMP
        if ahead or behind:
            self._steady_at = monotonic + STEADY

    def applicable(self, limits: Limits) -> Limits:
        """Return the limits, without that of age while the clock is in doubt. Call it every minute."""
        return limits if self._trusted() else replace(limits, days=0)

    def _trusted(self) -> bool:
        if self._last is None:
            return False
        now, monotonic = self._clock(), self._monotonic()
        wall_before, monotonic_before = self._last
        self._last = now, monotonic
        if abs((now - wall_before) - (monotonic - monotonic_before)) > JUMP:
            self._steady_at = monotonic + STEADY
        return monotonic >= self._steady_at
