"""Read a ring of segments part by part, in the reader's own thread."""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
import threading
from typing import NamedTuple, Self

from .segment import KeyframePart, MediaPart, PartTiming, Segment


@dataclass(frozen=True, slots=True)
class ReadPart:
    """One part returned by a cursor."""

    segment: Segment
    part: MediaPart
    timing: PartTiming
    first: bool
    """Whether it is the first of its segment."""
    jumped: bool
    """Whether a live cursor, or one with a limited backlog, skipped parts before this one."""

    def loaded(self) -> Self:
        """Return it with its data in memory; blocks. Raises StorageError."""
        return replace(self, part=_LoadedPart(self.part.data, self.part.duration))


@dataclass(frozen=True, slots=True)
class _LoadedPart:
    """A MediaPart."""

    data: bytes
    duration: float


class Backlog(NamedTuple):
    """How far a reader may lag behind before the cursor drops segments."""

    seconds: float
    size: int
    """Bytes."""


class SegmentCursor:
    """Read position in a ring: returns each part once, in order, and waits for new ones.

    Made by `SegmentRing.cursor`. One thread calls `next`; any thread may call `close`. The cursor
    keeps each segment until it is read completely, even if the ring has dropped it: a slow reader
    loses nothing, and holds as much memory as it lags behind. Use it in a `with` block.
    """

    def __init__(
        self,
        changed: threading.Condition,
        pending: Iterable[Segment],
        *,
        index: int = 0,
        newest_keyframe: Callable[[], KeyframePart | None] | None = None,
        max_lag: Callable[[], float],
        settled: bool = False,
        backlog: Backlog | None = None,
    ) -> None:
        """Start at part `index` of the pending segments; `newest_keyframe` makes the cursor live.

        `max_lag` returns the seconds that a live cursor may lag; it is called with the lock held. With
        `settled` it returns parts only once their timing does not change any more. Beyond `backlog` it
        drops the oldest segments, also while its reader is stuck.
        """
        self._changed = changed
        self._pending = deque(pending)
        self._index = index
        self._newest_keyframe = newest_keyframe
        self._max_lag = max_lag
        self._settled = settled
        self._backlog = backlog
        self._dropped = False
        self.lost = 0.0
        """Seconds of media dropped beyond the backlog."""
        self._closed = False

    def __enter__(self) -> Self:
        """Return the cursor."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the cursor."""
        self.close()

    @property
    def closed(self) -> bool:
        """Whether it is closed: no more parts follow."""
        return self._closed

    @property
    def lag(self) -> float:
        """Seconds of media received and not yet read."""
        with self._changed:
            if not self._pending:
                return 0.0
            read = self._pending[0].timings[: self._index]
            return sum(segment.duration for segment in self._pending) - sum(
                timing.duration for timing in read
            )

    @property
    def pending(self) -> tuple[Segment, ...]:
        """Segments not read completely, oldest first."""
        with self._changed:
            return tuple(self._pending)

    def precede(self, segments: Iterable[Segment]) -> None:
        """Read complete segments first that the ring has dropped, oldest first.

        Call it before `next`. Ignores those that the cursor has.
        """
        with self._changed:
            oldest = self._pending[0].number if self._pending else None
            earlier = [held for held in segments if oldest is None or held.number < oldest]
            self._pending.extendleft(reversed(earlier))

    def next(self, timeout: float | None) -> ReadPart | None:
        """Return the next part; wait up to `timeout` seconds for it, without limit if None.

        Returns None on timeout, and when the cursor is `closed`.
        """
        with self._changed:
            self._changed.wait_for(self._ready, timeout)
            return self._take() if self._ready() and not self._closed else None

    def release(self) -> None:
        """Return parts from now on whose timing may still change."""
        with self._changed:
            self._settled = False
            self._changed.notify_all()

    def close(self) -> None:
        """Close it and wake a waiting `next`."""
        with self._changed:
            self._closed = True
            self._pending.clear()
            self._changed.notify_all()

    def follow(self, segment: Segment) -> None:
        """Add a new segment. Called by the ring with the lock held."""
        if not self._closed:
            self._pending.append(segment)
            if self._backlog is not None:
                self._shed(self._backlog)

    def _shed(self, backlog: Backlog) -> None:
        """Drop the oldest segments beyond a backlog, but not the newest two."""
        while len(self._pending) > 2 and (
            self.lag > backlog.seconds
            or sum(segment.size for segment in self._pending) > backlog.size
        ):
            unread = self._pending.popleft().timings[self._index :]
            self.lost += sum(timing.duration for timing in unread)
            self._dropped |= bool(unread)
            self._index = 0

    def _ready(self) -> bool:
        """Skip segments read completely; return whether `next` can return."""
        while self._pending and self._index >= len(self._pending[0].parts):
            if not self._pending[0].complete:
                return self._closed
            self._pending.popleft()
            self._index = 0
        if self._pending and self._settled and self._index >= self._pending[0].settled:
            return self._closed
        return bool(self._pending) or self._closed

    def _take(self) -> ReadPart:
        jumped = self._jump() or self._dropped
        self._dropped = False
        segment, index = self._pending[0], self._index
        self._index += 1
        return ReadPart(
            segment=segment,
            part=segment.parts[index],
            timing=segment.timings[index],
            first=index == 0,
            jumped=jumped,
        )

    def _jump(self) -> bool:
        """Jump to the newest keyframe if a live cursor lags too far behind."""
        if self._newest_keyframe is None:
            return False
        current = self._pending[0]
        if self._pending[-1].end - current.timings[self._index].end <= self._max_lag():
            return False
        keyframe = self._newest_keyframe()
        if keyframe is None or (keyframe.segment.number, keyframe.index) <= (
            current.number,
            self._index,
        ):
            return False
        while self._pending[0] is not keyframe.segment:
            self._pending.popleft()
        self._index = keyframe.index
        return True
