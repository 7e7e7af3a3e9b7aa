"""How long the parts of a source are waited for: sources may send in bursts, as HLS does."""

from collections import deque
from typing import Final

from .segment import PartTiming

_MEMORY: Final = 180.0
"""Seconds for which an arrival counts."""


class Arrivals:
    """Longest wait for a part of a source. Not thread-safe: the ring locks it.

    A position is waited for from the time at which it is the present until its part arrives:

        wait = arrival - start - lag    start: of the part

    That is its duration for a part that arrives at once, and the time between two bursts more for the
    first part of a burst.
    """

    def __init__(self) -> None:
        """Start without arrivals."""
        self._run: int | None = None
        self._delays: deque[tuple[float, float]] = deque()
        self._longest_before = 0.0
        self._before_until = 0.0

    def add(self, run: int, timing: PartTiming, lag: float) -> None:
        """Add an arrived part of a run of the worker; `lag` is the timeline's before this part."""
        if run != self._run:
            # A source that sends in bursts does so after a reconnection.
            self._longest_before = self.longest(lag)
            self._before_until = timing.arrived + _MEMORY
            self._run = run
            self._delays.clear()
        # Only delays that no later one exceeds are of use.
        delay = timing.arrived - timing.start
        while self._delays and self._delays[-1][1] <= delay:
            self._delays.pop()
        self._delays.append((timing.arrived, delay))
        while self._delays[0][0] < timing.arrived - _MEMORY:
            self._delays.popleft()
        if timing.arrived > self._before_until:
            self._longest_before = 0.0

    def longest(self, lag: float) -> float:
        """Return the longest wait of the last minutes, in seconds, by the timeline's present lag."""
        wait = self._delays[0][1] - lag if self._delays else 0.0
        return max(wait, self._longest_before, 0.0)
