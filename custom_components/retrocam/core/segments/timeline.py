"""Media time against the clocks: when pictures were taken, and when they are to be shown.

Nothing here reads a clock. All times are seconds. A position is a time on a ring's own line, which
goes on across restarts of the stream worker, so that a gap stays visible as time.
"""

from collections import deque
from typing import Final

from .segment import PictureTimes

_WINDOW: Final = 60
"""Parts that an estimate looks back on: about a minute."""
_SAME: Final = 1e-6
"""Seconds below which two times are the same."""


class TimeLine:
    """Lays the media time of a worker's runs on one line of positions.

    Each run's media time counts from anywhere, so it is laid on the line by a base:

        position = base + media time

    The first run's base makes its first part end at its arrival by the monotonic clock. The base of
    a later run makes its first part end as long after the last run as it really came after it:

        start = max(end of the last run, arrival - lag - duration of the part)

    The lag says when a moment happened. A part cannot arrive before its last picture was taken, so

        lag = min(arrival - end)     over the last 60 parts of the run; end: of the picture shown last
        happened = position + lag    monotonic time

    The part with the least delay sets it; what remains is that part's delay, which cannot be known.
    The wall time is that plus the present difference of the wall clock and the monotonic clock, so
    that a jump of the wall clock counts at once, and the estimate outlives it.

    Home Assistant shifts the first segment of a run whose decoding begins before 0, and no other.
    Where the pictures of a segment would so fall back behind those before, the base is raised.
    """

    def __init__(self) -> None:
        """Begin with positions that are monotonic time."""
        self.lag = 0.0
        """Seconds from a position to the monotonic time at which it happened."""
        self.base = 0.0
        """Position of media time 0 of the run; has a meaning from its first readable part on."""
        self._lags: deque[float] = deque(maxlen=_WINDOW)
        self._run: int | None = None
        self._end: float | None = None
        self._last_shown: float | None = None

    def place(
        self,
        run: int,
        times: PictureTimes | None,
        *,
        duration: float,
        arrival: float,
        first: bool,
    ) -> float:
        """Take in the next part and return the position of its start.

        `times` are None for a part that cannot be read; it is laid where the part before it ended.
        `duration` are its seconds, `first` says whether it is the first of its segment.
        """
        if run != self._run:
            self._run, self._last_shown = run, None
            self._lags.clear()
        if times is None:
            start = self._after(arrival - duration) if self._end is None else self._end
            end = start + duration
        else:
            self._set_base(times, arrival - duration, first=first)
            start = self.base + times.start
            end = max(start + duration, self.base + times.shown_until)
        self._end = end if self._end is None else max(end, self._end)
        self._lags.append(arrival - end)
        self.lag = min(self._lags)
        return start

    def _set_base(self, times: PictureTimes, arrived_start: float, *, first: bool) -> None:
        if self._last_shown is None or self._end is None:
            self.base = self._after(arrived_start) - times.start
        elif first and self.base + times.first_shown <= self._last_shown + _SAME:
            self.base = self._end - times.first_shown
        shown = self.base + times.last_shown
        self._last_shown = shown if self._last_shown is None else max(shown, self._last_shown)

    def _after(self, arrived_start: float) -> float:
        """Return the position of what began at that monotonic time, not before what there is."""
        position = arrived_start - self.lag
        return position if self._end is None else max(position, self._end)


class Playout:
    """Says when to show pictures that come in bursts, one part at a time, so that they run evenly.

    A picture at a position is due at `position + delay` of monotonic time. The delay is the most
    that the last parts needed from their start to their arrival - which is at least one part - plus
    what the decoder holds back to bring pictures into order, plus a little for waking up. It rises
    at once when a part comes late, and falls slowly: play is at most a tenth too fast meanwhile.
    """

    _PARTS: Final = 10
    _MARGIN: Final = 0.05
    _CATCH_UP: Final = 0.1

    def __init__(self) -> None:
        """Begin without a delay: the first part sets it."""
        self._needs: deque[float] = deque(maxlen=self._PARTS)
        self._reorder = 0.0
        self._delay: float | None = None
        self._last = 0.0

    def restart(self) -> None:
        """Forget all parts, as after a jump: the next one sets the delay anew."""
        self._needs.clear()
        self._reorder = 0.0
        self._delay = None

    def part(self, arrival: float, start: float) -> None:
        """Take in a part that came at monotonic time `arrival` and begins at position `start`."""
        self._needs.append(arrival - start)

    def reordered(self, seconds: float) -> None:
        """Take in how long before what had to be decoded for it a picture is to be shown."""
        self._reorder = max(self._reorder, min(seconds, 1.0))

    def due(self, position: float) -> float:
        """Return the monotonic time to show the picture at `position`; call it once for each."""
        wanted = max(self._needs, default=0.0) + self._reorder + self._MARGIN
        if self._delay is None or wanted >= self._delay:
            self._delay = wanted
        else:
            passed = max(0.0, position - self._last)
            self._delay = max(wanted, self._delay - self._CATCH_UP * passed)
        self._last = position
        return position + self._delay
