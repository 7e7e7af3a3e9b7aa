"""Convert frames to planes and codes: area scaling in libswscale, straight from the decoder's YUV.

Scaling takes most of the time, mostly to read the rows of the frame. Every second row is dropped,
repeatedly, while at least four remain per cell: at 120x50 half the time for a 1080p film, at 47 dB or
more from the exact mean.
"""

from collections.abc import Iterator
import itertools

import av
from av.video.reformatter import ColorRange, Colorspace
import numpy as np
from numpy.typing import NDArray

from ..frames.color_matrix import MatrixConverter
from ..frames.colors import colours
from ..frames.filter_graph import CachedFilterGraph, PictureKind, Step, scale_steps
from ..frames.jpeg import even_frame, planes
from .matching import Matcher, create_matcher
from .planes import C_BITS, Y_BITS, AsciiPlanes, PlaneLayout
from .presets import POINTS_ACROSS, POINTS_DOWN, Charset

_FIELD_ROWS = 8
"""Rows of the frame per row of cells from which every second row is dropped."""

_CHROMA_HYSTERESIS = 3
"""A chroma code is kept while the value is this near to its own. More saves few bytes, as there are
few chroma codes, and costs quality: 6, a whole step, 1.5 dB."""


def layout_for(cols: int, rows: int, charset: Charset) -> PlaneLayout:
    """Return the layout of a charset's planes."""
    return PlaneLayout(cols, rows, len(charset.glyphs) if charset.matched else 0)


class Scaler:
    """Scales frames of any pixel format to full-range yuv420p by averaging areas.

    Keeps the matrix, guessed for untagged frames; RGB becomes BT.601.

    Not thread-safe. Starts no thread: waking one takes longer than scaling a frame.
    """

    def __init__(self, width: int, height: int) -> None:
        self._width = width
        self._height = height
        self._filter = CachedFilterGraph(self._steps)

    def scale(self, frame: av.VideoFrame) -> av.VideoFrame:
        """Scale one frame, which is only read. The result has no pts.

        Raises av.FFmpegError for pixel formats unsupported by libswscale, such as GPU surfaces.
        """
        return self._filter.run(frame)

    def _steps(self, kind: PictureKind) -> Iterator[Step]:
        rows = kind.height
        fields = itertools.cycle(("top", "bottom"))  # alternate, to keep the frame centred
        while rows >= _FIELD_ROWS * self._height:
            yield "field", {"type": next(fields)}
            rows //= 2
        matrix = "bt601" if kind.matrix == "gbr" else kind.matrix
        # Without accurate rounding a cell is up to 3 values off at 4K, 11 for a thumbnail.
        flags = "area+accurate_rnd"
        yield from scale_steps(
            self._width, self._height, flags=flags, matrix=matrix, value_range="pc"
        )


class Raster:
    """Converts frames to planes of one value per cell, in two steps.

    `shrink` and `planes` may run in two different threads, each in one at a time: frames belong to
    the thread of their source, shrunk ones to nobody else.
    """

    def __init__(self, cols: int, rows: int, charset: Charset, *, invert: bool = False) -> None:
        """Set the grid and charset; `invert` matches glyphs to the negative."""
        self.layout = layout_for(cols, rows, charset)
        across, down = (POINTS_ACROSS, POINTS_DOWN) if charset.matched else (1, 1)
        self._charset = charset
        self._matcher: Matcher | None = None
        self._detail_scaler = Scaler(cols * across, rows * down)
        self._cell_scaler = Scaler(cols, rows)
        self._converter = MatrixConverter()
        self._invert = invert

    def shrink(self, frame: av.VideoFrame) -> av.VideoFrame:
        """Scale a frame to the detail needed by the charset. Raises as `Scaler.scale`."""
        return self._detail_scaler.scale(frame)

    def planes(self, small: av.VideoFrame) -> AsciiPlanes:
        """Return the planes of a shrunk frame, with glyphs if they are matched.

        Drawing a matched charset at the first call takes 0.1 s.
        """
        glyphs = None
        if self._charset.matched:
            self._matcher = self._matcher or create_matcher(self._charset)
            detail = planes(small)[0]
            glyphs = self._matcher.match(~detail if self._invert else detail)
            small = self._cell_scaler.scale(small)
        matrix, _ = colours(small)
        if matrix is not Colorspace.ITU601:
            small = self._converter.convert(even_frame(small), matrix, ColorRange.JPEG)
        y, cb, cr = planes(small)
        return AsciiPlanes(y[: self.layout.rows, : self.layout.cols], cb, cr, glyphs)


class Quantiser:
    """Converts values to codes, with hysteresis. Not thread-safe.

    A code is at most one step from the value's own. Luma moves by an even number of steps, towards
    the old code: that suppresses flicker of one step, and halves the number of distinct residuals
    where the picture moves. A chroma code stays while its value is within `_CHROMA_HYSTERESIS`.
    Decoded pictures of two films are 38.8 dB or more from the exact ones.
    """

    def __init__(self, layout: PlaneLayout) -> None:
        self._layout = layout
        self._codes: NDArray[np.uint8] | None = None

    def quantise(self, planes: AsciiPlanes, *, key: bool = False) -> NDArray[np.uint8]:
        """Return the (layout.size,) codes of a picture as a new array; a key ignores older codes.

        Raises ValueError for planes of another layout.
        """
        codes = self._layout.join(planes)
        luma = codes[: self._layout.luma_size]
        chroma = codes[self._layout.luma_size : self._layout.colour_size]
        luma >>= 8 - Y_BITS
        if self._codes is None or key:
            chroma >>= 8 - C_BITS
        else:
            _move_luma(luma, self._codes[: luma.size])
            _move_chroma(chroma, self._codes[luma.size : luma.size + chroma.size])
        self._codes = codes.copy()
        return codes


def _move_luma(codes: NDArray[np.uint8], previous: NDArray[np.uint8]) -> None:
    """Move from the previous codes by an even number of steps, modulo 256; in place."""
    codes -= previous
    codes += codes >> 7  # one up where negative, so that the mask rounds towards zero
    codes &= 0xFE
    codes += previous


def _move_chroma(values: NDArray[np.uint8], previous: NDArray[np.uint8]) -> None:
    """Convert values to codes in place, keeping previous codes that are near enough."""
    decoded = (previous << (8 - C_BITS)) + (1 << (7 - C_BITS))
    distance = np.maximum(values, decoded) - np.minimum(values, decoded)
    values >>= 8 - C_BITS
    np.copyto(values, previous, where=distance <= _CHROMA_HYSTERESIS)
