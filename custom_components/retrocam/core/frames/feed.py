"""Pictures, and the feed that makes them while somebody reads.

A `PictureFeed` owns one thread. It runs while at least one sink is subscribed, and ends by itself
when the last one leaves. Whatever makes pictures - a decoder of camera segments, the test pattern,
a grid, a player - is a `PictureSource`; whatever uses them - JPEG, cells, the publisher - is a sink.
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
    """One decoded or drawn picture, shared by all sinks and written to by none."""

    frame: av.VideoFrame
    """The pixels, in the maker's pixel format (mostly yuv420p) and size."""
    time: float
    """When the picture was taken, UNIX time in seconds."""
    position: float
    """Seconds on the source's own time line; never falls while a source runs."""


type Sink = Callable[[Picture], None]
"""Takes a picture, in the feed's thread. It must neither raise nor wait."""


class Feed(Protocol):
    """What pictures come from, such as a `PictureFeed`."""

    def subscribe(self, sink: Sink) -> Callable[[], None]:
        """Have `sink` called with each picture; return the function that ends it."""


class PictureSource(Protocol):
    """Something that makes pictures."""

    def run(self, emit: Sink, stop: threading.Event) -> None:
        """Call `emit` with each picture until `stop` is set, or until there are no more.

        Called in the feed's thread, each time a first reader comes. Waits with `stop.wait`, so that
        it ends at once. May raise RetrocamError when the source fails for good.
        """


class PictureFeed:
    """Runs a source in a thread of its own while somebody reads.

    `subscribe` and the function it returns may be called from any thread, `close` from any but the
    feed's own. All sinks get the same Picture objects.
    """

    def __init__(self, name: str, source: PictureSource, *, retry: float = 1.0) -> None:
        """Name the thread; nothing runs yet.

        A source that ends under its readers is run again after `retry` seconds.
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
        """How many sinks are subscribed."""
        return len(self._sinks)

    @property
    def running(self) -> bool:
        """Whether the thread is alive."""
        return self._thread is not None

    def subscribe(self, sink: Sink) -> Callable[[], None]:
        """Have `sink` called with each picture from now on.

        Returns the function that ends it, safe to call more than once; a picture that is just being
        given out may still come after it. A closed feed takes no more readers: the sink is then
        never called.
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
        """Send all readers away and join the thread."""
        with self._lock:
            self._closed = True
            self._sinks.clear()
            self._stop.set()
            thread = self._thread
        if thread is not None:
            thread.join()

    def _emit(self, picture: Picture) -> None:
        self._failing = False
        self._sinks.tell(picture)

    def _run(self) -> None:
        goes_on = True
        while goes_on:
            try:
                self._source.run(self._emit, self._stop)
            except Exception:
                # A source that fails must not take the readers of other sources with it.
                if not self._failing:
                    _LOGGER.exception("%s ended with an error, and is tried again", self._name)
                self._failing = True
            # Returns at once if the last reader left.
            self._stop.wait(self._retry)
            goes_on = self._wanted()

    def _wanted(self) -> bool:
        """Tell whether to run the source again: a reader may have come while the last one left."""
        with self._lock:
            if not self._sinks:
                self._thread = None
                return False
            self._stop.clear()
            return True
