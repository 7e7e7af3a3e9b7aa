"""One MPEG-TS stream for any number of readers, produced while it has at least one.

The first reader starts a `StreamRun`, a thread that produces chunks, and the last one ends it. Chunks
lie in one ring bounded in bytes, and a reader is an index into it: it costs no memory, and one that is
too slow continues at the newest keyframe, without effect on others.
"""

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Iterable
import threading

from ..waiters import Waiters
from .chunk_ring import ChunkRing
from .ts_encoder import Chunk


class StreamRun(threading.Thread, ABC):
    """The thread that produces a stream, from its first reader to its last."""

    def __init__(self, name: str, ring: ChunkRing, *, daemon: bool = False) -> None:
        """Start nothing yet; `name` is the thread's. A `daemon` does not delay the process's end."""
        super().__init__(name=name, daemon=daemon)
        self.readers = 0
        self.ended = False
        self._changed = threading.Condition()
        self._ring = ring
        self._waiters = Waiters(self._changed)

    @property
    def outdated(self) -> bool:
        """Whether a new reader must get another run."""
        return self.ended

    def add_reader(self) -> None:
        """Count a reader. Any thread."""
        self.readers += 1

    def end(self) -> None:
        """End all readers and the thread. Any thread; does not wait."""
        with self._changed:
            self.ended = True
            self._ring = ChunkRing(0)
            self._changed.notify_all()
            self._waiters.wake()

    def finish(self) -> None:
        """End all readers once they have read what there is. The run's thread."""
        with self._changed:
            self.ended = True
            self._waiters.wake()

    async def read(self, index: int | None) -> tuple[bytes, int] | None:
        """Wait for a chunk; return its data and the next index, None at the end."""
        while True:
            with self._changed:
                if (result := self._ring.read(index)) is not None:
                    self._has_read(result[1])
                    return result
                if self.ended:
                    return None
                waiter = self._waiters.add()
            await self._waiters.wait(waiter)

    def publish(self, chunks: Iterable[Chunk]) -> None:
        """Pass chunks to the readers. The run's thread."""
        with self._changed:
            if self.ended:
                return
            for chunk in chunks:
                self._ring.append(chunk)
            self._waiters.wake()

    def _has_read(self, index: int) -> None:
        """Handle that a reader has read the chunks before `index`. Locked."""

    @abstractmethod
    def run(self) -> None:
        """Produce and publish until the end; then `end` or `finish`."""


class SharedStream(ABC):
    """A stream that is produced once, while it has readers."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._run: StreamRun | None = None
        self._ending: list[StreamRun] = []
        self._closed = False

    @property
    def readers(self) -> int:
        """Number of readers."""
        run = self._run
        return 0 if run is None else run.readers

    @property
    def running(self) -> bool:
        """Whether the stream is being produced."""
        return self._run is not None

    async def reader(self) -> AsyncGenerator[bytes]:
        """Yield the stream in chunks, from the newest keyframe on; in an event loop.

        A chunk is whole transport stream packets: one picture, or the sound between two. The first
        one starts with the tables and a keyframe. A reader that falls behind by more than the ring
        continues at the newest keyframe. Ends when the stream is closed or fails; may then be called
        again. To stop earlier, close the generator, see `contextlib.aclosing`.
        """
        run = self._join()
        if run is None:
            return
        try:
            index: int | None = None
            while (result := await run.read(index)) is not None:
                data, index = result
                yield data
        finally:
            self._leave(run)

    @property
    def closed(self) -> bool:
        """Whether it was ended for good."""
        return self._closed

    def end(self) -> None:
        """End all readers and threads for good. Any thread; does not wait for the threads."""
        with self._lock:
            self._closed = True
            if self._run is not None:
                self._retire(self._run)

    def close(self) -> None:
        """As `end`, and join the threads. Blocks: keep it off the event loop."""
        self.end()
        for run in self._alive():
            run.join()

    @abstractmethod
    def _make_run(self, ending: list[StreamRun]) -> StreamRun:
        """Return a run to start; `ending` are former ones, whose threads may still run."""

    def _join(self) -> StreamRun | None:
        with self._lock:
            if self._closed:
                return None
            if self._run is not None and self._run.outdated:
                self._retire(self._run)
            if self._run is None:
                self._ending = self._alive()
                self._run = self._make_run(list(self._ending))
                self._run.start()
            self._run.add_reader()
            return self._run

    def _alive(self) -> list[StreamRun]:
        """Return the former runs whose threads still run."""
        return [run for run in list(self._ending) if run.is_alive()]

    def _leave(self, run: StreamRun) -> None:
        with self._lock:
            run.readers -= 1
            if run is self._run and not run.readers:
                self._retire(run)

    def _retire(self, run: StreamRun) -> None:
        run.end()
        self._ending.append(run)
        self._run = None
