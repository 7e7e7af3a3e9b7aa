"""Write clips that start before their trigger.

Each ClipWriter reads a camera's ring with its own cursor, so any number of overlapping clips can be
written at the same time. A clip in progress is a fragmented file in the library's folder, whatever
its final location, so that recovery after a crash finds it (`recovery.py`).
"""

from collections.abc import Callable, Iterable
import logging
import math
from pathlib import Path
import threading
from typing import Final

from ..errors import ClipEndedError, RetrocamError, StorageSlowError
from ..library.store import MediaLibrary
from ..segments.cursors import ReadPart
from ..segments.refresh import refresh_seconds
from ..segments.ring import SegmentRing
from ..segments.segment import Segment
from .clip_files import ClipFiles
from .result import ClipReason, ClipResult
from .sample_selection import AHEAD, SampleSelector

_LOGGER = logging.getLogger(__name__)

_POLL: Final = 0.2
"""Seconds between readings of the ring's clock while waiting for a part."""
_MIN_PART_TIMEOUT: Final = 3.0
"""Minimum seconds to wait for the last part of a clip; else twice its longest part, or 3 s more than the
longest wait for a part of the camera."""
_MAX_PART_TIMEOUT: Final = 60.0
_MAX_BACKLOG: Final = 60.0
"""Seconds by which the disk may lag behind the camera; the backlog is held in memory."""
_END_TOLERANCE: Final = 0.1
"""Seconds that may be missing at the end of a clip if nothing followed."""
_SLOW_END_TOLERANCE: Final = 1.0
"""The same if frames followed later: the longest interval of a slow camera's frames."""


class ClipWriter:
    """Records one clip in its own thread.

    Call `start` once; `extend` and `stop` from any thread. Before closing the ring, the owner calls
    `stop(at_once=True)` and `join`: closing the ring first discards the parts not yet written.
    """

    def __init__(
        self,
        ring: SegmentRing,
        library: MediaLibrary,
        *,
        lookback: float,
        duration: float,
        trigger: float | None = None,
        earlier: Iterable[Segment] = (),
        outage: float = 0.0,
        orientation: int = 1,
        path: Path | None = None,
        name: str = "retrocam clip",
        title: str = "",
        on_done: Callable[[ClipResult], None] | None = None,
    ) -> None:
        """Open a cursor, which keeps the segments needed; takes microseconds, in any thread.

        The clip starts `lookback` seconds before the trigger and ends `duration` seconds after it.
        `trigger` is a position of the ring, by default the present. `earlier` are segments that the
        ring has dropped, oldest first. `outage` is for how many seconds
        the camera has been unavailable: the lookback counts from its start. `orientation` is EXIF's.
        `path` is the location instead of the library; further files get the suffix `-2`, `-3`...
        `name` is the thread's, `title` the files'. `on_done` is called in the thread and must neither
        raise nor block.
        Raises ValueError for a negative or infinite time or an invalid orientation.
        """
        if not (
            lookback >= 0 and outage >= 0 and 0 <= duration < math.inf and 1 <= orientation <= 8
        ):
            raise ValueError(
                f"invalid clip: lookback {lookback} s, duration {duration} s, orientation {orientation}"
            )
        self._ring = ring
        # Times by the clock: positions of the present change while the ring learns of a delay.
        self._trigger = ring.clock() if trigger is None else trigger + ring.lag
        self._outage = outage
        self._lookback = lookback
        self._on_done = on_done
        self._until = self._trigger + duration
        since = self._lookback_end - lookback
        self._selector = SampleSelector(since, self.until)
        # A segment starts with a keyframe, whose gradual refresh must have ended by then.
        begin = since - max(AHEAD, refresh_seconds(ring))
        self._cursor = ring.cursor(begin, settled=True)
        self._cursor.precede(held for held in earlier if held.end > begin)
        self._max_lag = self._cursor.lag + _MAX_BACKLOG
        self._longest_part = max(
            (timing.duration for segment in ring.segments for timing in segment.timings),
            default=0.0,
        )
        self._lock = threading.Lock()
        self._ended = False
        self._at_once = False
        self._reason: ClipReason | None = None
        self._error: RetrocamError | None = None
        self._files = ClipFiles(library, orientation=orientation, path=path, title=title)
        self._result: ClipResult | None = None
        self._thread = threading.Thread(target=self._run, name=name)

    # Any thread

    @property
    def until(self) -> float:
        """Position of its end."""
        return self._position(self._until)

    @property
    def result(self) -> ClipResult | None:
        """Its result; None until it has ended."""
        return self._result

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def extend(self, seconds: float) -> None:
        """End later. Raises ClipEndedError if it has ended, and ValueError unless positive."""
        if not seconds > 0:
            raise ValueError(f"a clip cannot be extended by {seconds} s")
        with self._lock:
            if self._ended:
                raise ClipEndedError("the clip has already ended")
            self._until += seconds

    def stop(self, *, at_once: bool = False) -> None:
        """End now; does nothing if it has ended.

        Waits for the part with the present frames, unless `at_once`.
        """
        with self._lock:
            self._until = min(self._until, self._ring.clock())
            self._at_once |= at_once

    def join(self, timeout: float | None = None) -> bool:
        """Wait for the end, without limit if `timeout` is None; return whether it has ended."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _position(self, time: float) -> float:
        """Return the position of a time by the clock, as the ring knows it at present."""
        return time - self._ring.lag

    @property
    def _lookback_end(self) -> float:
        return self._position(self._trigger) - self._outage

    # In the thread

    def _run(self) -> None:
        try:
            self._guard(self._record)
            with self._lock:
                self._ended = True
            self._guard(self._files.close)
        finally:
            self._cursor.close()
            self._result = self._make_result()
            if self._on_done is not None:
                self._on_done(self._result)

    def _guard(self, step: Callable[[], None]) -> None:
        """Run a step, and store the first error: the following steps save what they can."""
        try:
            step()
        except RetrocamError as error:
            _LOGGER.warning("A clip ends early: %s", error)
            self._error = self._error or error
        except Exception as error:
            _LOGGER.exception("A clip ends early by an unexpected error")
            self._error = self._error or RetrocamError(str(error))

    def _record(self) -> None:
        self._files.refuse_existing()
        while (read := self._next()) is not None:
            self._longest_part = max(self._longest_part, read.timing.duration)
            # The event loop takes the lock, too: it must not wait for a disk.
            loaded = read.loaded()
            with self._lock:
                self._selector.until = self.until
                fragments = self._selector.feed(loaded)
                self._ended = self._selector.done
            self._files.write(fragments)
        with self._lock:
            self._ended = True
            self._selector.until = self.until
        self._files.write(self._selector.flush())

    def _next(self) -> ReadPart | None:
        """Wait for the next part; None if no more follow."""
        if self._selector.done:
            return None
        if self._cursor.lag > self._max_lag:
            raise StorageSlowError("the disk is slower than the camera")
        usual = max(2 * self._longest_part, self._ring.longest_wait + _MIN_PART_TIMEOUT)
        part_timeout = min(max(_MIN_PART_TIMEOUT, usual), _MAX_PART_TIMEOUT)
        while True:
            left = self._until + part_timeout - self._ring.clock()
            timeout = 0.0 if self._at_once else max(0.0, min(left, _POLL))
            if (read := self._cursor.next(timeout)) is not None:
                return read
            if self._cursor.closed:
                self._reason = ClipReason.CLOSED
                return None
            if self._at_once or left <= 0:
                self._cursor.release()
                if (read := self._cursor.next(0.0)) is not None:
                    return read
                self._reason = ClipReason.STOPPED if self._at_once else ClipReason.SOURCE_GONE
                return None

    def _make_result(self) -> ClipResult:
        first, parts = self._selector.first, tuple(self._files.parts)
        own_error = self._error or self._files.fault
        error = own_error or self._files.location_error
        return ClipResult(
            parts=parts,
            lookback=max(0.0, self._lookback_end - first) if parts and first is not None else 0.0,
            requested_lookback=self._lookback,
            missing=self._selector.missing,
            reason=error.code if error is not None else self._incomplete_reason(),
            error=error,
            wrong_location=error is not None and own_error is None,
            refreshes=self._selector.refreshes,
        )

    def _incomplete_reason(self) -> ClipReason | None:
        """Return why the clip is incomplete, apart from storage errors; None if it is complete."""
        missing_end = self.until - self._selector.end
        if self._reason is not None and missing_end > _END_TOLERANCE:
            return self._reason
        if not self._files.parts:
            return ClipReason.EMPTY
        return (
            ClipReason.INTERRUPTED
            if self._selector.missing or missing_end > _SLOW_END_TOLERANCE
            else None
        )
