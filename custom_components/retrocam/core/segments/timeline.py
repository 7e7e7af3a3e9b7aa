"""Map media time to clocks: time of capture, and time of presentation.

Reads no clock. All times are in seconds. A position is a time on a ring's own timeline, which
continues across restarts of the stream worker: a gap stays a gap.
"""

from collections import deque
from itertools import pairwise
import math
from typing import Final

from .drift import (
    TOLERANCE,
    Correction,
    Former,
    Mapping,
    PlacedPart,
    catches_up,
    correct_fast,
    correct_late,
    fits_again,
    late_parts,
)
from .segment import FrameTimes

_WINDOW: Final = 60
"""Parts used for an estimate: about a minute."""
_PROBATION: Final = 60.0
"""Seconds after a correction in which the mapping before it may turn out to fit."""
_SAME: Final = 1e-6
"""Tolerance of equal times, in seconds."""
_MIN_LEAP: Final = 1.0
"""Seconds by which stamps leap at least, and three times the duration of other frames."""


class Timeline:
    """Maps the media time of a worker's runs to positions.

    The media time of each run has an arbitrary origin, so each run has a base:

        position = base + rate * media time

    The base of the first run makes its first part end at its arrival by the monotonic clock. The
    base of a later run keeps the real gap after the last run:

        start = max(end of the last run, arrival - lag - duration of the part)

    The lag gives the time of capture. A part cannot arrive before its last frame was captured:

        lag = min(arrival - end)    over the last 60 parts of the run; end: of the frame shown last
        captured = position + lag   monotonic time

    The part with the least delay sets the lag; that delay itself cannot be known. The wall time is
    the monotonic time plus the present offset of the wall clock, so a step of the wall clock takes
    effect at once and leaves the estimate valid.

    Positions follow arrival, whatever the stamps of a source do. The rate is 1 and the base constant
    within a run while jitter explains the delay of parts; `drift.py` says when it does not, and
    `correct` then changes both. The next run begins with the rate of the last one. Stamps that leap
    ahead are corrected at once, for the timeline must not run ahead of time.

    Home Assistant shifts the first segment of a run with negative dts, and no other. If a segment
    would therefore start before the frames of the one before, the base is raised.
    """

    def __init__(self) -> None:
        self.lag = 0.0
        """Seconds to add to a position for the monotonic time of capture; 0 at first."""
        self.base = 0.0
        """Position of media time 0 of the run; valid from its first readable part on."""
        self.rate = 1.0
        """Seconds of position for a second of media time."""
        self.part_base = 0.0
        """Base of the last part; another than that of what follows if its stamps leap ahead."""
        self.limit = math.inf
        """Position that the frames of the last part do not exceed; infinite unless stamps leapt."""
        self._parts: deque[PlacedPart] = deque(maxlen=_WINDOW)
        self._run: int | None = None
        self._end: float | None = None
        self._last_shown: float | None = None
        self._frame = 0.0
        self._former: Former | None = None
        self._since_former = 0

    def place(
        self,
        run: int,
        times: FrameTimes | None,
        *,
        duration: float,
        arrival: float,
        first: bool,
    ) -> float:
        """Add the next part and return the position of its start.

        `times` is None for a part that cannot be read; it starts where the part before it ended.
        `duration` is in seconds of media, `first` is true for the first part of a segment.
        """
        self.limit = math.inf
        if run != self._run:
            self._run, self._last_shown = run, None
            self._parts.clear()
            self._former = None
        if times is None:
            start = self._after(arrival - duration) if self._end is None else self._end
            part = PlacedPart(None, arrival, start + duration)
        else:
            duration *= self.rate
            self._set_base(times, arrival - duration, first=first)
            start = self._position(times.start)
            end = max(start + duration, self._position(times.shown_until))
            part = PlacedPart((end - self.base) / self.rate, arrival, end)
        self.part_base = self.base
        if times is not None:
            self._follow_leap(times, part)
        self._end = part.end if self._end is None else max(part.end, self._end)
        self._parts.append(part)
        self._since_former += 1
        self._estimate_lag()
        return start

    @property
    def late(self) -> int:
        """How many of the newest parts are late, so that a correction may move them."""
        return late_parts(self._parts, self.lag, self._tolerance)

    def correct(self) -> Correction | None:
        """Return the correction for parts placed so far, if their delays show one is needed.

        Applies it to the parts that follow; the caller applies it to those it has.
        """
        parts = tuple(self._parts)
        if (newest := parts[-1].media_end) is None:
            return None
        present, tolerance = Mapping(self.base, self.rate), self._tolerance
        if (former := self._former) and fits_again(parts[-1], former, tolerance):
            self._former = None
            correction = Correction(
                self._since_former, former.mapping, former.mapping.rate, least_lag=former.lag
            )
            # The delays of parts that were late tell nothing of what follows.
            parts = parts[-1:]
        elif late := correct_late(parts, self.lag, tolerance, present):
            correction = late
            self._remember(present, late.parts)
        elif (fast := correct_fast(parts, tolerance, present)) and not catches_up(
            parts[-fast.parts :], self._former, tolerance
        ):
            correction, self._former = fast, None
        else:
            return None
        mapping = correction.mapping
        for part in parts[-correction.parts :]:
            if part.media_end is not None:
                part.end = mapping.position(part.media_end)
        if self._last_shown is not None:
            self._last_shown = mapping.position(present.media_time(self._last_shown))
        end = self._end = parts[-1].end
        self.rate = correction.next_rate
        self.base = end - self.rate * newest
        # Earlier parts have another mapping, which is not compared with this one.
        self._parts = deque(parts[-correction.parts :], maxlen=_WINDOW)
        self._estimate_lag()
        return correction

    def _remember(self, present: Mapping, count: int) -> None:
        """Keep the mapping before a correction of `count` parts; the first one of several."""
        now = self._parts[-1].arrival
        if self._former is None or now - self._former.time > _PROBATION:
            self._former = Former(present, self.lag, now)
            self._since_former = count

    def _follow_leap(self, times: FrameTimes, part: PlacedPart) -> None:
        """Shorten a part whose stamps leap ahead of its arrival, and lower the base of what follows.

        The leap is the duration of a frame: it lasts until the stamp of the next one.
        """
        others = times.frames - 1
        media = times.end - times.start - times.longest
        leaps = times.longest >= max(_MIN_LEAP, 3 * (media / others if others else self._frame))
        if not leaps:
            self._frame = times.longest
        if not leaps or not self._parts or self._end is None:
            return
        early = min(self.lag - part.delay, (times.longest - self._frame) * self.rate)
        # Footage that arrives at once was kept by a server: its gaps are real.
        passed = part.arrival - self._parts[-1].arrival
        if early <= self._tolerance or passed < 0.25 * media * self.rate:
            return
        self.base -= early
        part.end -= early
        self.limit = part.end
        self._parts.clear()
        self._former = None

    @property
    def _tolerance(self) -> float:
        """Seconds of delay that frames, jitter and bursts explain; one long interval is no burst."""
        intervals = sorted(later.arrival - part.arrival for part, later in pairwise(self._parts))
        burst = intervals[-2] if len(intervals) > 1 else 0.0
        return max(TOLERANCE, 2 * self._frame * self.rate, 0.5 * burst)

    def _estimate_lag(self) -> None:
        self.lag = min(part.delay for part in self._parts)

    def _position(self, media_time: float) -> float:
        return self.base + self.rate * media_time

    def _set_base(self, times: FrameTimes, arrived_start: float, *, first: bool) -> None:
        if self._last_shown is None or self._end is None:
            self.base = self._after(arrived_start) - self.rate * times.start
        elif first and self._position(times.first_shown) <= self._last_shown + _SAME:
            self.base = self._end - self.rate * times.first_shown
        shown = self._position(times.last_shown)
        self._last_shown = shown if self._last_shown is None else max(shown, self._last_shown)

    def _after(self, arrived_start: float) -> float:
        """Return the position of a monotonic time, not before the end of the timeline."""
        position = arrived_start - self.lag
        return position if self._end is None else max(position, self._end)


class Playout:
    """Schedules evenly paced presentation of frames that arrive in bursts, part by part.

    A frame is due at monotonic time `position + delay`. The delay is the highest `arrival - start`
    of the last arrivals (at least one part) plus the decoder's reordering delay plus a margin for
    waking up. Parts that arrive together, as those of an HLS segment, are one arrival. The delay rises
    at once when a part is late and falls slowly: playback is up to 10 % faster meanwhile.
    """

    _ARRIVALS: Final = 10
    _TOGETHER: Final = 0.5
    """Seconds between parts of one arrival."""
    _MARGIN: Final = 0.05
    _CATCH_UP: Final = 0.1

    def __init__(self) -> None:
        self._needs: deque[float] = deque(maxlen=self._ARRIVALS)
        self._arrived = -math.inf
        self._reorder = 0.0
        self._delay: float | None = None
        self._last = 0.0

    def restart(self) -> None:
        """Reset after a jump: the next part sets the delay."""
        self._needs.clear()
        self._reorder = 0.0
        self._delay = None

    def part(self, arrival: float, start: float) -> None:
        """Add a part that arrived at monotonic time `arrival` and starts at position `start`."""
        need = arrival - start
        if self._needs and arrival - self._arrived < self._TOGETHER:
            self._needs[-1] = max(need, self._needs[-1])
        else:
            self._needs.append(need)
        self._arrived = arrival

    def reordered(self, seconds: float) -> None:
        """Add a reordering delay of the decoder, in seconds; at most 1 s counts."""
        self._reorder = max(self._reorder, min(seconds, 1.0))

    def due(self, position: float) -> float:
        """Return the monotonic time to present the frame at `position`; call it once per frame."""
        wanted = max(self._needs, default=0.0) + self._reorder + self._MARGIN
        if self._delay is None or wanted >= self._delay:
            self._delay = wanted
        else:
            passed = max(0.0, position - self._last)
            self._delay = max(wanted, self._delay - self._CATCH_UP * passed)
        self._last = position
        return position + self._delay
