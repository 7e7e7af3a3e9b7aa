"""Ring buffer of a camera's segments, the source of lookback and of live frames.

One thread writes, mostly the event loop; any thread reads, through cursors. The bytes of the stream
worker are shared, never copied. One lock guards everything and is not held while waiting, decoding
or writing files: the writer blocks for microseconds at most. Positions are those of `Timeline`.
"""

from collections import deque
from collections.abc import Callable, Iterator
import time
from typing import Final
from weakref import WeakSet

from .arrivals import Arrivals
from .changes import RingChanges
from .cursors import Backlog, SegmentCursor
from .formats import PartPiece
from .intake import NewPart, PartIntake
from .segment import KeyframePart, MediaPart, PartTiming, Segment
from .segment_timing import SegmentTiming

_SILENCE: Final = 30.0
"""Seconds without a part until Home Assistant's worker gives up a source: the next part is of another
run, and the newest one is no longer live."""
_LIVE_LAG: Final = 3.0
"""Seconds by which a live cursor may lag, in addition to the longest wait for a part."""
_RATE_SECONDS: Final = 5.0
"""Seconds of media used for the frame rate."""


class SegmentRing:
    """Keeps the newest segments of a stream, limited in seconds and bytes.

    Call `begin`, `add_part`, `finish` and `limit` from one thread, the rest from any thread.
    """

    def __init__(
        self,
        seconds: float,
        max_bytes: int,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        """Create an empty ring. `clock` is monotonic, `wall_clock` UNIX time, both in seconds."""
        self.clock = clock
        self._seconds = seconds
        self._max_bytes = max_bytes
        self._changed = RingChanges()
        self.listeners = self._changed.listeners
        """Called after each part, and on closing, with the lock held: they must not block."""
        self._segments: deque[Segment] = deque()
        self._part_ids: set[int] = set()
        self._intake = PartIntake()
        self._next_number = 0
        self._timing = SegmentTiming(clock, wall_clock)
        self._arrivals = Arrivals()
        self._available = 0.0
        self._size = 0
        self._last_arrival: float | None = None
        self._keyframe: KeyframePart | None = None
        self._cursors: WeakSet[SegmentCursor] = WeakSet()
        self._closed = False

    # Writer

    def begin(self, run: int, init: bytes) -> None:
        """Begin a segment of a run of the worker; it is added with its first part.

        This completes an unfinished segment of a run that broke off.
        """
        with self._changed:
            self._intake.begin(run, init, self._newest)

    def add_part(self, part: MediaPart) -> None:
        """Add a part to the segment begun last; ignore a part that the ring holds.

        So is a part that an earlier run delivered. A part with a keyframe of another format is cut
        there, and a segment begins. A part that cannot be read is logged and kept. Raises RuntimeError
        if no segment was begun.
        """
        arrived = self.clock()
        with self._changed:
            if self._closed:
                return
            if id(part) in self._part_ids:
                # The writer adds the newest segment a second time: continue it.
                if any(part is _source(other) for other in self._segments[-1].parts):
                    self._intake.cancel()
                return
            for new in self._intake.admit(part, arrived, self._newest):
                self._append(self._segment_of(new), new)
            self._prune()
            self._changed.notify_all()

    def note_keyframe(self, pts: int, head: bytes) -> None:
        """Take the first kilobytes of a keyframe as the source sent it; its part may follow later.

        FFmpeg removes the parameter sets of HEVC with start codes from the parts. `pts` is in ticks of
        the video track. A keyframe that is not noted changes no format.
        """
        with self._changed:
            self._intake.note_keyframe(pts, head)

    def finish(self, duration: float) -> None:
        """Complete the segment in progress.

        The worker's `duration` is used only if no part can be read: it is adjusted to the rules of HLS.
        """
        with self._changed:
            segment = self._newest
            if self._intake.awaits_first_part or segment is None or segment.complete:
                return
            if not any(timing.frames for timing in segment.timings):
                self._available += duration - segment.duration
                segment.duration = duration
            segment.complete = True
            self._prune()
            self._changed.notify_all()

    def limit(self, seconds: float, max_bytes: int) -> None:
        """Change the limits and drop segments beyond them."""
        with self._changed:
            self._seconds, self._max_bytes = seconds, max_bytes
            self._prune()

    def close(self) -> None:
        """Drop all segments, and close all cursors, later ones as well."""
        with self._changed:
            self._closed = True
            cursors = list(self._cursors)
            self._segments.clear()
            self._part_ids.clear()
            self._keyframe = None
            self._intake.cancel()
            self._available, self._size = 0.0, 0
            self._changed.notify_all()
        for cursor in cursors:
            cursor.close()

    # Readers

    def cursor(
        self,
        since: float | None = None,
        *,
        live: bool = False,
        settled: bool = False,
        max_lag: float | None = None,
        backlog: Backlog | None = None,
    ) -> SegmentCursor:
        """Return a cursor that starts at the segment with position `since`.

        Without `since` it starts at the oldest segment; after the end of the ring, at the segment in
        progress or the next one. With `live` it starts at the newest part with a keyframe, unless the
        stream has been silent for long, and jumps to the newest such part whenever it lags more than
        `max_lag` seconds behind; by default 3 s more than the longest wait for a part. With `settled`
        it waits until the timing of a part is final, which takes seconds while the stream is late; with
        a `backlog` it drops the oldest segments beyond that.
        """
        with self._changed:
            index = 0
            pending = [
                segment
                for segment in self._segments
                if since is None or segment.end > since or not segment.complete
            ]
            if live and (last := self._last_arrival) and self.clock() - last > _SILENCE:
                pending = []
            elif live and (keyframe := self._keyframe) is not None:
                first, index = keyframe.segment.number, keyframe.index
                pending = [segment for segment in self._segments if segment.number >= first]
            cursor = SegmentCursor(
                self._changed,
                pending,
                index=index,
                newest_keyframe=(lambda: self._keyframe) if live else None,
                max_lag=lambda: _LIVE_LAG + self._longest_wait if max_lag is None else max_lag,
                settled=settled,
                backlog=backlog,
            )
            self._cursors.add(cursor)
            if self._closed:
                cursor.close()
        return cursor

    def holds(self, part: MediaPart) -> bool:
        """Return whether the ring holds this part object."""
        return id(part) in self._part_ids

    @property
    def limits(self) -> tuple[float, int]:
        """Maximum seconds and maximum bytes."""
        return self._seconds, self._max_bytes

    @property
    def lag(self) -> float:
        """Seconds to add to a position for the monotonic time of capture."""
        return self._timing.lag

    @property
    def now(self) -> float:
        """Position of the present; its parts arrive later."""
        return self.clock() - self.lag

    @property
    def longest_wait(self) -> float:
        """Most seconds from when a position was the present until its part arrived, of recent parts."""
        with self._changed:
            return self._longest_wait

    @property
    def available(self) -> float:
        """Seconds of media held."""
        return self._available

    @property
    def size(self) -> int:
        """Bytes held, without segments that only cursors hold."""
        return self._size

    @property
    def segments(self) -> tuple[Segment, ...]:
        """Segments held, oldest first; the last may be in progress."""
        with self._changed:
            return tuple(self._segments)

    @property
    def newest_keyframe(self) -> KeyframePart | None:
        """The newest part with a keyframe. Do not store it: it keeps its segment alive."""
        return self._keyframe

    @property
    def last_arrival(self) -> float | None:
        """Monotonic time of the last part's arrival; None before the first."""
        return self._last_arrival

    @property
    def frame_size(self) -> tuple[int, int] | None:
        """Width and height of the newest segment, in pixels."""
        with self._changed:
            video = self._segments[-1].video if self._segments else None
        return video.size if video is not None else None

    @property
    def fps(self) -> float | None:
        """Frames per second over the last five seconds of media; None without frames."""
        frames, seconds = 0, 0.0
        with self._changed:
            for timing in self._newest_timings():
                frames += timing.frames
                seconds += timing.duration
                if seconds >= _RATE_SECONDS:
                    break
        return frames / seconds if seconds and frames else None

    # With the lock held

    @property
    def _longest_wait(self) -> float:
        return self._arrivals.longest(self._timing.lag)

    def _newest_timings(self) -> Iterator[PartTiming]:
        for segment in reversed(self._segments):
            yield from reversed(segment.timings)

    @property
    def _newest(self) -> Segment | None:
        return self._segments[-1] if self._segments else None

    def _segment_of(self, new: NewPart) -> Segment:
        """Return the segment to append a part to; a new one if the part begins it."""
        last = self._newest
        if last is not None and new.opens is None and last.tracks == new.format.tracks:
            return last
        run = new.opens if new.opens is not None or last is None else last.run
        assert run is not None  # noqa: S101  # the first part of a ring begins a segment
        init, tracks, _ = new.format
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

    def _append(self, segment: Segment, new: NewPart) -> None:
        part, arrived, *_ = new
        lag = self._timing.lag
        timing = self._timing.place(segment, part, arrived)
        self._arrivals.add(segment.run, timing, lag)
        segment.timings.append(timing)
        segment.parts.append(part)
        segment.duration += timing.duration
        segment.size += len(part.data)
        self._part_ids.add(id(_source(part)))
        self._size += len(part.data)
        self._last_arrival = arrived
        if timing.keyframe is not None:
            self._keyframe = KeyframePart(segment, len(segment.parts) - 1)
        if self._timing.correct(reversed(self._segments)):
            self._available = sum(held.duration for held in self._segments)
        else:
            self._available += timing.duration
        self._timing.update_wall_times(segment, reversed(self._segments))

    def _prune(self) -> None:
        """Drop the oldest segments beyond the limits; keep the newest complete one."""
        keep = 1 + (bool(self._segments) and not self._segments[-1].complete)
        while len(self._segments) > keep:
            oldest = self._segments[0]
            if self._size <= self._max_bytes and self._available - oldest.duration < self._seconds:
                break
            self._segments.popleft()
            self._size -= oldest.size
            self._available -= oldest.duration
            self._part_ids.difference_update(id(_source(part)) for part in oldest.parts)


def _source(part: MediaPart) -> MediaPart:
    """Return the part of the writer that a piece ends."""
    return part if not isinstance(part, PartPiece) or part.source is None else part.source
