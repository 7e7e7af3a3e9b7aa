"""Limit the frame rate of a faster source."""


class Pace:
    """Picks the pictures nearest to a steady beat. Not thread-safe.

    The beat advances from its due time, not from the picked picture, so that 25 fps limited to 10
    give 10 and not 8.3.
    """

    def __init__(self, fps: float) -> None:
        """Pick at most `fps` pictures per second, and the first one."""
        self._interval = 1 / fps
        self._due: float | None = None
        self._last = 0.0

    def takes(self, position: float) -> bool:
        """Return whether the picture at `position` (s) is the nearest to the next beat."""
        step, self._last = position - self._last, position
        if self._due is None or step < -self._interval / 2:
            self._due = position  # The source starts, or starts again.
            step = 0.0
        late = position - self._due
        if late < -max(step, 0.0) / 2:
            return False
        # The beat restarts after a gap, or when the source is slower.
        self._due = (position if late > self._interval else self._due) + self._interval
        return True
