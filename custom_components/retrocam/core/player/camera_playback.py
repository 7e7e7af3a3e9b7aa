"""Playback of a camera: frames of a feed that is already paced."""

from collections.abc import Callable
import threading

from ..frames.feed import Feed, Picture
from ..frames.pace import Pace
from .frame_broadcast import FrameBroadcast
from .reports import OpenedMedia, Reports


class CameraPlayback:
    """Plays a feed, with the methods of `Pipeline` but no threads of its own.

    Thread-safe. Positions count from the first frame; a pause unsubscribes from the feed.
    """

    def __init__(
        self,
        feed: Feed,
        broadcast: FrameBroadcast,
        reports: Reports,
        *,
        paused: bool,
        max_fps: float,
    ) -> None:
        """Subscribe at once."""
        self._feed, self._broadcast, self._reports = feed, broadcast, reports
        self._pace = Pace(max_fps)
        self._lock = threading.RLock()
        self._first: float | None = None
        """The feed's position of the first frame, s."""
        self._unsubscribe: Callable[[], None] | None = None
        self._paused, self._closed = paused, False
        self.position = 0.0
        """Of the newest frame, s."""
        self.epoch = broadcast.begin()
        reports.opened(OpenedMedia(has_video=True, has_audio=False, is_live=True, duration=None))
        self._update_subscription()

    def set_paused(self, *, paused: bool) -> None:
        """Stop or resume reading the feed."""
        with self._lock:
            self._paused = paused
        self._update_subscription()

    def close(self) -> None:
        """Unsubscribe from the feed. May be called again."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        self._update_subscription()
        self._reports.finished()

    def join(self, timeout: float | None = None) -> bool:
        """Return at once: there are no threads."""
        del timeout
        return True

    def _update_subscription(self) -> None:
        """Subscribe or unsubscribe; a paused start still reads one frame."""
        with self._lock:
            wanted = not self._closed and (not self._paused or self._first is None)
            unsubscribe = None if wanted else self._unsubscribe
            if not wanted:
                self._unsubscribe = None
            elif self._unsubscribe is None:
                self._unsubscribe = self._feed.subscribe(self._show)
        if unsubscribe is not None:
            unsubscribe()

    def _show(self, picture: Picture) -> None:
        with self._lock:
            if self._closed:
                return
            is_first = self._first is None
            if self._first is None:
                self._first = picture.position
            position = max(self.position, picture.position - self._first)
            if not self._pace.takes(position):
                return
            self.position = position
        self._broadcast.show(self.epoch, Picture(picture.frame, picture.time, position))
        if is_first:
            self._reports.ready()
