"""Exponential back-off."""

from collections.abc import Callable
import time


class Backoff:
    """Delays attempts after failures: `first` seconds, then doubled up to `longest`."""

    def __init__(
        self, first: float, longest: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._first = first
        self._longest = longest
        self._clock = clock
        self._pause = 0.0
        self._due = 0.0

    @property
    def remaining(self) -> float:
        """Seconds until the next attempt; 0 if it is due."""
        return max(0.0, self._due - self._clock()) if self._pause else 0.0

    def failed(self) -> None:
        """Record a failed attempt and start the next pause."""
        self._pause = min(2 * self._pause or self._first, self._longest)
        self._due = self._clock() + self._pause

    def reset(self) -> None:
        """Forget all failures: the next attempt is due."""
        self._pause = 0.0
