"""Notice stamps that do not follow time: slower, faster, or fallen back.

Pure: reads no clock. The *delay* of a part is its arrival minus the position of its end. It is never
less than the lag of the stream, and jitter and bursts only add to it for a while:

- Stamps that fall back: Home Assistant's worker drops packets until they rise again. The delay of all
  later parts is higher by the same amount.
- Slow stamps: the delay rises steadily. Fast stamps: it falls steadily, below any delay before.
- A network that stalls and catches up: the delay rises and falls back to the lag, never below.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
import math
from typing import Final, NamedTuple

TOLERANCE: Final = 0.6
"""Seconds of delay above the lag that need no explanation."""
_PARTS: Final = 3
_LONG_PATIENCE: Final = 4.0
"""Seconds for which all parts must be late before stamps are corrected."""
_SHORT_PATIENCE: Final = 2.0
"""The same for parts that are late by as much."""
_UNCLEAR: Final = 15.0
"""Seconds after which late parts are moved, although neither a fall-back nor a rate explains them."""
_CATCH_UP: Final = 0.05
"""Seconds a second by which delays fall at least while the network catches up."""
_RATES: Final = (0.25, 4.0)
"""Seconds of position for a second of stamps."""
_EXACT: Final = 0.01
"""Difference to 1 below which a rate is 1: clocks are that exact, and arrivals tell no more."""
_HORIZONS: Final = (6, 12, 24, 60)
"""Numbers of parts in which to look for fast stamps."""
_MIN_HORIZON: Final = 2.5
"""Seconds of arrivals that these must cover."""


@dataclass(slots=True)
class PlacedPart:
    """A part of the run, as far as drift is concerned."""

    media_end: float | None
    """Media time of its end, in seconds; None for one that cannot be read."""
    arrival: float
    """Monotonic time, in seconds."""
    end: float
    """Position of its end."""

    @property
    def delay(self) -> float:
        """Seconds from its end to its arrival."""
        return self.arrival - self.end


class Mapping(NamedTuple):
    """Positions of media times."""

    base: float
    """Position of media time 0, in seconds."""
    rate: float
    """Seconds of position for a second of media time."""

    def position(self, media_time: float) -> float:
        """Return the position of a media time."""
        return self.base + self.rate * media_time

    def media_time(self, position: float) -> float:
        """Return the media time of a position."""
        return (position - self.base) / self.rate


class Correction(NamedTuple):
    """What to change about the parts placed so far."""

    parts: int
    """Number of parts, the newest ones of the run, that get another mapping."""
    mapping: Mapping
    next_rate: float
    """Rate of the parts that follow."""
    shift: float = 0.0
    """Seconds by which all earlier parts move, since the lag is less than they were placed by."""
    least_lag: float = -math.inf
    """Lag that parts have at least, whatever was estimated meanwhile."""


@dataclass(frozen=True, slots=True)
class Former:
    """The mapping before a correction for late parts, to return to if it fits again."""

    mapping: Mapping
    lag: float
    time: float
    """Monotonic time of the correction."""

    def delay(self, part: PlacedPart) -> float | None:
        """Return the delay that a part has by this mapping, beyond the lag."""
        if part.media_end is None:
            return None
        return part.arrival - self.mapping.position(part.media_end) - self.lag


def late_parts(parts: Sequence[PlacedPart], lag: float, tolerance: float) -> int:
    """Return how many of the newest parts are all late, by more than `tolerance` s above the lag."""
    count = 0
    for part in reversed(parts):
        if part.delay - lag <= tolerance:
            break
        count += 1
    return count


def correct_late(
    parts: Sequence[PlacedPart], lag: float, tolerance: float, present: Mapping
) -> Correction | None:
    """Return the correction for stamps that fell back or are slow; None while delays explain it.

    After a fall-back, the first late part keeps its position: its first frames were captured before,
    and nothing tells how many.
    """
    count = late_parts(parts, lag, tolerance)
    if count < _PARTS or count == len(parts):
        return None
    late = parts[-count:]
    delays = [part.delay for part in late]
    least = min(delays) - lag
    patience = _SHORT_PATIENCE if least >= _SHORT_PATIENCE else _LONG_PATIENCE
    span = late[-1].arrival - late[0].arrival
    if span < max(patience, 1.5 * _longest_interval(parts[:-count])):
        return None
    half = count // 2
    if min(delays[:half]) - min(delays[half:]) > _CATCH_UP * span:
        return None
    noise = max(tolerance, 0.3 * least)
    jump = delays[0] - parts[-count - 1].delay
    if jump >= 0.6 * least and max(delays) - min(delays) <= noise:
        moved = min(delays[1:]) - lag
        return Correction(count - 1, Mapping(present.base + moved, present.rate), present.rate)
    slow = _slow(parts, count, lag, tolerance, present)
    return _follow(late, lag) if slow is None and span > _UNCLEAR else slow


def _longest_interval(parts: Sequence[PlacedPart]) -> float:
    """Return the longest time between arrivals."""
    return max((later.arrival - part.arrival for part, later in pairwise(parts)), default=0.0)


def _slow(
    parts: Sequence[PlacedPart], late: int, lag: float, tolerance: float, present: Mapping
) -> Correction | None:
    """Return the steepest mapping from the last part on time that puts none of the newest too late."""
    start = len(parts) - late - 1
    least = min(part.delay for part in parts[-late:]) - lag
    while start > 0 and parts[start].delay - lag > 0.25 * least:
        start -= 1
    first = parts[start]
    if first.media_end is None:
        return None
    newest = [
        (part.arrival, part.media_end - first.media_end)
        for part in parts[-((late + 1) // 2) :]
        if part.media_end is not None and part.media_end > first.media_end
    ]
    if not newest:
        return None
    rate = _clamped(min((arrival - lag - first.end) / media for arrival, media in newest))
    next_rate = _clamped(min((arrival - first.arrival) / media for arrival, media in newest))
    mapping = Mapping(first.end - rate * first.media_end, rate)
    slope = (next_rate - present.rate) / present.rate
    noise = max(tolerance, 0.15 * (parts[-1].delay - lag))
    if any(
        abs(part.delay - first.delay - slope * (part.end - first.end)) > noise
        for part in parts[start + 1 :]
    ):
        return None  # It does not rise steadily.
    return Correction(len(parts) - start - 1, mapping, _rounded(next_rate))


def _follow(late: Sequence[PlacedPart], lag: float) -> Correction | None:
    """Return the mapping through the least late parts of both halves."""
    half = len(late) // 2
    first, second = (
        min(parts, key=lambda part: part.delay) for parts in (late[:half], late[half:])
    )
    if first.media_end is None or second.media_end is None:
        return None
    rate = (second.arrival - first.arrival) / (second.media_end - first.media_end)
    rate = _rounded(_clamped(rate))
    return Correction(
        len(late), Mapping(second.arrival - lag - rate * second.media_end, rate), rate
    )


def correct_fast(
    parts: Sequence[PlacedPart], tolerance: float, present: Mapping
) -> Correction | None:
    """Return the correction for fast stamps: the newest end stays, earlier parts move towards it."""
    newest = parts[-1]
    if newest.media_end is None or newest.delay > min(part.delay for part in parts):
        return None
    for count in sorted({min(count, len(parts)) for count in _HORIZONS}):
        before, recent = parts[:-count], parts[-count:]
        if count < _HORIZONS[0] or newest.arrival - recent[0].arrival < _MIN_HORIZON:
            continue
        # Once stamps are known to be false, a long horizon tells their rate more exactly.
        exact = present.rate != 1 and count == _HORIZONS[-1]
        if (slope := _fall(before, recent, tolerance / 3 if exact else tolerance)) is not None:
            rate = _rounded(_clamped(present.rate * slope))
            mapping = Mapping(newest.end - rate * newest.media_end, rate)
            oldest = next(part for part in recent if part.media_end is not None)
            moved = mapping.position(oldest.media_end or 0.0) - oldest.end
            return Correction(count, mapping, rate, max(0.0, moved))
    return None


def fits_again(part: PlacedPart, former: Former, tolerance: float) -> bool:
    """Return whether the mapping before a correction explains a part: what was late had its reason."""
    delay = former.delay(part)
    return delay is not None and -tolerance <= delay <= tolerance / 2


def catches_up(parts: Sequence[PlacedPart], former: Former | None, tolerance: float) -> bool:
    """Return whether a fall of delays leads back to the mapping before a correction."""
    if former is None:
        return False
    delays = [delay for part in parts if (delay := former.delay(part)) is not None]
    return -tolerance < delays[-1] < delays[0] - tolerance


def _fall(
    before: Sequence[PlacedPart], recent: Sequence[PlacedPart], tolerance: float
) -> float | None:
    """Return seconds of arrival for a second of position if the delay falls steadily, else None."""
    third = len(recent) // 3
    floors = [
        min(recent[index : index + third], key=lambda part: part.delay)
        for index in (0, third, len(recent) - third)
    ]
    first, middle, last = (part.delay for part in floors)
    if before and first > min(part.delay for part in before) + tolerance / 2:
        return None  # It catches up with an earlier delay.
    fall = first - last
    if fall <= tolerance or min(first - middle, middle - last) < 0.25 * fall:
        return None
    # A burst has arrived at once, and only the rest of it with time.
    steady = min(_slope(floors[0], floors[1]), _slope(floors[1], floors[2])) > _RATES[0]
    return _slope(floors[0], floors[2]) if steady else None


def _slope(part: PlacedPart, later: PlacedPart) -> float:
    """Return seconds of arrival for a second of position."""
    passed = later.end - part.end
    return (later.arrival - part.arrival) / passed if passed > 0 else 0.0


def _rounded(rate: float) -> float:
    return 1.0 if abs(rate - 1) < _EXACT else rate


def _clamped(rate: float) -> float:
    return min(max(rate, _RATES[0]), _RATES[1])
