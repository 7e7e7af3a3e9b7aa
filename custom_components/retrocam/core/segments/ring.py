"""The ring of a camera's segments: what looks back, and what looks at the present, reads it.

One thread writes, mostly the event loop; any thread reads, through cursors. The bytes are those of
the stream worker, shared and never copied. One lock guards it all; nobody holds it while waiting,
decoding or writing, so that the writer is never held up for more than some microseconds. Positions
are those of `TimeLine`.
"""

from collections import deque
from collections.abc import Callable, Iterator
import logging
import threading
import time
from typing import Final
from weakref import WeakSet

from ..errors import FragmentError
from ..mp4.fragment_reader import Track, read_tracks
from .cursors import ReadPart, SegmentCursor
from .segment import KeyframePart, MediaPart, PartMark, Segment
from .segment_timing import Dating

__all__ = [
    "KeyframePart",
    "MediaPart",
    "PartMark",
    "ReadPart",
    "Segment",
    "SegmentCursor",
    "SegmentRing",
]

_LOGGER = logging.getLogger(__name__)

_SILENCE: Final = 30.0
"""Seconds without a part after which Home Assistant's worker gives a source up: the next is of another
run, and what came last is not the present."""
_RATE_SECONDS: Final = 5.0
"""How much media the frame rate is measured over."""


class SegmentRing:
    """Keeps the newest segments of a stream, within a number of seconds and a number of bytes.

    `begin`, `add_part`, `finish` and `limit` belong to one thread; all else may be used from any.
    """

    def __init__(
        self,
        seconds: float,
        max_bytes: int,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        """Begin empty. `clock` is monotonic, `wall_clock` UNIX time, both in seconds."""
        self.clock = clock
        self._seconds = seconds
        self._max_bytes = max_bytes
        self._changed = threading.Condition()
        self._segments: deque[Segment] = deque()
        self._held: set[int] = set()
        self._begun: tuple[int, bytes] | None = None
        self._next_number = 0
        self._dating = Dating(clock, wall_clock)
        self._available = 0.0
        self._size = 0
        self._last_arrival: float | None = None
        self._keyframe: KeyframePart | None = None
        self._cursors: WeakSet[SegmentCursor] = WeakSet()
        self._closed = False

    # The writer's side

    def begin(self, run: int, init: bytes) -> None:
        """Begin a segment of the worker's run; the ring has it from its first part on.

        A segment that was not finished, because its run broke off, is then closed as it is.
        """
        self._begun = run, init

    def add_part(self, part: MediaPart) -> None:
        """Add a part to the segment that was begun last. A part that the ring holds is passed over.

        A part that cannot be read is kept, for its bytes may be of use; it is logged. Raises
        RuntimeError if no segment was begun.
        """
        arrived = self.clock()
        with self._changed:
            if self._closed:
                return
            if id(part) in self._held:
                self._resume(part)
                return
            if self._begun is not None:
                segment = self._open(*self._begun)
                self._begun = None
            elif self._segments and not self._segments[-1].complete:
                segment = self._segments[-1]
            else:
                raise RuntimeError("a part without a segment")
            self._append(segment, part, arrived)
            self._prune()
            self._changed.notify_all()

    def finish(self, duration: float) -> None:
        """Complete the segment in progress; `duration` is what the worker says.

        Counts only where the parts cannot be read: the worker bends durations to the rules of HLS.
        """
        with self._changed:
            if self._begun is not None or not self._segments or self._segments[-1].complete:
                return
            segment = self._segments[-1]
            if not any(mark.pictures for mark in segment.marks):
                self._available += duration - segment.duration
                segment.duration = duration
            segment.complete = True
            self._prune()
            self._changed.notify_all()

    def limit(self, seconds: float, max_bytes: int) -> None:
        """Change the limits; what is held stays, as far as it is within them."""
        with self._changed:
            self._seconds, self._max_bytes = seconds, max_bytes
            self._prune()

    def close(self) -> None:
        """Drop all segments and end all cursors, now and later."""
        with self._changed:
            self._closed = True
            cursors = list(self._cursors)
            self._segments.clear()
            self._held.clear()
            self._keyframe = self._begun = None
            self._available, self._size = 0.0, 0
        for cursor in cursors:
            cursor.close()

    # The readers' side

    def cursor(
        self, since: float | None = None, *, live: bool = False, max_lag: float = 3.0
    ) -> SegmentCursor:
        """Return a cursor that reads from the segment which holds position `since`.

        Without `since` it begins with the oldest segment; for one that lies after all that is
        held, with the segment in progress, or the next one. With `live` it begins with the newest
        part that has a keyframe instead, unless that is of long ago, and goes on to the newest such
        part whenever more than `max_lag` seconds have come after the part that is next.
        """
        with self._changed:
            index = 0
            pending = [
                segment
                for segment in self._segments
                if since is None or segment.end > since or not segment.complete
            ]
            if live and self._silent():
                pending = []
            elif live and (keyframe := self._keyframe) is not None:
                number = keyframe.segment.number
                pending = [segment for segment in self._segments if segment.number >= number]
                index = keyframe.index
            cursor = SegmentCursor(
                self._changed,
                pending,
                index=index,
                newest_keyframe=(lambda: self._keyframe) if live else None,
                max_lag=max_lag,
            )
            self._cursors.add(cursor)
            closed = self._closed
        if closed:
            cursor.close()
        return cursor

    def holds(self, part: MediaPart) -> bool:
        """Tell whether the ring has this very part."""
        return id(part) in self._held

    @property
    def limits(self) -> tuple[float, int]:
        """The most seconds and the most bytes to keep."""
        return self._seconds, self._max_bytes

    @property
    def now(self) -> float:
        """The position of what happens at this moment; parts of it come only later."""
        return self.clock() - self._dating.lag

    @property
    def available(self) -> float:
        """Seconds of media held."""
        return self._available

    @property
    def size(self) -> int:
        """Bytes held, without what only cursors hold."""
        return self._size

    @property
    def segments(self) -> tuple[Segment, ...]:
        """All that is held, oldest first; the last may be in progress."""
        with self._changed:
            return tuple(self._segments)

    @property
    def newest_keyframe(self) -> KeyframePart | None:
        """The newest part that has a keyframe. Do not keep it: it holds on to its segment."""
        return self._keyframe

    @property
    def last_arrival(self) -> float | None:
        """Monotonic time at which the last part came; None before the first."""
        return self._last_arrival

    @property
    def frame_size(self) -> tuple[int, int] | None:
        """Width and height of the newest segment's pictures, in pixels."""
        with self._changed:
            video = self._segments[-1].video if self._segments else None
        return video.size if video is not None else None

    @property
    def fps(self) -> float | None:
        """Pictures a second over the last five seconds of media; None without any."""
        pictures, seconds = 0, 0.0
        with self._changed:
            for mark in self._newest_marks():
                pictures += mark.pictures
                seconds += mark.duration
                if seconds >= _RATE_SECONDS:
                    break
        return pictures / seconds if seconds and pictures else None

    # From here on: with the lock held

    def _silent(self) -> bool:
        last = self._last_arrival
        return last is not None and self.clock() - last > _SILENCE

    def _newest_marks(self) -> Iterator[PartMark]:
        for segment in reversed(self._segments):
            yield from reversed(segment.marks)

    def _resume(self, part: MediaPart) -> None:
        """Go on with the newest segment if that is being given to the ring a second time."""
        if any(part is other for other in self._segments[-1].parts):
            self._begun = None

    def _open(self, run: int, init: bytes) -> Segment:
        """Append an empty segment, and close the one before it."""
        last = self._segments[-1] if self._segments else None
        if last is not None and init == last.init:
            init, tracks = last.init, last.tracks
        else:
            tracks = _read_tracks(init)
        segment = Segment(
            number=self._next_number,
            run=run,
            init=init,
            tracks=tracks,
            discontinuity=last is not None and (run != last.run or tracks != last.tracks),
            size=len(init),
        )
        self._next_number += 1
        self._size += segment.size
        if last is not None:
            last.complete = True
        self._segments.append(segment)
        for cursor in self._cursors:
            cursor.follow(segment)
        return segment

    def _append(self, segment: Segment, part: MediaPart, arrived: float) -> None:
        mark = self._dating.mark(segment, part, arrived)
        segment.marks.append(mark)
        segment.parts.append(part)
        segment.duration += mark.duration
        segment.size += len(part.data)
        self._held.add(id(part))
        self._available += mark.duration
        self._size += len(part.data)
        self._last_arrival = arrived
        self._dating.date(segment, reversed(self._segments))
        if mark.keyframe is not None:
            self._keyframe = KeyframePart(segment, len(segment.parts) - 1, mark.keyframe)

    def _prune(self) -> None:
        """Drop the oldest segments beyond the limits, but not the newest complete one."""
        keep = 1 + (bool(self._segments) and not self._segments[-1].complete)
        while len(self._segments) > keep:
            oldest = self._segments[0]
            if self._size <= self._max_bytes and self._available - oldest.duration < self._seconds:
                break
            self._segments.popleft()
            self._size -= oldest.size
            self._available -= oldest.duration
            self._held.difference_update(id(part) for part in oldest.parts)


def _read_tracks(init: bytes) -> tuple[Track, ...]:
    try:
        return read_tracks(init)
    except FragmentError as err:
        _LOGGER.warning("The stream's header cannot be read: %s", err)
        return ()
