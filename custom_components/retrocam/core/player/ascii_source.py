"""The player's frames drawn as characters, as a video source."""

from dataclasses import dataclass
from functools import cached_property
import logging
import threading
import time
from typing import Final

import av
from av.video.reformatter import ColorRange, Colorspace
import numpy as np

from ..ascii.glyphs import GlyphPainter
from ..ascii.planes import AsciiPlanes
from ..ascii.presets import CHARSETS, PRESETS, Charset
from ..ascii.raster import Raster, Scaler
from ..frames.feed import Picture, Sink
from ..frames.geometry import even, fitted_size
from ..frames.pace import Pace
from .frame_broadcast import FrameBroadcast

_LOGGER = logging.getLogger(__name__)

_REPEAT_SECONDS: Final = 0.1
"""Interval at which an unchanged frame is repeated: a stream's reader needs a few dozen to probe it."""
_FIRST_FRAME_TIMEOUT: Final = 0.5
"""Seconds to wait for a new frame before the latest one is drawn."""
_TEXT_CHARSET: Final = Charset(glyphs=CHARSETS["shape"].glyphs, choice=CHARSETS["shape"].choice)
_TEXT_LUMA: Final = 160


@dataclass(frozen=True, slots=True)
class AsciiStyle:
    """Grid and characters."""

    preset: str = "low"
    """A key of `PRESETS`."""
    charset: str = "ramp"
    """A key of `CHARSETS`."""

    @property
    def fps(self) -> float:
        """Maximum frames a second."""
        return PRESETS[self.preset].fps

    @property
    def box(self) -> tuple[int, int]:
        """Width and height of drawn 16:9 video, in pixels; other shapes fit inside.

        Eight pixels a column within 960 to 1920; rows are as high as results from that.
        """
        width = max(960, min(1920, PRESETS[self.preset].cols * 8))
        return width, width * 9 // 16


class _AsciiRenderer:
    """Draws frames in one style: `shrink` in the broadcasting thread, `draw` in the source's."""

    def __init__(self, style: AsciiStyle) -> None:
        self.style = style
        grid, charset = PRESETS[style.preset], CHARSETS[style.charset]
        self._pace = Pace(style.fps)
        self._raster = Raster(grid.cols, grid.rows, charset)
        self._charset = charset
        self._painter: GlyphPainter | None = None
        self._scaler: tuple[tuple[int, int], Scaler] | None = None

    def shrink(self, picture: Picture) -> _GridFrame | None:
        """Scale a frame to the grid; None to drop it."""
        if not self._pace.takes(picture.position):
            return None
        frame = self._raster.shrink(picture.frame)
        return _GridFrame(self, frame, picture.frame.width / picture.frame.height)

    def draw(self, grid_frame: _GridFrame) -> av.VideoFrame:
        if self._painter is None:
            self._painter = GlyphPainter(self._charset)
        drawn = self._painter.draw(self._raster.planes(grid_frame.frame))
        return self._scaled(drawn, fitted_size(*self.style.box, grid_frame.aspect))

    def draw_text(self, text: str) -> av.VideoFrame:
        """Draw a line of text in the middle of an empty frame."""
        grid = PRESETS[self.style.preset]
        drawn = GlyphPainter(_TEXT_CHARSET).draw(_text_planes(text, grid.cols, grid.rows))
        return self._scaled(drawn, self.style.box)

    def _scaled(self, drawn: av.VideoFrame, size: tuple[int, int]) -> av.VideoFrame:
        if self._scaler is None or self._scaler[0] != size:
            self._scaler = (size, Scaler(*size))
        scaled = self._scaler[1].scale(drawn)
        scaled.colorspace, scaled.color_range = Colorspace.ITU601, ColorRange.JPEG
        return scaled


@dataclass
class _GridFrame:
    """A frame at the size of a renderer's grid, drawn once."""

    renderer: _AsciiRenderer
    frame: av.VideoFrame
    aspect: float
    """Width by height of the original."""

    @cached_property
    def drawing(self) -> av.VideoFrame:
        return self.renderer.draw(self)


class AsciiPictureSource:
    """A `PictureSource`: the player's frames in characters, in the aspect ratio of what plays.

    Without a frame it draws a line of text. An unchanged frame is repeated ten times a second.
    `style` and `text` may be set from any thread.
    """

    def __init__(self, broadcast: FrameBroadcast, style: AsciiStyle, text: str) -> None:
        self._broadcast = broadcast
        self.style = style
        self.text = text

    def run(self, emit: Sink, stop: threading.Event) -> None:
        """Draw until `stop` is set."""
        inbox = _Inbox(self)
        unsubscribe = self._broadcast.subscribe(inbox.put)
        try:
            has_frame = self._broadcast.latest is not None
            newest = inbox.wait(_FIRST_FRAME_TIMEOUT) if has_frame else None
            if newest is None:
                self._broadcast.repeat(inbox.put)
            while not stop.is_set():
                if newest is not None and newest.renderer.style != self.style:
                    self._broadcast.repeat(inbox.put)
                    newest = inbox.newest
                emit(Picture(self._draw(inbox), time.time(), time.monotonic()))
                newest = inbox.wait(_REPEAT_SECONDS) or inbox.newest
        finally:
            unsubscribe()

    def _draw(self, inbox: _Inbox) -> av.VideoFrame:
        if self._broadcast.latest is None:
            inbox.newest = None
        if inbox.newest is not None:
            return inbox.newest.drawing
        return inbox.renderer_for(self.style).draw_text(self.text)


class _Inbox:
    """Holds the newest frame until it is drawn."""

    def __init__(self, source: AsciiPictureSource) -> None:
        self._source = source
        self._arrived = threading.Event()
        self._renderer = _AsciiRenderer(source.style)
        self.newest: _GridFrame | None = None

    def renderer_for(self, style: AsciiStyle) -> _AsciiRenderer:
        if self._renderer.style != style:
            self._renderer = _AsciiRenderer(style)
        return self._renderer

    def put(self, picture: Picture) -> None:
        """Shrink a frame in the broadcasting thread: no other may read it."""
        try:
            grid_frame = self.renderer_for(self._source.style).shrink(picture)
        except av.FFmpegError as err:
            _LOGGER.debug("A frame cannot be drawn: %s", err)
            return
        if grid_frame is not None:
            self.newest = grid_frame
            self._arrived.set()

    def wait(self, timeout: float) -> _GridFrame | None:
        """Wait up to `timeout` s for a frame."""
        arrived = self._arrived.wait(timeout)
        self._arrived.clear()
        return self.newest if arrived else None


def copy_frame(frame: av.VideoFrame) -> av.VideoFrame:
    """Return a copy, scaled down to what a grid needs at most. Raises av.FFmpegError."""
    box = (even(min(frame.width, 1280)), even(min(frame.height, 1280)))
    return Scaler(*fitted_size(*box, frame.width / frame.height)).scale(frame)


def _text_planes(text: str, cols: int, rows: int) -> AsciiPlanes:
    charset = _TEXT_CHARSET.glyphs
    line = [charset.index(letter if letter in charset else "?") for letter in text][: cols - 2]
    left = (cols - len(line)) // 2
    glyphs = np.zeros((rows, cols), np.uint8)
    glyphs[rows // 2, left : left + len(line)] = line
    chroma = np.full(((rows + 1) // 2, (cols + 1) // 2), 128, np.uint8)
    luma = np.full((rows, cols), _TEXT_LUMA, np.uint8)
    return AsciiPlanes(luma, chroma, chroma, glyphs)
