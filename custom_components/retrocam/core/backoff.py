"""Waiting longer after each failure."""

from collections.abc import Callable
import time


class Backoff:
    """Says when to try again: after `first` seconds, then twice as long, `longest` at most."""

    def __init__(
        self, first: float, longest: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Begin without a failure; `clock` returns seconds."""
        self._first = first
        self._longest = longest
        self._clock = clock
        self._pause = 0.0
        self._due = 0.0

    @property
    def left(self) -> float:
        """Seconds until the next attempt; 0 if it is due."""
        return max(0.0, self._due - self._clock()) if self._pause else 0.0

    def failed(self) -> None:
        """Note that an attempt has failed just now."""
        self._pause = min(2 * self._pause or self._first, self._longest)
        self._due = self._clock() + self._pause

    def reset(self) -> None:
        """Forget all failures: the next attempt is due."""
        self._pause = 0.0
