"""What one member of a grid shows: its newest picture, and that picture in its tile."""

from collections.abc import Callable
import logging
import threading
from typing import Final, NamedTuple

import av

from ..frames.feed import Picture
from ..frames.filter_graph import KeptFilter, PictureKind, Step
from ..frames.geometry import BLACK, Planes, Rect, fill, fitted, parts
from ..frames.jpeg import planes
from .labels import draw_label, draw_plate

_LOGGER = logging.getLogger(__name__)

STALE: Final = 5.0
"""Seconds without a picture after which a member counts as gone."""
_MISSED: Final = 3.0
"""Slower members count as gone after so many times the span between their last two pictures."""


class Content(NamedTuple):
    """What a tile shows. Two are equal when the tile need not be drawn anew."""

    frame: av.VideoFrame | None
    """The picture; None for a plate."""
    name: str
    text: str
    """What the plate says."""


class _Arrival(NamedTuple):
    frame: av.VideoFrame
    at: float
    interval: float


class Slot:
    """Holds the newest picture of a member.

    `take` may be called from any thread, also from two at once; all else belongs to the compositor.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        """Begin without a picture. `clock` is monotonic, in seconds."""
        self._clock = clock
        self._lock = threading.Lock()
        self._arrival: _Arrival | None = None
        self._began = 0.0
        self.last_time: float | None = None
        """When the last picture was taken, UNIX s, also if that was before `begin`."""
        self.expected = True
        """Whether it is worth to wait for a first picture: the last time there was one."""

    def begin(self) -> None:
        """Forget what was shown when somebody watched before."""
        with self._lock:
            self._arrival = None
            self._began = self._clock()

    def take(self, picture: Picture) -> None:
        """Keep a picture instead of the one before. A sink: never waits, never raises."""
        with self._lock:
            before, now = self._arrival, self._clock()
            interval = now - before.at if before else 0.0
            self._arrival = _Arrival(picture.frame, now, interval)
            self.last_time = picture.time
            self.expected = True

    @property
    def filled(self) -> bool:
        """Whether a picture has come since `begin`."""
        return self._arrival is not None

    def frame(self) -> av.VideoFrame | None:
        """Return the newest picture, unless its member is gone."""
        with self._lock:
            if (arrival := self._arrival) is None:
                return None
            patience = max(STALE, _MISSED * arrival.interval)
            return arrival.frame if self._clock() - arrival.at < patience else None

    @property
    def gone(self) -> bool:
        """Whether there has been no picture for so long that it should be said."""
        return self.filled or self._clock() - self._began >= STALE


class Painter:
    """Draws one member into its tile. One thread; keeps swscale's tables from picture to picture."""

    def __init__(self) -> None:
        """Begin without tables."""
        self._size = (0, 0)
        self._filter = KeptFilter(self._steps)
        self._failed = False

    def paint(self, canvas: Planes, area: Rect, content: Content) -> None:
        """Draw a picture with its member's name, or a plate, into `area` of a BT.709 canvas."""
        if content.frame is None:
            draw_plate(canvas, area, content.name, content.text)
            return
        try:
            place = fitted(area, content.frame.width, content.frame.height)
            scaled = self._scale(content.frame, place.width, place.height)
        except (av.FFmpegError, ValueError) as error:
            if not self._failed:
                _LOGGER.warning("%s cannot be shown in a grid: %s", content.name, error)
            self._failed = True
            draw_plate(canvas, area, content.name, content.text)
            return
        if place != area:
            fill(canvas, area, BLACK)
        for target, part, source in zip(canvas, parts(place), planes(scaled), strict=True):
            target[part] = source
        draw_label(canvas, area, content.name)

    def _scale(self, frame: av.VideoFrame, width: int, height: int) -> av.VideoFrame:
        if (width, height) != self._size:
            self._size, self._filter = (width, height), KeptFilter(self._steps)
        return self._filter.run(frame)

    def _steps(self, kind: PictureKind) -> list[Step]:
        width, height = self._size
        # An average of what lies under a pixel; enlarged, that would show blocks.
        smaller = width <= kind.width and height <= kind.height
        scale = {
            "w": str(width),
            "h": str(height),
            "flags": "area" if smaller else "bilinear",
            "out_color_matrix": "bt709",
            "out_range": "tv",
        }
        return [("scale", scale), ("format", {"pix_fmts": "yuv420p"})]
