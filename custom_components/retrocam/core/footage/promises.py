"""Segments that readers were promised, and that their ring has dropped since.

A playlist names segments that its reader fetches later: each is kept for 30 s, and as long as RFC 8216,
6.2.2 asks, within one limit for all readers.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from ..segments.segment import Segment

_SECONDS: Final = 30.0
"""Seconds for which a promised segment is kept at least."""


class Promises:
    """Keeps the segments that playlists have named. Used in one thread."""

    def __init__(self, clock: Callable[[], float], allowance: Callable[[], int]) -> None:
        """`clock` is monotonic. `allowance` returns the bytes that may be kept beside the ring."""
        self._clock = clock
        self._allowance = allowance
        self._kept: dict[int, Segment] = {}
        self._until: dict[int, float] = {}

    @property
    def segments(self) -> Sequence[Segment]:
        """All promised segments, oldest first, whether or not the ring still holds them."""
        return [self._kept[number] for number in sorted(self._kept)]

    def size(self, oldest: int) -> int:
        """Return the bytes of segments before number `oldest`, the first that the ring holds."""
        return sum(segment.size for number, segment in self._kept.items() if number < oldest)

    def promise(self, segments: Iterable[Segment]) -> None:
        """Keep the segments of a playlist, each for its own duration and that of the playlist."""
        named = list(segments)
        seconds = sum(segment.duration for segment in named)
        now = self._clock()
        for segment in named:
            until = now + max(_SECONDS, seconds + segment.duration)
            self._kept[segment.number] = segment
            self._until[segment.number] = max(until, self._until.get(segment.number, until))

    def expire(self, oldest: int | None) -> None:
        """Drop what was kept for long enough, and the oldest segments beyond the allowance.

        `oldest` is the number of the first segment that the ring holds; None if it holds none.
        """
        now = self._clock()
        for number in [number for number, until in self._until.items() if until <= now]:
            self._drop(number)
        beside = sorted(number for number in self._kept if oldest is None or number < oldest)
        excess = sum(self._kept[number].size for number in beside) - self._allowance()
        for number in beside:
            if excess <= 0:
                break
            excess -= self._kept[number].size
            self._drop(number)

    def clear(self) -> None:
        """Drop all."""
        self._kept.clear()
        self._until.clear()

    def _drop(self, number: int) -> None:
        del self._kept[number], self._until[number]
