"""One tile of a grid: the newest picture of its member, and drawing it."""

from collections.abc import Callable
import logging
import threading
from typing import Final, NamedTuple

import av

from ..frames.feed import Picture
from ..frames.filter_graph import CachedFilterGraph, PictureKind, Step, scale_steps
from ..frames.geometry import BLACK, Rect, YuvPlanes, fill, fitted, plane_slices
from ..frames.jpeg import planes
from .labels import draw_label, draw_plate

_LOGGER = logging.getLogger(__name__)

_STALE_SECONDS: Final = 5.0
"""A member without a picture for this long is gone."""
_BURST_SECONDS: Final = 3.0
"""The same beyond the longest wait of a member that sends in bursts."""
_MAX_BURST: Final = 20.0
"""Longest wait that counts: a longer one is an outage."""
_STALE_INTERVALS: Final = 3.0
"""A slower member is gone after this many times the interval of its last two pictures."""


class TileContent(NamedTuple):
    """Content of a tile, which is redrawn when it differs."""

    frame: av.VideoFrame | None
    """None for a plate."""
    name: str
    text: str
    """Text of the plate."""


class _Arrival(NamedTuple):
    frame: av.VideoFrame
    arrived: float
    interval: float


class TileInput:
    """Holds the newest picture of a member.

    `take` is thread-safe; all else belongs to the compositor's thread.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        """Set the monotonic clock, in seconds."""
        self._clock = clock
        self._lock = threading.Lock()
        self._arrival: _Arrival | None = None
        self._started = 0.0
        self.last_time: float | None = None
        """UNIX time (s) of the last picture, also from before `begin`."""
        self.expected = True
        """Whether to wait for a first picture; False if none came the last time."""

    def begin(self) -> None:
        """Drop the picture of an earlier run."""
        with self._lock:
            self._arrival = None
            self._started = self._clock()

    def take(self, picture: Picture) -> None:
        """Replace the picture. A sink."""
        with self._lock:
            before, now = self._arrival, self._clock()
            interval = now - before.arrived if before else 0.0
            self._arrival = _Arrival(picture.frame, now, interval)
            self.last_time = picture.time
            self.expected = True

    @property
    def filled(self) -> bool:
        """Whether a picture has come since `begin`."""
        return self._arrival is not None

    def frame(self, longest_wait: float = 0.0) -> av.VideoFrame | None:
        """Return the newest picture; None without one, or if the member is gone.

        `longest_wait` is the member's, see `Member`.
        """
        with self._lock:
            if (arrival := self._arrival) is None:
                return None
            burst = min(longest_wait, _MAX_BURST) + _BURST_SECONDS
            timeout = max(_STALE_SECONDS, _STALE_INTERVALS * arrival.interval, burst)
            return arrival.frame if self._clock() - arrival.arrived < timeout else None

    @property
    def gone(self) -> bool:
        """Whether a missing `frame` is to be reported: the first one may take a while."""
        return self.filled or self._clock() - self._started >= _STALE_SECONDS


class TilePainter:
    """Draws one member into its tile. Not thread-safe; keeps swscale's tables."""

    def __init__(self) -> None:
        self._size = (0, 0)
        self._filter = CachedFilterGraph(self._steps)
        self._failed = False

    def paint(self, canvas: YuvPlanes, area: Rect, content: TileContent) -> None:
        """Draw a picture with the member's name, or a plate, into `area` of a BT.709 canvas."""
        if content.frame is None:
            draw_plate(canvas, area, content.name, content.text)
            return
        try:
            picture_area = fitted(area, content.frame.width, content.frame.height)
            scaled = self._scale(content.frame, picture_area.width, picture_area.height)
        except (av.FFmpegError, ValueError) as error:
            if not self._failed:
                _LOGGER.warning("%s cannot be shown in a grid: %s", content.name, error)
            self._failed = True
            draw_plate(canvas, area, content.name, content.text)
            return
        if picture_area != area:
            fill(canvas, area, BLACK)
        for target, source in zip(plane_slices(canvas, picture_area), planes(scaled), strict=True):
            target[:] = source
        draw_label(canvas, area, content.name)

    def _scale(self, frame: av.VideoFrame, width: int, height: int) -> av.VideoFrame:
        if (width, height) != self._size:
            self._size, self._filter = (width, height), CachedFilterGraph(self._steps)
        return self._filter.run(frame)

    def _steps(self, kind: PictureKind) -> list[Step]:
        width, height = self._size
        # Area averaging would show blocks when enlarging.
        flags = "area" if width <= kind.width and height <= kind.height else "bilinear"
        return scale_steps(width, height, flags=flags, matrix="bt709", value_range="tv")
