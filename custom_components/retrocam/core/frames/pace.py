"""Choosing pictures of a fast source, so that there are no more than so many a second."""


class Pace:
    """Picks the pictures nearest to a steady beat. Not thread-safe.

    The beat goes on from where it should have been, not from the picture that was taken, so that
    25 pictures a second at 10 give 10 and not 8.3.
    """

    def __init__(self, fps: float) -> None:
        """Take at most `fps` pictures a second; the first one at once."""
        self._interval = 1 / fps
        self._due: float | None = None
        self._last = 0.0

    def takes(self, position: float) -> bool:
        """Tell whether the picture at `position` (s) is the nearest to the next beat."""
        step, self._last = position - self._last, position
        if self._due is None or step < -self._interval / 2:
            self._due = position  # The source starts, or starts again.
            step = 0.0
        late = position - self._due
        if late < -max(step, 0.0) / 2:
            return False
        # After a gap, or where there are fewer pictures than beats, the beat begins anew.
        self._due = (position if late > self._interval else self._due) + self._interval
        return True
