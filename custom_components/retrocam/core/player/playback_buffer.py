"""State shared by a pipeline's threads: progress of the inputs, queued video packets, and the clock."""

from collections import deque
from dataclasses import dataclass
import math
import threading
import time
from typing import Final

from ..errors import PlayError
from .demux import AnyPacket, MediaSection, Source
from .net.streams import MediaInput
from .reports import OpenedMedia, Reports

AHEAD: Final = 6.0
"""Seconds to read ahead of the clock: a listener's browser may buffer as much at once."""
_ENOUGH: Final = 0.5
"""Seconds to buffer before the clock starts."""
_MAX_BYTES: Final = 32 * 1024 * 1024
"""Of queued video packets."""

type PositionedPacket = tuple[MediaSection, AnyPacket, float]
"""A packet of a section, and its position, s."""


@dataclass(slots=True, eq=False)
class InputState:
    """Progress of one input."""

    media: MediaInput
    wants_video: bool
    wants_audio: bool
    source: Source | None = None
    read_until: float = -math.inf
    """Position, s."""
    ended: bool = False
    full: bool = False
    """The reading thread waits for room."""


class _Clock:
    """Media position by a steady clock; stopped at first. Not locked."""

    def __init__(self, position: float, speed: float) -> None:
        self._position, self._speed = position, speed
        self._started_at: float | None = None

    @property
    def running(self) -> bool:
        return self._started_at is not None

    def position(self) -> float:
        """Return the position, s."""
        if self._started_at is None:
            return self._position
        return self._position + (time.monotonic() - self._started_at) * self._speed

    def start(self) -> None:
        if self._started_at is None:
            self._started_at = time.monotonic()

    def stop(self) -> None:
        self._position = self.position()
        self._started_at = None


class PlaybackBuffer:
    """Thread-safe. Methods that wait are for one thread each; `close` wakes them all."""

    def __init__(
        self,
        inputs: tuple[InputState, ...],
        reports: Reports,
        *,
        start: float,
        paused: bool,
        speed: float,
    ) -> None:
        """Stand at `start`, s; the clock runs at `speed` times real time."""
        self.inputs = inputs
        self._reports = reports
        self._paused, self._speed = paused, speed
        self._clock = _Clock(start, speed)
        lock = threading.Lock()
        self._changed = threading.Condition(lock)
        """Wakes the decoding thread."""
        self._room = threading.Condition(lock)
        """Wakes the reading threads."""
        self._queue: deque[PositionedPacket] = deque()
        self._bytes = 0
        self._opened: OpenedMedia | None = None
        self.last_shown: float | None = None
        """Position of the newest frame, s."""
        self.closed = False
        """True after `close` or `fail`."""
        self._all_decoded = self._ready = self._has_new_viewer = False

    @property
    def position(self) -> float:
        """Position of the clock, s."""
        with self._changed:
            return self._clock.position()

    def set_paused(self, *, paused: bool) -> None:
        """Stop the clock, or let it run once enough is buffered."""
        with self._changed:
            self._paused = paused
            if paused:
                self._clock.stop()
            elif self._ready and not self.closed:
                self._clock.start()
            self._wake()

    def close(self) -> None:
        """Wake all waiting threads; playback is over."""
        with self._changed:
            self._close()

    def fail(self, error: PlayError) -> None:
        """Close and report `error`, unless closed already."""
        with self._changed:
            if not self.closed:
                self._close()
                self._reports.failed(error, self._clock.position())

    def notify_viewer(self) -> None:
        """Tell the decoding thread of a new viewer."""
        with self._changed:
            self._has_new_viewer = True
            self._changed.notify_all()

    # For the reading threads.

    def add_source(self, state: InputState, source: Source) -> OpenedMedia | None:
        """Set the open source of an input; return the media's properties after the last one."""
        with self._changed:
            state.source = source
            sources = [item.source for item in self.inputs if item.source is not None]
            if len(sources) < len(self.inputs):
                return None
            self._opened = OpenedMedia(
                has_video=any(item.section.video is not None for item in sources),
                has_audio=any(item.section.audio is not None for item in sources),
                is_live=any(item.is_live for item in sources),
                duration=max((item.duration for item in sources if item.duration), default=None),
            )
            if not self.closed:
                self._reports.opened(self._opened)
            return self._opened

    def advance(self, state: InputState, item: PositionedPacket) -> bool:
        """Note a packet, queue it if it is video, and wait for room. False once closed."""
        section, packet, position = item
        with self._room:
            if packet.stream is section.video:
                self._queue.append(item)
                self._bytes += packet.size
            state.read_until = max(state.read_until, position)
            self._changed.notify()
            while not self.closed:
                ahead = state.read_until - self._clock.position() - AHEAD
                too_many_bytes = state.wants_video and self._bytes > _MAX_BYTES
                state.full = ahead > 0 or too_many_bytes
                self._update_clock()
                if not state.full:
                    return True
                timed = self._clock.running and not too_many_bytes
                # A little longer, to wake twice a second and not for each packet.
                self._room.wait(ahead / self._speed + 0.5 if timed else None)
            return False

    def end_input(self, state: InputState) -> None:
        """Mark an input as read to its end."""
        with self._changed:
            state.ended = True
            self._update_clock()
            self._wake()

    # For the decoding thread.

    def next_packet(self) -> PositionedPacket | None:
        """Wait for the next video packet; None after the last one, and once closed."""
        with self._changed:
            while not self.closed:
                if self._queue:
                    item = self._queue.popleft()
                    if self._bytes > _MAX_BYTES:
                        self._room.notify_all()
                    self._bytes -= item[1].size
                    return item
                if all(state.ended for state in self.inputs):
                    return None
                self._update_clock()
                self._changed.wait(self._starvation_timeout())
            return None

    def wait_for(self, position: float, *, ahead: float = 0.0, or_viewer: bool = False) -> bool:
        """Wait until the clock is `ahead` s before a position. False once closed.

        With `or_viewer`, a new viewer ends the wait, too.
        """
        with self._changed:
            self._has_new_viewer = False
            while not self.closed:
                due = position - (ahead if self._clock.running else 0.0) - self._clock.position()
                if due <= 0 or (or_viewer and self._has_new_viewer):
                    return True
                self._update_clock()
                timeout = self._starvation_timeout()
                if self._clock.running:
                    # At least 1 ms: less would elapse before the thread sleeps.
                    until_due = max(due / self._speed, 0.001)
                    timeout = until_due if timeout is None else min(timeout, until_due)
                self._changed.wait(timeout)
            return False

    def mark_shown(self, position: float) -> None:
        """Note that a frame was shown."""
        with self._changed:
            self.last_shown = position
            self._update_clock()

    def mark_decoded(self) -> float:
        """Note that all frames are decoded; return the position up to which the inputs were read."""
        with self._changed:
            self._all_decoded = True
            self._update_clock()
            return max(state.read_until for state in self.inputs)

    # With the lock held.

    def _close(self) -> None:
        self.closed = True
        self._clock.stop()
        self._wake()

    def _wake(self) -> None:
        self._changed.notify_all()
        self._room.notify_all()

    def _buffered(self) -> float:
        """Return the seconds buffered; infinite when all inputs have ended."""
        reading = (state.read_until for state in self.inputs if not state.ended)
        return min(reading, default=math.inf) - self._clock.position()

    def _starvation_timeout(self) -> float | None:
        """Return the seconds until the running clock reaches the end of the buffer."""
        buffered = self._buffered()
        if not self._clock.running or buffered == math.inf:
            return None
        return max(0.0, buffered) / self._speed + 0.001

    def _update_clock(self) -> None:
        """Start or stop the clock by what is buffered, and report it."""
        if self._opened is None or self.closed:
            return
        buffered = self._buffered()
        if self._ready:
            if buffered <= 0:
                self._ready = False
                self._clock.stop()
                self._reports.starved()
            return
        if self._opened.has_video and self.last_shown is None and not self._all_decoded:
            return
        if buffered >= _ENOUGH or all(state.ended or state.full for state in self.inputs):
            self._ready = True
            if not self._paused:
                self._clock.start()
            self._reports.ready()
            self._wake()
