"""Write the parts of a ring to a tape, in a thread of its own.

The thread wakes every two seconds and writes what has come. A disk that fails, is full or hangs leaves
the ring alone: what cannot be written waits in the backlog of the thread's cursor, whose oldest segments
are lost in the end, and the tape goes on in another file.
"""

from collections import deque
from collections.abc import Callable
import logging
import threading
import time as clocks
from typing import Final

from ..errors import StorageError
from ..segments.cursors import Backlog, ReadPart
from ..segments.ring import SegmentRing
from ..segments.segment import Segment
from .file_spans import CLOCK_STEP, MAX_SECONDS
from .file_writer import TapeFileWriter
from .store import TapeStore

_LOGGER = logging.getLogger(__name__)

FLUSH: Final = 2.0
"""Seconds between writes."""
BACKLOG: Final = Backlog(seconds=60.0, size=64_000_000)
"""What waits for the disk. The newest of it is shared with the ring."""
_CHUNK: Final = 4 << 20
"""Bytes written at once."""
_LIMITS: Final = 60.0
"""Seconds between checks of the limits while no file is begun."""
_RATE_SECONDS: Final = 60.0
_TURN: Final = 0.2
"""Seconds between checks while another writer has the directory."""
_MIN_GAP: Final = 1.0
"""Seconds without a frame that end a file."""


class TapeWriter:
    """Records one ring. Call `start` once; `stop` and `join` end it, before the ring is closed."""

    def __init__(
        self,
        ring: SegmentRing,
        store: TapeStore,
        *,
        name: str = "retrocam tape",
        flush: float = FLUSH,
        backlog: Backlog = BACKLOG,
        on_change: Callable[[StorageError | None], None] = lambda _: None,
    ) -> None:
        """`name` is the thread's. `on_change` is called in the thread with each change of `problem`."""
        self._store = store
        self._cursor = ring.cursor(settled=True, backlog=backlog)
        self._flush_seconds = flush
        self._on_change = on_change
        self._lock = threading.Lock()
        self._batch: list[ReadPart] = []
        """Parts read and not written yet."""
        self._file: TapeFileWriter | None = None
        self._last: ReadPart | None = None
        """The part written last."""
        self._longest = 0.0
        """Seconds of the longest segment of the file."""
        self._since = -1
        """Segments up to this number were begun by an earlier writer."""
        self._broken = True
        """Whether what comes next does not continue what was written."""
        self._failures = 0
        self._dropped = 0.0
        self._limited_at = clocks.monotonic()
        self._writing_since: float | None = None
        self._written = deque[tuple[float, int]]()
        """Monotonic time and bytes of what was written lately."""
        self._began = clocks.monotonic()
        self.problem: StorageError | None = None
        """Why nothing can be written; None if it can."""
        self._stopped = threading.Event()
        # A drive that hangs must not keep the process from ending.
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    # Any thread

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Write what has come, and end."""
        self._stopped.set()

    def join(self, timeout: float | None = None) -> bool:
        """Wait for the end, without limit if `timeout` is None; return whether it has ended."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    @property
    def stopping(self) -> bool:
        """Whether it ends, or has ended."""
        return self._stopped.is_set()

    @property
    def lost(self) -> float:
        """Seconds of media that could not be written."""
        return self._cursor.lost + self._dropped

    @property
    def behind(self) -> float:
        """Seconds for which the disk has not answered."""
        since = self._writing_since
        return 0.0 if since is None else clocks.monotonic() - since

    @property
    def rate(self) -> float:
        """Bytes a second that were written in the last minute."""
        now = clocks.monotonic()
        with self._lock:
            size = sum(size for at, size in self._written if at > now - _RATE_SECONDS)
        return size / max(1.0, min(_RATE_SECONDS, now - self._began))

    @property
    def unwritten(self) -> tuple[Segment, ...]:
        """Segments that are not on disk completely, oldest first."""
        with self._lock:
            of_batch = {read.segment.number: read.segment for read in self._batch}
            pending = {segment.number: segment for segment in self._cursor.pending}
        return tuple((of_batch | pending).values())

    # In the thread

    def _run(self) -> None:
        in_use = self._store.in_use
        try:
            self._writing_since = clocks.monotonic()
            # A writer before this one may hang, and never end.
            while not in_use.acquire(timeout=_TURN):
                if self._stopped.is_set():
                    return
            try:
                self._record()
            finally:
                in_use.release()
        finally:
            self._cursor.close()

    def _record(self) -> None:
        self._writing_since = None
        self._since = self._store.written
        try:
            while not self._stopped.wait(self._flush_seconds):
                self._step()
            self._cursor.release()
            self._step()
        finally:
            self._close()

    def _step(self) -> None:
        self._writing_since = clocks.monotonic()
        try:
            if not self._store.loaded:
                self._store.load()
            self._write_all()
            if clocks.monotonic() - self._limited_at > _LIMITS:
                self._limited_at = clocks.monotonic()
                self._store.apply_limits()
            while not self._stopped.is_set() and self._store.read_indexes():
                self._write_all()
        except StorageError as err:
            self._fail(err)
        except Exception as err:
            _LOGGER.exception("The tape failed by an unexpected error")
            self._fail(StorageError(str(err)))
        else:
            self._failures = 0
            self._set_problem(None)
        finally:
            self._writing_since = None

    def _fail(self, error: StorageError) -> None:
        """Try the same file once more, then another."""
        self._failures += 1
        if self._failures > 1:
            self._close()
        self._set_problem(error)

    def _set_problem(self, problem: StorageError | None) -> None:
        before, self.problem = self.problem, problem
        if (before and before.code) == (problem and problem.code):
            return
        if problem is not None:
            _LOGGER.warning("The tape cannot be written: %s", problem)
        else:
            _LOGGER.info("The tape goes on, after a loss of %.1f s", self.lost)
        self._on_change(problem)

    def _write_all(self) -> None:
        while self._fill():
            while self._batch:
                self._write_some()

    def _fill(self) -> bool:
        """Read parts up to a chunk; return whether there are any."""
        size = sum(len(read.part.data) for read in self._batch)
        while size < _CHUNK:
            with self._lock:
                if (read := self._cursor.next(0)) is None:
                    break
                self._batch.append(read)
            size += len(read.part.data)
        return bool(self._batch)

    def _write_some(self) -> None:
        """Write the parts of the batch that belong in one file. Raises StorageError."""
        first = self._batch[0]
        if self._file is None or self._ends_file(first):
            self._close()
            self._broken |= first.jumped
            segment = first.segment
            if not first.first or not segment.tracks or segment.number <= self._since:
                self._drop_first()
                return
            path = self._store.begin(segment.wall(segment.start))
            session = self._store.session
            self._file = TapeFileWriter(path, segment, session, continues=not self._broken)
            self._longest = 0.0
        count = 1
        while count < len(self._batch) and not self._ends_file(
            self._batch[count], self._batch[count - 1]
        ):
            count += 1
        self._append(self._file, self._batch[:count])

    def _append(self, file: TapeFileWriter, reads: list[ReadPart]) -> None:
        file.append(reads)
        last = reads[-1]
        self._last, self._broken = last, False
        self._store.written = last.segment.number
        self._store.update(file.size, last.timing.end + file.wall_shift)
        for read in reads:
            self._longest = max(self._longest, read.timing.end - read.segment.start)
        now = clocks.monotonic()
        with self._lock:
            del self._batch[: len(reads)]
            self._written.append((now, sum(len(read.part.data) for read in reads)))
            while self._written[0][0] < now - _RATE_SECONDS:
                self._written.popleft()

    def _drop_first(self) -> None:
        """Leave out the first part of the batch."""
        with self._lock:
            read = self._batch.pop(0)
        self._broken = True
        if read.segment.number > self._since:
            self._dropped += read.timing.duration

    def _ends_file(self, read: ReadPart, before: ReadPart | None = None) -> bool:
        """Return whether a part does not go into the file of the part before it."""
        before = before or self._last
        if self._file is None or before is None or read.jumped:
            return True
        if not read.first:
            return False
        segment = read.segment
        wall_shift = segment.lag + segment.wall_ahead
        return (
            segment.discontinuity
            or segment.tracks != self._file.tracks
            or read.timing.start - before.timing.end > _MIN_GAP
            or abs(wall_shift - self._file.wall_shift) > CLOCK_STEP
            or segment.start + self._longest - self._file.start > MAX_SECONDS
        )

    def _close(self) -> None:
        """End the file, if there is one."""
        if self._file is not None:
            self._file.close()
            self._file = None
            self._store.end()
