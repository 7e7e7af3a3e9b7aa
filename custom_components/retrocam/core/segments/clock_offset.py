"""Offset of the wall clock from the monotonic clock."""

from collections.abc import Callable
import time
from typing import Final

_FIRST_READINGS: Final = 3
"""The thread may be preempted during the first reading, but hardly during each of three."""


class WallOffset:
    """Tracks the wall clock's offset from the monotonic clock.

    The thread may be preempted between reading the two clocks, for longer than a frame lasts. The
    monotonic clock is therefore read before and after the wall clock, which bounds the offset:

        wall - after <= offset <= wall - before

    The last offset is kept within these bounds and else moved to the nearer one: a step of the wall
    clock takes effect at once, preemption has none. Not thread-safe.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        """Take the first readings. `clock` is monotonic, `wall_clock` UNIX time, both in seconds."""
        self._clock = clock
        self._wall_clock = wall_clock
        self._offset = wall_clock() - clock()
        for _ in range(_FIRST_READINGS):
            self.read()

    def read(self) -> float:
        """Return the seconds to add to a monotonic time for the wall time."""
        before = self._clock()
        wall = self._wall_clock()
        after = self._clock()
        self._offset = min(max(self._offset, wall - after), wall - before)
        return self._offset
