"""The screen of a player: whatever plays on it, those who look stay."""

from collections.abc import Callable
import threading

from ..frames.feed import Picture, Sink
from ..listeners import Listeners


class Screen:
    """Hands the pictures of the player to all who look; subscribed to like a `PictureFeed`.

    Thread-safe. Each epoch is one stretch of playing, between plays and seeks; within one, positions
    never fall.
    """

    def __init__(self) -> None:
        """Show nothing yet."""
        self._lock = threading.RLock()
        self._sinks = Listeners[[Picture]]()
        self._epoch = 0
        self._latest: Picture | None = None
        self._on_reader: Callable[[], None] | None = None

    @property
    def readers(self) -> int:
        """How many look."""
        return len(self._sinks)

    @property
    def epoch(self) -> int:
        """Number of the stretch whose pictures are shown. Within a sink, that of its picture."""
        return self._epoch

    @property
    def latest(self) -> Picture | None:
        """The picture on the screen; it stays when playing pauses, and goes when it ends."""
        return self._latest

    def subscribe(self, sink: Sink) -> Callable[[], None]:
        """Have `sink` called with each picture from now on, in the decoder's thread.

        Returns the function that ends it, safe to call more than once.
        """
        with self._lock:
            remove = self._sinks.add(sink)
            look = self._on_reader
        if look is not None:
            look()

        def unsubscribe() -> None:
            with self._lock:
                remove()

        return unsubscribe

    def repeat(self, sink: Sink) -> None:
        """Hand the picture on the screen to `sink` once more, in the calling thread.

        No other sink is called meanwhile, so that the picture is read by one thread at a time.
        """
        with self._lock:
            if self._latest is not None:
                sink(self._latest)

    def begin(self, on_reader: Callable[[], None] | None = None) -> int:
        """Begin a new epoch and return its number; pictures of the old one are shown no more.

        `on_reader` is called, in any thread, when somebody comes to look.
        """
        with self._lock:
            self._epoch += 1
            self._on_reader = on_reader
            return self._epoch

    def clear(self) -> None:
        """End the epoch with an empty screen."""
        self.begin()
        self._latest = None

    def show(self, epoch: int, picture: Picture) -> None:
        """Hand a picture on, unless its epoch is over."""
        with self._lock:
            if epoch != self._epoch:
                return
            self._latest = picture
            self._sinks.tell(picture)
