"""Fan-out of a player's frames; subscriptions outlive what plays."""

from collections.abc import Callable
import threading

from ..frames.feed import Picture, Sink
from ..listeners import Listeners


class FrameBroadcast:
    """Hands the player's frames to all sinks. Thread-safe.

    An epoch lasts from a play or seek to the next one; within it, positions never fall.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._sinks = Listeners[[Picture]]()
        self.epoch = 0
        """Number of the current epoch. Within a sink, that of its frame."""
        self.latest: Picture | None = None
        """The newest frame; kept during a pause, None after the end."""
        self._on_subscribe: Callable[[], None] | None = None

    @property
    def readers(self) -> int:
        """Number of sinks."""
        return len(self._sinks)

    def subscribe(self, sink: Sink) -> Callable[[], None]:
        """Call `sink` with each frame from now on, in the decoder's thread.

        Returns the function that unsubscribes, safe to call more than once.
        """
        with self._lock:
            remove = self._sinks.add(sink)
            on_subscribe = self._on_subscribe
        if on_subscribe is not None:
            on_subscribe()

        def unsubscribe() -> None:
            with self._lock:
                remove()

        return unsubscribe

    def repeat(self, sink: Sink) -> None:
        """Hand the newest frame to `sink` again, in the calling thread.

        No other sink is called meanwhile: a frame is read by one thread at a time.
        """
        with self._lock:
            if self.latest is not None:
                sink(self.latest)

    def begin(self, on_subscribe: Callable[[], None] | None = None) -> int:
        """Begin an epoch and return its number; frames of older ones are dropped.

        `on_subscribe` is called for each new sink, in any thread.
        """
        with self._lock:
            self.epoch += 1
            self._on_subscribe = on_subscribe
            return self.epoch

    def clear(self) -> None:
        """End the epoch, without a newest frame."""
        self.begin()
        self.latest = None

    def show(self, epoch: int, picture: Picture) -> None:
        """Hand a frame on, unless its epoch is over."""
        with self._lock:
            if epoch != self.epoch:
                return
            self.latest = picture
            self._sinks.notify(picture)
