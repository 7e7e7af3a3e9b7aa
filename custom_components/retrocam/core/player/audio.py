"""The sound of the player: a ring of ADTS frames by position, for any number of listeners."""

from collections import deque
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
import threading
from typing import Final

from ..errors import RetrocamError
from ..waiters import Waiters

GAP_US: Final = 100_000
"""Microseconds of missing sound that a player of ADTS would not notice and so play too early."""


class AudioGoneError(RetrocamError, LookupError):
    """The wanted sound is no longer kept, or of another epoch: ask again with a newer position."""

    code = "not_found"


@dataclass(frozen=True, slots=True)
class AudioPiece:
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

    `append` and `end` are called in the thread that makes the sound, all else in the event loop.
    """

    def __init__(self, *, seconds: float = 30.0) -> None:
        """Keep at least the last `seconds` of what was appended."""
        self._keep_us = int(seconds * 1_000_000)
        self._lock = threading.RLock()
        self._pieces: deque[AudioPiece] = deque()
        self._first = 0
        """Number of the oldest piece kept; the numbers of the others follow."""
        self._ended = False
        self._waiters = Waiters(self._lock)
        self.listeners = 0
        """How many read just now."""

    @property
    def span(self) -> tuple[int, int] | None:
        """First and last position that is kept, µs; None while there is nothing."""
        with self._lock:
            return (self._pieces[0].start_us, self._pieces[-1].end_us) if self._pieces else None

    def append(self, pieces: Iterable[AudioPiece]) -> None:
        """Add frames in order."""
        with self._lock:
            self._pieces.extend(pieces)
            while self._pieces and self._pieces[-1].end_us - self._pieces[0].end_us > self._keep_us:
                self._pieces.popleft()
                self._first += 1
            self._waiters.wake()

    def end(self) -> None:
        """Let listeners finish with what there is. May be called again, from any thread."""
        with self._lock:
            self._ended = True
            self._waiters.wake()

    async def listen(self, start_us: int) -> AsyncIterator[bytes]:
        """Yield ADTS frames from the one nearest to `start_us`, as they come, until the sound ends.

        Waits for a position that is still to come. Ends at a gap in the sound, or a change of its
        format, which a listener could not hear: it starts again behind it. Raises AudioGoneError when
        the position is no longer kept, or when the listener is so slow that what it needs next is not.
        """
        self.listeners += 1
        number: int | None = None
        last: AudioPiece | None = None
        try:
            while True:
                with self._lock:
                    number = self._find(start_us) if number is None else number
                    fresh = self._since(number)
                    waiter = None if fresh or self._ended else self._waiters.add()
                if number is not None:
                    number += len(fresh)
                whole = _up_to_gap(last, fresh)
                if last is None and len(whole) == 1 < len(fresh):
                    # The very end of what went before: who asks for this wants what follows.
                    whole = _up_to_gap(None, fresh := fresh[1:])
                if whole:
                    last = whole[-1]
                    yield b"".join(piece.data for piece in whole)
                if len(whole) < len(fresh):
                    return
                if waiter is not None:
                    await self._waiters.wait(waiter)
                elif not fresh:
                    return
        finally:
            self.listeners -= 1

    def _find(self, start_us: int) -> int | None:
        """Return the number of the frame that begins nearest to a position, None if it is to come."""
        if not self._pieces or start_us > self._pieces[-1].end_us:
            return None
        if start_us < self._pieces[0].start_us - GAP_US and self._first:
            raise AudioGoneError("this position is no longer kept")
        for index, piece in enumerate(self._pieces):
            if piece.start_us + piece.duration_us // 2 >= start_us:
                return self._first + index
        return self._first + len(self._pieces)

    def _since(self, number: int | None) -> list[AudioPiece]:
        if number is None:
            return []
        if number < self._first:
            raise AudioGoneError("the listener is too slow")
        count = self._first + len(self._pieces) - number
        return [self._pieces[-back] for back in range(count, 0, -1)]


def _up_to_gap(last: AudioPiece | None, pieces: list[AudioPiece]) -> list[AudioPiece]:
    """Return those of the pieces that can be heard in one go after `last`."""
    for index, piece in enumerate(pieces):
        if last is not None and (
            abs(piece.start_us - last.end_us) > GAP_US or _format(piece) != _format(last)
        ):
            return pieces[:index]
        last = piece
    return pieces


def _format(piece: AudioPiece) -> tuple[int, int]:
    """Return the part of the header that tells profile, rate and channels."""
    return piece.data[2], piece.data[3] & 0xC0
