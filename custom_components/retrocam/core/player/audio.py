"""Audio of the player: a ring of ADTS frames by position, for any number of listeners."""

from collections import deque
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
import threading
from typing import Final

from ..errors import RetrocamError
from ..waiters import Waiters

GAP_US: Final = 100_000
"""Longest gap ignored, µs. A player of ADTS does not notice gaps, and plays later audio too early."""


class AudioGoneError(RetrocamError, LookupError):
    """The requested audio was dropped or is of another epoch: ask again with a newer position."""

    code = "not_found"


@dataclass(frozen=True, slots=True)
class AdtsFrame:
    """One ADTS frame."""

    start_us: int
    """Position of its first sample, µs."""
    duration_us: int
    data: bytes

    @property
    def end_us(self) -> int:
        """Position after its last sample, µs."""
        return self.start_us + self.duration_us


class AudioRing:
    """The newest ADTS frames of one epoch.

    `append` is called in the reading thread, `end` in any, all else in the event loop.
    """

    def __init__(self, *, seconds: float = 30.0) -> None:
        """Keep at least the last `seconds`."""
        self._keep_us = int(seconds * 1_000_000)
        self._lock = threading.RLock()
        self._frames: deque[AdtsFrame] = deque()
        self._first = 0
        """Sequence number of the oldest frame."""
        self._ended = False
        self._waiters = Waiters(self._lock)

    @property
    def span(self) -> tuple[int, int] | None:
        """First and last position, µs; None if empty."""
        with self._lock:
            return (self._frames[0].start_us, self._frames[-1].end_us) if self._frames else None

    def append(self, frames: Iterable[AdtsFrame]) -> None:
        """Add frames in order."""
        with self._lock:
            self._frames.extend(frames)
            while self._frames and self._frames[-1].end_us - self._frames[0].end_us > self._keep_us:
                self._frames.popleft()
                self._first += 1
            self._waiters.wake()

    def end(self) -> None:
        """Mark the end: listeners finish with what is buffered. May be called again."""
        with self._lock:
            self._ended = True
            self._waiters.wake()

    async def listen(self, start_us: int) -> AsyncIterator[bytes]:
        """Yield ADTS frames from the one nearest to `start_us`, as they arrive, until the end.

        Waits for a future position. Ends at a gap or a change of format, which ADTS cannot express: the
        listener starts again after it. Raises AudioGoneError when the position was dropped, and
        when a slow listener's next frame was.
        """
        number: int | None = None
        last: AdtsFrame | None = None
        while True:
            with self._lock:
                number = self._find(start_us) if number is None else number
                new = self._since(number)
                waiter = None if new or self._ended else self._waiters.add()
            if number is not None:
                number += len(new)
            playable = _up_to_gap(last, new)
            if last is None and len(playable) == 1 < len(new):
                # The last frame before a gap or change: the request is for what follows.
                playable = _up_to_gap(None, new := new[1:])
            if playable:
                last = playable[-1]
                yield b"".join(frame.data for frame in playable)
            if len(playable) < len(new):
                return
            if waiter is not None:
                await self._waiters.wait(waiter)
            elif not new:
                return

    def _find(self, start_us: int) -> int | None:
        """Return the number of the frame nearest to a position; None for a future one."""
        if not self._frames or start_us > self._frames[-1].end_us:
            return None
        if start_us < self._frames[0].start_us - GAP_US and self._first:
            raise AudioGoneError("the position was dropped")
        for index, frame in enumerate(self._frames):
            if frame.start_us + frame.duration_us // 2 >= start_us:
                return self._first + index
        return self._first + len(self._frames)

    def _since(self, number: int | None) -> list[AdtsFrame]:
        if number is None:
            return []
        if number < self._first:
            raise AudioGoneError("the listener is too slow")
        count = self._first + len(self._frames) - number
        return [self._frames[-back] for back in range(count, 0, -1)]


def _up_to_gap(last: AdtsFrame | None, frames: list[AdtsFrame]) -> list[AdtsFrame]:
    """Return the frames that continue `last` without a gap or change of format."""
    for index, frame in enumerate(frames):
        if last is not None and (
            abs(frame.start_us - last.end_us) > GAP_US or _format(frame) != _format(last)
        ):
            return frames[:index]
        last = frame
    return frames


def _format(frame: AdtsFrame) -> tuple[int, int]:
    """Return the header's bits of profile, rate and channels."""
    return frame.data[2], frame.data[3] & 0xC0
