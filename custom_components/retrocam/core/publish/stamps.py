"""Positions of a source's packets on one timeline, whatever its timestamps do."""

from collections import deque
from typing import Final

FALL_BACK: Final = 0.5
"""Seconds by which timestamps may fall back without a new start: cameras repeat and exchange some."""
LEAP: Final = 1.0
"""Seconds by which a packet may be earlier than all before it without a new start."""
SAME_BREAK: Final = 0.5
"""Seconds by which the breaks of sound and picture may differ, as arrivals tell them, and be one."""

_JUMP: Final = 0.2
"""Seconds by which sound that is missing moves the rest: more than any rounding of timestamps."""
_WINDOW: Final = 2.0
"""Seconds of sound in which one packet is not late."""

_BUCKET: Final = 2.0
_BUCKETS: Final = 3
"""Seconds of a minimum of lateness, and how many of them are compared."""
_TOLERANCE: Final = 0.005
"""Seconds of drift that are not corrected."""
_MAX_DRIFT: Final = 5.0
"""Seconds of drift that are: more is no drift."""


class Breaks:
    """Breaks of a source's timestamps. Sound and picture meet each of them, one after the other."""

    def __init__(self) -> None:
        self._last: tuple[object, float] | None = None
        """Who met the last break first, and the change of its offset; None once both have met it."""

    def settle(self, kind: object, change: float) -> float:
        """Return the change of offset, in seconds, by a break; arrivals say that it is `change`."""
        last, self._last = self._last, None
        if last is not None and last[0] is not kind and abs(last[1] - change) < SAME_BREAK:
            return last[1]
        self._last = kind, change
        return change


class StampTimeline:
    """Maps the timestamps of one kind of packet to positions, in seconds.

    Positions follow the timestamps. Where these fall back or leap ahead of their arrival, positions
    follow the arrival over the break, or what the other kind made of the same break: a packet that
    the network held up would move sound and picture apart.
    """

    def __init__(self, breaks: Breaks | None = None) -> None:
        """Share `breaks` with the timeline of the other kind of packets of the same source."""
        self.offset: float | None = None
        """Position of timestamp 0; None before the first packet."""
        self.last = 0.0
        """The newest position."""
        self._stamp = 0.0
        self._arrival = 0.0
        self._max_lead = float("-inf")
        self._breaks = breaks or Breaks()

    def start(self, stamp: float, position: float, arrival: float) -> None:
        """Give a timestamp its position, at an arrival by a monotonic clock, all in seconds."""
        self.offset = position - stamp
        self._stamp, self.last, self._arrival = stamp, position, arrival
        self._max_lead = max(self._max_lead, position - arrival)

    def place(self, stamp: float | None, arrival: float) -> float:
        """Return the position of the next packet; `stamp` may be missing."""
        assert self.offset is not None  # noqa: S101  # callers start it
        elapsed = arrival - self._arrival
        if stamp is None:
            stamp = self._stamp + elapsed
        step, lead = stamp - self._stamp, stamp + self.offset - arrival
        if step < -FALL_BACK or (step > LEAP and lead > self._max_lead + LEAP):
            self.offset += self._breaks.settle(self, self.last + elapsed - stamp - self.offset)
        position = stamp + self.offset
        self._stamp, self._arrival, self.last = stamp, arrival, position
        self._max_lead = max(self._max_lead, position - arrival)
        return position


class SoundClock:
    """Places frames of sound one after the other, by the earliest of their timestamps.

    Timestamps by arrival are late by the delays of the network; the samples themselves are a clock.
    """

    def __init__(self, *, by_arrival: bool) -> None:
        """`by_arrival`: a leap of the timestamps may be a delay."""
        self._by_arrival = by_arrival
        self._heard = 0.0
        self._offsets = deque[tuple[float, float]]()

    def place(self, position: float, seconds: float) -> float:
        """Return the position of a frame of `seconds`, given that of its timestamp."""
        offset = position - self._heard
        offsets = self._offsets
        if offsets and not self._by_arrival and abs(offset - offsets[-1][1]) > _JUMP:
            offsets.clear()
        while offsets and offsets[0][0] < self._heard - _WINDOW:
            offsets.popleft()
        # Only what may yet be the minimum.
        while offsets and offsets[-1][1] >= offset:
            offsets.pop()
        offsets.append((self._heard, offset))
        placed = self._heard + offsets[0][1]
        self._heard += seconds
        return placed


class SoundDrift:
    """Measures how far the timestamps of sound drift from those of the picture, by their arrival.

    A sound card's clock may be wrong by 0.1 %. RTP has no other clock in common unless the camera sends
    reports, which many do not. The earliest packets of 6 s are compared: others were held up.
    """

    def __init__(self) -> None:
        self._picture, self._sound = _Lateness(), _Lateness()
        self._initial: float | None = None
        self.correction = 0.0
        """Seconds to add to the positions of sound."""

    def add_picture(self, position: float, arrival: float) -> None:
        """Count a packet of the picture."""
        self._picture.add(position, arrival)

    def add_sound(self, position: float, arrival: float) -> None:
        """Count a packet of sound, before its correction."""
        if not self._sound.add(position, arrival):
            return
        sound, picture = self._sound.least, self._picture.least
        if sound is None or picture is None:
            return
        drift = sound - picture
        if self._initial is None or abs(drift - self._initial) > _MAX_DRIFT:
            self._initial = drift - self.correction
        if abs(drift - self._initial - self.correction) > _TOLERANCE:
            self.correction = drift - self._initial


class _Lateness:
    """The least lateness of packets in the last 6 s, in seconds."""

    def __init__(self) -> None:
        self._minima = deque[float](maxlen=_BUCKETS)
        self._least = float("inf")
        self._until: float | None = None

    @property
    def least(self) -> float | None:
        """None until there are packets of 6 s."""
        return min(self._minima) if len(self._minima) == _BUCKETS else None

    def add(self, position: float, arrival: float) -> bool:
        """Count a packet; return whether it is the last one of a bucket."""
        self._least = min(self._least, arrival - position)
        self._until = self._until or arrival + _BUCKET
        if arrival < self._until:
            return False
        self._minima.append(self._least)
        self._least, self._until = float("inf"), arrival + _BUCKET
        return True
