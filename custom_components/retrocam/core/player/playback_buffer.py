"""What the threads of a pipeline share: how far was read, what waits for its time, and the clock."""

from collections import deque
from dataclasses import dataclass
import math
import threading
import time
from typing import Final

from ..errors import PlayError
from .demux import AnyPacket, Part, Source
from .net.streams import MediaInput
from .play_clock import PlayClock
from .reports import OpenedMedia, Reports

AHEAD: Final = 6.0
"""Seconds to read ahead of the clock: what a listener's browser may buffer at once."""
_ENOUGH: Final = 0.5
"""Seconds that must be there before the clock runs."""
_MOST_BYTES: Final = 32 * 1024 * 1024
"""Bytes of pictures that may wait for their time."""

type Item = tuple[Part, AnyPacket, float]
"""A packet of a picture, and its position in s."""


@dataclass(slots=True, eq=False)
class Lane:
    """How far one input has been read."""

    media: MediaInput
    picture: bool
    """Whether its picture is wanted, and its sound."""
    sound: bool
    source: Source | None = None
    until: float = -math.inf
    """Position up to which it was read, s."""
    ended: bool = False
    full: bool = False
    """Whether it waits for room."""


class Deck:
    """Thread-safe. Methods that wait are for the thread they are named for; `close` ends them all."""

    def __init__(
        self, lanes: tuple[Lane, ...], reports: Reports, *, start: float, held: bool, speed: float
    ) -> None:
        """Stand at `start`, in s; the clock runs `speed` times as fast as others."""
        self.lanes = lanes
        self._reports = reports
        self._held, self._speed = held, speed
        self._clock = PlayClock(start, lambda: time.monotonic() * speed)
        lock = threading.Lock()
        self._more = threading.Condition(lock)
        """Wakes the thread that shows pictures."""
        self._room = threading.Condition(lock)
        """Wakes the threads that read."""
        self._queue: deque[Item] = deque()
        self._bytes = 0
        self._info: OpenedMedia | None = None
        self._shown: float | None = None
        self._decoded = self._ready = self._over = self._looked = False

    @property
    def over(self) -> bool:
        """Whether it was closed, or failed."""
        return self._over

    @property
    def shown(self) -> float | None:
        """Position of the newest picture that was shown, s."""
        return self._shown

    @property
    def position(self) -> float:
        """Where the clock is, s."""
        with self._more:
            return self._clock.position()

    def hold(self, *, wanted: bool) -> None:
        """Stop the clock, or let it run as soon as there is enough to show."""
        with self._more:
            self._held = wanted
            if wanted:
                self._clock.stop()
            elif self._ready and not self._over:
                self._clock.start()
            self._wake()

    def close(self) -> None:
        """Let all who wait go home."""
        with self._more:
            self._over = True
            self._clock.stop()
            self._wake()

    def fail(self, error: PlayError) -> None:
        """Close it and report why, unless it is closed already."""
        with self._more:
            if self._over:
                return
            self._over = True
            self._clock.stop()
            self._wake()
            self._reports.failed(error, self._clock.position())

    def look(self) -> None:
        """Tell the thread that shows pictures that somebody came to see one."""
        with self._more:
            self._looked = True
            self._more.notify_all()

    # For the threads that read.

    def opened(self, lane: Lane, source: Source) -> OpenedMedia | None:
        """Note an open input; return what is known once it was the last one."""
        with self._more:
            lane.source = source
            sources = [each.source for each in self.lanes if each.source is not None]
            if len(sources) < len(self.lanes):
                return None
            self._info = OpenedMedia(
                has_video=any(each.part.video is not None for each in sources),
                has_audio=any(each.part.audio is not None for each in sources),
                is_live=any(each.is_live for each in sources),
                duration=max((each.duration for each in sources if each.duration), default=None),
            )
            if not self._over:
                self._reports.opened(self._info)
            return self._info

    def advance(self, lane: Lane, item: Item) -> bool:
        """Note a packet, queue it if it is a picture's, and wait for room. False when all is over."""
        part, packet, position = item
        with self._room:
            if packet.stream is part.video:
                self._queue.append(item)
                self._bytes += packet.size
            lane.until = max(lane.until, position)
            self._more.notify()
            while not self._over:
                ahead = lane.until - self._clock.position() - AHEAD
                crowded = lane.picture and self._bytes > _MOST_BYTES
                lane.full = ahead > 0 or crowded
                self._judge()
                if not lane.full:
                    return True
                timed = self._clock.running and not crowded
                # A little longer, so that it is woken twice a second and not for each packet.
                self._room.wait(ahead / self._speed + 0.5 if timed else None)
            return False

    def end(self, lane: Lane) -> None:
        """Note that an input has nothing more."""
        with self._more:
            lane.ended = True
            self._judge()
            self._wake()

    # For the thread that shows pictures.

    def take(self) -> Item | None:
        """Wait for the next packet of a picture; None when there are no more, or all is over."""
        with self._more:
            while not self._over:
                if self._queue:
                    item = self._queue.popleft()
                    crowded = self._bytes > _MOST_BYTES
                    self._bytes -= item[1].size
                    if crowded:
                        self._room.notify_all()
                    return item
                if all(lane.ended for lane in self.lanes):
                    return None
                self._judge()
                self._more.wait(self._time_left())
            return None

    def wait_for(self, position: float, *, ahead: float = 0.0, looking: bool = False) -> bool:
        """Wait until the clock is `ahead` s before a position. False when all is over.

        With `looking`, also return when somebody came to see a picture.
        """
        with self._more:
            self._looked = False
            while not self._over:
                due = position - (ahead if self._clock.running else 0.0) - self._clock.position()
                if due <= 0 or (looking and self._looked):
                    return True
                self._judge()
                # At least a moment: what is shorter is over before the thread sleeps.
                timeout = max(due / self._speed, 0.001) if self._clock.running else None
                self._more.wait(_sooner(timeout, self._time_left()))
            return False

    def mark_shown(self, position: float) -> None:
        """Note that a picture was shown."""
        with self._more:
            self._shown = position
            self._judge()

    def mark_decoded(self) -> float:
        """Note that there are no more pictures; return the position at which all has been read."""
        with self._more:
            self._decoded = True
            self._judge()
            return max(lane.until for lane in self.lanes)

    # With the lock held.

    def _wake(self) -> None:
        self._more.notify_all()
        self._room.notify_all()

    def _left(self) -> float:
        """Return the seconds that are there to be played; endless when all was read."""
        reading = (lane.until for lane in self.lanes if not lane.ended)
        return min(reading, default=math.inf) - self._clock.position()

    def _time_left(self) -> float | None:
        """Return how long one may sleep without missing that there is nothing left."""
        left = self._left()
        if not self._clock.running or left == math.inf:
            return None
        return max(0.0, left) / self._speed + 0.001

    def _judge(self) -> None:
        """Start or stop the clock by what there is to show, and report it."""
        if self._info is None or self._over:
            return
        left = self._left()
        if self._ready:
            if left <= 0:
                self._ready = False
                self._clock.stop()
                self._reports.starved()
            return
        waiting = self._info.has_video and self._shown is None and not self._decoded
        if not waiting and (left >= _ENOUGH or all(lane.ended or lane.full for lane in self.lanes)):
            self._ready = True
            if not self._held:
                self._clock.start()
            self._reports.ready()
            self._wake()


def _sooner(one: float | None, other: float | None) -> float | None:
    """Return the shorter of two waits, of which None has no end."""
    return min((wait for wait in (one, other) if wait is not None), default=None)
