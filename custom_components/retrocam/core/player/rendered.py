"""The player's screen as a picture of characters, for those who show pictures."""

from dataclasses import dataclass
import logging
import threading
import time
from typing import Final

import av
from av.video.reformatter import ColorRange, Colorspace
import numpy as np

from ..ascii.glyphs import GlyphPainter
from ..ascii.planes import Planes
from ..ascii.presets import CHARSETS, PRESETS, Charset
from ..ascii.raster import Raster, Scaler
from ..frames.feed import Picture, Sink
from ..frames.geometry import even, fitted_size
from ..frames.pace import Pace
from .frame_broadcast import Screen

_LOGGER = logging.getLogger(__name__)

_REST: Final = 0.1
"""Seconds after which the same picture is given again: a reader of the stream needs a few dozen of
them before it has found out what it reads."""
_PATIENCE: Final = 0.5
"""Seconds in which a player that has shown something before shows what it plays now."""
_LETTERS: Final = Charset(glyphs=CHARSETS["shape"].glyphs, choice=CHARSETS["shape"].choice)
_GREY: Final = 160


@dataclass(frozen=True, slots=True)
class Style:
    """How the screen is drawn."""

    preset: str = "low"
    """A key of `PRESETS`."""
    charset: str = "ramp"
    """A key of `CHARSETS`."""

    @property
    def fps(self) -> float:
        """Pictures a second at most."""
        return PRESETS[self.preset].fps

    @property
    def box(self) -> tuple[int, int]:
        """Width and height of the drawn picture of a 16:9 video, in pixels; others fit into it.

        Eight pixels for a column, as far as a screen has them; the rows are as high as they come out.
        """
        width = max(960, min(1920, PRESETS[self.preset].cols * 8))
        return width, width * 9 // 16


class _Brush:
    """Draws pictures in one style: `shrink` in the thread that shows them, `draw` in another."""

    def __init__(self, style: Style) -> None:
        """Nothing is drawn before the first picture."""
        self.style = style
        grid, charset = PRESETS[style.preset], CHARSETS[style.charset]
        self._pace = Pace(style.fps)
        self._raster = Raster(grid.cols, grid.rows, charset)
        self._charset = charset
        self._painter: GlyphPainter | None = None
        self._scaler: tuple[tuple[int, int], Scaler] | None = None

    def shrink(self, picture: Picture) -> _Small | None:
        if not self._pace.takes(picture.position):
            return None
        small = self._raster.shrink(picture.frame)
        return _Small(self, small, picture.frame.width / picture.frame.height)

    def draw(self, small: _Small) -> av.VideoFrame:
        if self._painter is None:
            self._painter = GlyphPainter(self._charset)
        drawn = self._painter.draw(self._raster.planes(small.frame))
        return self._scaled(drawn, fitted_size(*self.style.box, small.aspect))

    def write(self, text: str) -> av.VideoFrame:
        """Draw a line of text in the middle of an empty screen."""
        grid = PRESETS[self.style.preset]
        drawn = GlyphPainter(_LETTERS).draw(_line(text, grid.cols, grid.rows))
        return self._scaled(drawn, self.style.box)

    def _scaled(self, drawn: av.VideoFrame, size: tuple[int, int]) -> av.VideoFrame:
        if self._scaler is None or self._scaler[0] != size:
            self._scaler = (size, Scaler(*size))
        scaled = self._scaler[1].scale(drawn)
        scaled.colorspace, scaled.color_range = Colorspace.ITU601, ColorRange.JPEG
        return scaled


@dataclass(frozen=True, slots=True)
class _Small:
    """A picture at the size of the grid, and the brush that it is for."""

    brush: _Brush
    frame: av.VideoFrame
    aspect: float
    """Width by height of the picture."""


class RenderedScreen:
    """A `PictureSource`: the player's screen in characters, in the shape of what plays.

    A screen on which nothing is, shows a line of text. The same picture is given ten times a second
    while nothing moves. `style` and `text` may be set from any thread.
    """

    def __init__(self, screen: Screen, style: Style, text: str) -> None:
        """Draw `screen`; nothing runs yet."""
        self._screen = screen
        self.style = style
        self.text = text

    def run(self, emit: Sink, stop: threading.Event) -> None:
        """Draw until `stop` is set."""
        inbox = _Inbox(self)
        leave = self._screen.subscribe(inbox.take)
        try:
            small = inbox.wait(_PATIENCE) if self._screen.latest is not None else None
            if small is None:
                self._screen.repeat(inbox.take)
            while not stop.is_set():
                if small is not None and small.brush.style != self.style:
                    self._screen.repeat(inbox.take)
                    small = inbox.newest
                emit(Picture(self._draw(inbox), time.time(), time.monotonic()))
                small = inbox.wait(_REST) or inbox.newest
        finally:
            leave()

    def _draw(self, inbox: _Inbox) -> av.VideoFrame:
        if self._screen.latest is None:
            inbox.newest = None
            return inbox.brush_for(self.style).write(self.text)
        small = inbox.newest
        if small is None:
            return inbox.brush_for(self.style).write(self.text)
        if small is inbox.drawn and inbox.frame is not None:
            return inbox.frame
        inbox.frame, inbox.drawn = small.brush.draw(small), small
        return inbox.frame


class _Inbox:
    """Where the newest picture lies until it is drawn."""

    def __init__(self, rendered: RenderedScreen) -> None:
        self._rendered = rendered
        self._came = threading.Event()
        self._brush = _Brush(rendered.style)
        self.newest: _Small | None = None
        self.drawn: _Small | None = None
        """What `frame` shows."""
        self.frame: av.VideoFrame | None = None

    def brush_for(self, style: Style) -> _Brush:
        if self._brush.style != style:
            self._brush = _Brush(style)
        return self._brush

    def take(self, picture: Picture) -> None:
        """Shrink a picture, in the thread that shows it: it must not be read in another one."""
        try:
            small = self.brush_for(self._rendered.style).shrink(picture)
        except av.FFmpegError as err:
            _LOGGER.debug("A picture cannot be drawn: %s", err)
            return
        if small is not None:
            self.newest = small
            self._came.set()

    def wait(self, timeout: float) -> _Small | None:
        """Wait for a picture up to `timeout` s."""
        came = self._came.wait(timeout)
        self._came.clear()
        return self.newest if came else None


def copied(frame: av.VideoFrame) -> av.VideoFrame:
    """Return a frame of one's own, large enough for any grid. Raises av.FFmpegError."""
    box = (even(min(frame.width, 1280)), even(min(frame.height, 1280)))
    return Scaler(*fitted_size(*box, frame.width / frame.height)).scale(frame)


def _line(text: str, cols: int, rows: int) -> Planes:
    glyphs = np.zeros((rows, cols), np.uint8)
    known = _LETTERS.glyphs
    letters = [known.index(letter) if letter in known else known.index("?") for letter in text]
    letters = letters[: cols - 2]
    left = (cols - len(letters)) // 2
    glyphs[rows // 2, left : left + len(letters)] = letters
    chroma = np.full(((rows + 1) // 2, (cols + 1) // 2), 128, np.uint8)
    luma = np.full((rows, cols), _GREY, np.uint8)
    return Planes(luma, chroma, chroma, glyphs)
