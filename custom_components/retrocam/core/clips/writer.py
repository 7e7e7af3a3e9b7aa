"""Clips: recordings that begin before they were asked for.

A ClipWriter reads a camera's ring with a cursor of its own, so that any number of clips, with any
beginnings and ends, are written side by side, and none can lose what another has read. While it is
recorded a clip is a file in fragments in the library's folder, wherever it is to go in the end:
what was begun is found there after a crash (`salvage`).
"""

from collections.abc import Callable
import logging
import math
from pathlib import Path
import threading
from typing import Final

from ..errors import ClipEndedError, RetrocamError, StorageSlowError
from ..library.store import MediaLibrary
from ..segments.cursors import ReadPart
from ..segments.ring import SegmentRing
from .clip_files import ClipFiles
from .result import ClipPart, ClipProgress, ClipReason, ClipResult
from .sample_selection import AHEAD, ClipCut, Fragment

__all__ = ["ClipPart", "ClipProgress", "ClipReason", "ClipResult", "ClipWriter"]

_LOGGER = logging.getLogger(__name__)

_POLL: Final = 0.2
"""Seconds after which a writer looks at the ring's clock again while no part comes."""
_PATIENCE: Final = 3.0
"""Least seconds to wait for the last part of a clip; else twice the longest part there was."""
_MOST_PATIENCE: Final = 60.0
_MOST_BEHIND: Final = 60.0
"""Seconds that the disk may fall behind the camera: so much of the stream is kept in memory."""
_LACKING: Final = 0.1
"""Seconds that a clip may lack at its end when nothing more came."""
_SHORT: Final = 1.0
"""The same when more came, later: a slow camera has no picture in so long."""


class ClipWriter:
    """Records one clip, in a thread of its own.

    `start` runs it once; `extend` and `stop` may be called from any thread. The owner ends it
    before it closes the ring, with `stop(at_once=True)` and `join`; a clip whose ring is closed
    keeps only what was written.
    """

    def __init__(
        self,
        ring: SegmentRing,
        library: MediaLibrary,
        *,
        lookback: float,
        duration: float,
        trigger: float | None = None,
        away: float = 0.0,
        orientation: int = 1,
        path: Path | None = None,
        name: str = "retrocam clip",
        on_progress: Callable[[ClipProgress], None] | None = None,
        on_done: Callable[[ClipResult], None] | None = None,
    ) -> None:
        """Take hold of what the ring has from now on; takes microseconds, in any thread.

        The clip is to begin `lookback` seconds before the trigger and to end `duration` after it.
        `trigger` is a position of the ring, now by default. Of a camera that has been `away` for
        so many seconds, what is looked back on is what was before. `orientation` is as in `orient`.
        `path` is where the clip is to go instead of the library; further files, if the format
        changes, are called `-2`, `-3` and so on. `name` is the thread's. The callbacks are called
        in the thread, and must neither raise nor wait. Raises ValueError for negative times, an
        endless duration, or an orientation that there is not.
        """
        if not (lookback >= 0 and away >= 0 and 0 <= duration < math.inf and 1 <= orientation <= 8):
            raise ValueError(f"no clip from -{lookback} to {duration} s, turned by {orientation}")
        self._ring = ring
        self._trigger = ring.now if trigger is None else trigger
        self._present = self._trigger - away
        self._lookback = lookback
        self._on_progress = on_progress
        self._on_done = on_done
        self._until = self._trigger + duration
        since = self._present - lookback
        self._cut = ClipCut(since, self._until)
        self._cursor = ring.cursor(since - AHEAD)
        self._most_behind = self._cursor.lag + _MOST_BEHIND
        self._longest = max(
            (mark.duration for one in ring.segments for mark in one.marks), default=0.0
        )
        self._lock = threading.Lock()
        self._ended = False
        self._at_once = False
        self._reason: ClipReason | None = None
        self._error: RetrocamError | None = None
        self._files = ClipFiles(library, orientation=orientation, path=path)
        self._progress: ClipProgress | None = None
        self._result: ClipResult | None = None
        self._thread = threading.Thread(target=self._run, name=name)

    # Any thread

    @property
    def until(self) -> float:
        """Position at which it ends, or has ended."""
        return self._until

    @property
    def progress(self) -> ClipProgress | None:
        """What it holds up to now; None before its first picture."""
        return self._progress

    @property
    def result(self) -> ClipResult | None:
        """What became of it; None until it is over."""
        return self._result

    def start(self) -> None:
        """Begin to write; once."""
        self._thread.start()

    def extend(self, seconds: float) -> None:
        """Let it end later. Raises ClipEndedError when it is over, and ValueError unless positive."""
        if not seconds > 0:
            raise ValueError(f"a clip cannot be extended by {seconds} s")
        with self._lock:
            if self._ended:
                raise ClipEndedError("the clip has ended already")
            self._until += seconds

    def stop(self, *, at_once: bool = False) -> None:
        """Let it end now, or leave it if it has ended.

        Pictures of now come only with the next part; with `at_once` they are not waited for.
        """
        with self._lock:
            self._until = min(self._until, self._ring.now)
            self._at_once |= at_once

    def join(self, timeout: float | None = None) -> bool:
        """Wait up to so many seconds for the end, or for ever; tell whether it has ended."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    # In the thread

    def _run(self) -> None:
        try:
            self._guard(self._record)
            with self._lock:
                self._ended = True
            self._guard(self._files.close)
        finally:
            self._cursor.close()
            self._result = self._sum_up()
            if self._on_done is not None:
                self._on_done(self._result)

    def _guard(self, step: Callable[[], None]) -> None:
        """Take a step, and keep the first error: what follows makes the best of what there is."""
        try:
            step()
        except RetrocamError as error:
            _LOGGER.warning("A clip is cut short: %s", error)
            self._error = self._error or error
        except Exception as error:
            _LOGGER.exception("A clip is cut short by an error")
            self._error = self._error or RetrocamError(str(error))

    def _record(self) -> None:
        self._files.refuse_existing()
        while (read := self._next()) is not None:
            self._longest = max(self._longest, read.mark.duration)
            with self._lock:
                self._cut.until = self._until
                fragments = self._cut.feed(read)
                self._ended = self._cut.done
            self._write(fragments)
        with self._lock:
            self._ended = True
            self._cut.until = self._until
        self._write(self._cut.flush())

    def _next(self) -> ReadPart | None:
        """Wait for the next part; None when no more is to come."""
        if self._cut.done:
            return None
        if self._cursor.lag > self._most_behind:
            raise StorageSlowError("the disk takes less than the camera sends")
        patience = min(max(_PATIENCE, 2 * self._longest), _MOST_PATIENCE)
        while True:
            left = self._until + patience - self._ring.now
            timeout = 0.0 if self._at_once else max(0.0, min(left, _POLL))
            if (read := self._cursor.next(timeout)) is not None:
                return read
            if self._cursor.closed:
                self._reason = ClipReason.CLOSED
                return None
            if self._at_once or left <= 0:
                self._reason = ClipReason.STOPPED if self._at_once else ClipReason.SOURCE_GONE
                return None

    def _write(self, fragments: list[Fragment]) -> None:
        self._files.write(fragments)
        if fragments and self._files.start is not None and self._cut.first is not None:
            duration = self._cut.end - self._cut.first
            self._progress = ClipProgress(self._files.start, duration, self._files.size)
            if self._on_progress is not None:
                self._on_progress(self._progress)

    def _sum_up(self) -> ClipResult:
        first, parts = self._cut.first, tuple(self._files.parts)
        ours = self._error or self._files.fault
        error = ours or self._files.misplaced
        return ClipResult(
            parts=parts,
            lookback=max(0.0, self._present - first) if parts and first is not None else 0.0,
            requested_lookback=self._lookback,
            missing=self._cut.missing,
            reason=error.code if error is not None else self._shortcoming(),
            error=error,
            elsewhere=error is not None and ours is None,
        )

    def _shortcoming(self) -> ClipReason | None:
        """Tell in what the clip is not as it was asked for, apart from faults of the disk."""
        lacking = self._until - self._cut.end
        if self._reason is not None and lacking > _LACKING:
            return self._reason
        if not self._files.parts:
            return ClipReason.EMPTY
        return ClipReason.INTERRUPTED if self._cut.missing or lacking > _SHORT else None
