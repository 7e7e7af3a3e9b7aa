"""How far the wall clock is ahead of the monotonic one."""

from collections.abc import Callable
import time
from typing import Final

_FIRST_READINGS: Final = 3
"""A thread can lose its turn in the first reading, hardly in each of three."""


class WallOffset:
    """Measures the difference of two clocks that cannot be read at once.

    A thread may lose its turn between the one and the other, for longer than one picture lasts. So
    the monotonic clock is read before and after the wall clock, which gives two bounds:

        wall - after <= offset <= wall - before

    The last offset stays while it lies between them, and is else moved to the nearer bound: a jump
    of the wall clock counts at once, a lost turn never. Not to be used in two threads at once.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        """Measure for the first time. `clock` is monotonic, `wall_clock` UNIX time, both in seconds."""
        self._clock = clock
        self._wall_clock = wall_clock
        self._offset = wall_clock() - clock()
        for _ in range(_FIRST_READINGS):
            self.read()

    def read(self) -> float:
        """Return the seconds to add to a monotonic time to have the wall time of that moment."""
        before = self._clock()
        wall = self._wall_clock()
        after = self._clock()
        self._offset = min(max(self._offset, wall - after), wall - before)
        return self._offset
