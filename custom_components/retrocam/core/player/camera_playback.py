"""A camera on the player's screen: pictures that somebody else makes and paces."""

from collections.abc import Callable
import threading

from ..frames.feed import Feed, Picture
from ..frames.pace import Pace
from .frame_broadcast import Screen
from .reports import OpenedMedia, Reports


class Relay:
    """Plays a feed, as a `Pipeline` plays media, without threads of its own.

    Thread-safe. Positions count from the first picture; pausing looks away.
    """

    threads = ()

    def __init__(
        self, feed: Feed, screen: Screen, reports: Reports, *, held: bool, limit: float
    ) -> None:
        """Subscribe at once; at most `limit` pictures a second are shown."""
        self._feed, self._screen, self._reports = feed, screen, reports
        self._pace = Pace(limit)
        self._lock = threading.RLock()
        self._first: float | None = None
        self._leave: Callable[[], None] | None = None
        self._held, self._closed = held, False
        self.position = 0.0
        """Of the newest picture, s."""
        self.epoch = screen.begin()
        """Of the pictures of this stretch."""
        reports.opened(OpenedMedia(has_video=True, has_audio=False, is_live=True, duration=None))
        self._follow()

    def hold(self, *, wanted: bool) -> None:
        """Look away, or look again."""
        with self._lock:
            self._held = wanted
        self._follow()

    def close(self) -> None:
        """Leave the feed. May be called again."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        self._follow()
        self._reports.finished()

    def join(self, timeout: float | None = None) -> bool:
        """Wait for nothing: there are no threads."""
        del timeout
        return True

    def _follow(self) -> None:
        """Subscribe or leave, as is wanted; a picture must come first while it is not known."""
        with self._lock:
            wanted = not self._closed and (not self._held or self._first is None)
            leave = None if wanted else self._leave
            subscribe = wanted and self._leave is None
            if not wanted:
                self._leave = None
            if subscribe:
                self._leave = self._feed.subscribe(self._show)
        if leave is not None:
            leave()

    def _show(self, picture: Picture) -> None:
        with self._lock:
            if self._closed:
                return
            first = self._first is None
            if self._first is None:
                self._first = picture.position
            position = max(self.position, picture.position - self._first)
            if not self._pace.takes(position):
                return
            self.position = position
        self._screen.show(self.epoch, Picture(picture.frame, picture.time, position))
        if first:
            self._reports.ready()
