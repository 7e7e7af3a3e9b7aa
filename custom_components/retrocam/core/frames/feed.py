"""Pictures, and the feed that runs their source while it has readers.

A `PictureFeed` owns one thread, which runs while at least one sink is subscribed. A `PictureSource`
makes the pictures: a decoder of camera segments, the test pattern, a grid, a player. A sink consumes
them: JPEG, ASCII, the publisher.
"""

from collections.abc import Callable
from dataclasses import dataclass
import logging
import threading
from typing import Protocol

import av

from ..listeners import Listeners

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded or drawn frame with its times, shared by all sinks and read-only."""

    frame: av.VideoFrame
    """In the source's pixel format (mostly yuv420p) and size."""
    time: float
    """UNIX time (s) of capture."""
    position: float
    """Seconds on the source's time line; never falls while the source runs."""


type Sink = Callable[[Picture], None]
"""Takes a picture, in the feed's thread. Must neither raise nor block."""


class Feed(Protocol):
    """Anything to get pictures from, such as a `PictureFeed`."""

    def subscribe(self, sink: Sink) -> Callable[[], None]:
        """Call `sink` with each picture; return the function that unsubscribes it."""


class PictureSource(Protocol):
    """Makes pictures."""

    def run(self, emit: Sink, stop: threading.Event) -> None:
        """Call `emit` with each picture until `stop` is set or the source ends.

        Called in the feed's thread, for each first reader. Must wait by `stop.wait` only. May raise
        RetrocamError when the source fails for good.
        """


class PictureFeed:
    """Runs a source in its own thread while it has readers; all get the same Picture objects.

    Thread-safe, except that the feed's own thread must not call `close`.
    """

    def __init__(self, name: str, source: PictureSource, *, retry: float = 1.0) -> None:
        """Set the thread's name; nothing runs yet.

        A source that ends while it has readers is run again after `retry` seconds.
        """
        self._name = name
        self._source = source
        self._retry = retry
        self._lock = threading.Lock()
        self._sinks = Listeners[[Picture]]()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._failing = False

    @property
    def readers(self) -> int:
        """Number of subscribed sinks."""
        return len(self._sinks)

    @property
    def running(self) -> bool:
        """Whether the thread is alive."""
        return self._thread is not None

    def subscribe(self, sink: Sink) -> Callable[[], None]:
        """Call `sink` with each picture from now on; a closed feed never calls it.

        Returns the function that unsubscribes it, idempotent; a picture being emitted meanwhile may
        still arrive afterwards.
        """
        with self._lock:
            if self._closed:
                return lambda: None
            remove = self._sinks.add(sink)
            if self._thread is None:
                self._stop.clear()
                self._thread = threading.Thread(target=self._run, name=self._name)
                self._thread.start()

        def unsubscribe() -> None:
            with self._lock:
                remove()
                if not self._sinks:
                    self._stop.set()

        return unsubscribe

    def close(self) -> None:
        """Unsubscribe all sinks for good and join the thread."""
        with self._lock:
            self._closed = True
            self._sinks.clear()
            self._stop.set()
            thread = self._thread
        if thread is not None:
            thread.join()

    def _emit(self, picture: Picture) -> None:
        self._failing = False
        self._sinks.notify(picture)

    def _run(self) -> None:
        while True:
            try:
                self._source.run(self._emit, self._stop)
            except Exception:
                # Logged once until a picture comes again; the thread must survive any source.
                if not self._failing:
                    _LOGGER.exception("%s failed; retrying", self._name)
                self._failing = True
            self._stop.wait(self._retry)
            with self._lock:
                # A reader may have come while the last one left.
                if not self._sinks:
                    self._thread = None
                    return
                self._stop.clear()
