"""Reading a ring of segments, part by part, in a thread of the reader's own."""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
import threading
from types import TracebackType
from typing import Self

from .segment import KeyframePart, MediaPart, PartMark, Segment


@dataclass(frozen=True, slots=True)
class ReadPart:
    """One part, as a cursor hands it out."""

    segment: Segment
    part: MediaPart
    mark: PartMark
    first: bool
    """Whether it is the first of its segment."""
    jumped: bool
    """Whether a live cursor left parts out before this one."""


class SegmentCursor:
    """A place in a ring: hands out each part from there on once, in order, and waits for new ones.

    Made by `SegmentRing.cursor`. One thread calls `next`; any thread may call `close`. Until a
    segment is read to its end the cursor keeps it, even if the ring no longer does: a slow reader
    loses nothing, and holds as much memory as it lags behind. Use it in a `with` block.
    """

    def __init__(
        self,
        changed: threading.Condition,
        pending: Iterable[Segment],
        *,
        index: int = 0,
        newest_keyframe: Callable[[], KeyframePart | None] | None = None,
        max_lag: float,
    ) -> None:
        """Take the segments to read first; `newest_keyframe` makes the cursor a live one."""
        self._changed = changed
        self._pending = deque(pending)
        self._index = index
        self._newest_keyframe = newest_keyframe
        self._max_lag = max_lag
        self._closed = False

    def __enter__(self) -> Self:
        """Return the cursor."""
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the cursor."""
        self.close()

    @property
    def closed(self) -> bool:
        """Whether there will be no more parts."""
        return self._closed

    @property
    def lag(self) -> float:
        """Seconds of media that came and are not yet read."""
        with self._changed:
            return sum(segment.duration for segment in self._pending) - sum(
                mark.duration for segment in self._first() for mark in segment.marks[: self._index]
            )

    def next(self, timeout: float | None) -> ReadPart | None:
        """Return the next part, waiting up to `timeout` seconds for it, or for ever for None.

        Returns None when it did not come in time, or when the cursor is closed: `closed` tells.
        """
        with self._changed:
            self._changed.wait_for(self._ready, timeout)
            return self._take() if self._ready() and not self._closed else None

    def close(self) -> None:
        """End it, and wake a `next` that waits."""
        with self._changed:
            self._closed = True
            self._pending.clear()
            self._changed.notify_all()

    def follow(self, segment: Segment) -> None:
        """Take in that a segment has begun. For the ring, which holds the lock."""
        if not self._closed:
            self._pending.append(segment)

    def _first(self) -> tuple[Segment, ...]:
        return (self._pending[0],) if self._pending else ()

    def _ready(self) -> bool:
        """Go past what is read, and tell whether there is anything to return."""
        while self._pending and self._index >= len(self._pending[0].parts):
            if not self._pending[0].complete:
                return self._closed
            self._pending.popleft()
            self._index = 0
        return bool(self._pending) or self._closed

    def _take(self) -> ReadPart:
        jumped = self._jump()
        segment, index = self._pending[0], self._index
        self._index += 1
        return ReadPart(
            segment=segment,
            part=segment.parts[index],
            mark=segment.marks[index],
            first=index == 0,
            jumped=jumped,
        )

    def _jump(self) -> bool:
        """Go on to the newest keyframe if a live cursor is too far behind."""
        if self._newest_keyframe is None:
            return False
        here = self._pending[0]
        if self._pending[-1].end - here.marks[self._index].end <= self._max_lag:
            return False
        keyframe = self._newest_keyframe()
        if keyframe is None or (keyframe.segment.number, keyframe.index) <= (
            here.number,
            self._index,
        ):
            return False
        while self._pending[0] is not keyframe.segment:
            self._pending.popleft()
        self._index = keyframe.index
        return True
