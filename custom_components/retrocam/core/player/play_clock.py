"""The clock of what is being played."""

from collections.abc import Callable
import time


class PlayClock:
    """Tells the position on the media's time line; stands still until it is started.

    Not locked: its owner's lock guards it.
    """

    def __init__(self, position: float, now: Callable[[], float] = time.monotonic) -> None:
        """Stand at `position`, in s. `now` is a steady clock in s."""
        self._now = now
        self._position = position
        self._since: float | None = None

    @property
    def running(self) -> bool:
        """Whether time passes."""
        return self._since is not None

    def position(self) -> float:
        """Return the position in s."""
        if self._since is None:
            return self._position
        return self._position + self._now() - self._since

    def start(self) -> None:
        """Let time pass."""
        if self._since is None:
            self._since = self._now()

    def stop(self) -> None:
        """Stand still."""
        self._position = self.position()
        self._since = None
