"""Pictures to planes and codes: scaled by area inside libswscale, straight from the decoder's YUV.

The scaling takes most of the time, and most of that goes into reading the picture's rows. Where
there are plenty of rows for each cell, every second one is left out, and again, as long as four are
left: at 120x50 half the time for a 1080p film, and 47 dB or more from the exact mean.
"""

from collections.abc import Iterator
import itertools

import av
from av.video.reformatter import ColorRange, Colorspace
import numpy as np
from numpy.typing import NDArray

from ..frames.color_matrix import MatrixConverter
from ..frames.colours import colours
from ..frames.filter_graph import KeptFilter, PictureKind, Step
from ..frames.jpeg import even_frame, planes
from .matching import Matcher, create_matcher
from .planes import C_BITS, Y_BITS, PlaneLayout, Planes
from .presets import POINTS_ACROSS, POINTS_DOWN, Charset

# Rows of the picture for each row of cells from which on half of them are enough.
_FIELD_ROWS = 8

# A chroma code is held while the value is this near to what it shows. More would save few bytes, as
# there are few chroma codes, and cost much: 6, a whole step, 1.5 dB.
_HELD = 3


def layout_for(cols: int, rows: int, charset: Charset) -> PlaneLayout:
    """Give the planes that a charset needs."""
    return PlaneLayout(cols, rows, len(charset.glyphs) if charset.matched else 0)


class Scaler:
    """Scales pictures of any format to full-range yuv420p by averaging areas.

    The picture keeps its matrix, guessed where it does not say; RGB becomes BT.601.

    Not thread-safe. Starts no thread: a picture takes less time than waking one.
    """

    def __init__(self, width: int, height: int) -> None:
        """Remember the size; the scaler is set up at the first picture."""
        self._width = width
        self._height = height
        self._filter = KeptFilter(self._steps)

    def scale(self, frame: av.VideoFrame) -> av.VideoFrame:
        """Scale one picture, which is only read. The result has no time.

        Raises av.FFmpegError for pictures that libswscale does not know, such as those that live in
        the memory of a GPU.
        """
        return self._filter.run(frame)

    def _steps(self, kind: PictureKind) -> Iterator[Step]:
        rows = kind.height
        fields = itertools.cycle(("top", "bottom"))  # so that the middle stays where it is
        while rows >= _FIELD_ROWS * self._height:
            yield "field", {"type": next(fields)}
            rows //= 2
        scale = {
            "w": str(self._width),
            "h": str(self._height),
            # Without accurate rounding a cell of 4K is up to 3 values off, one of a thumbnail 11.
            "flags": "area+accurate_rnd",
            "out_color_matrix": "bt601" if kind.matrix == "gbr" else kind.matrix,
            "out_range": "pc",
        }
        yield "scale", scale
        yield "format", {"pix_fmts": "yuv420p"}


class Raster:
    """Turns pictures into planes of one value a cell.

    `shrink` and `planes` may be called in two threads, each of them in one at a time: the small
    pictures between them are their own, while the large ones belong to the thread that makes them.
    """

    def __init__(self, cols: int, rows: int, charset: Charset, *, invert: bool = False) -> None:
        """Make a raster; `invert` matches glyphs to a negative."""
        self.layout = layout_for(cols, rows, charset)
        across, down = (POINTS_ACROSS, POINTS_DOWN) if charset.matched else (1, 1)
        self._charset = charset
        self._matcher: Matcher | None = None
        self._shrink = Scaler(cols * across, rows * down)
        self._cells = Scaler(cols, rows)
        self._converter = MatrixConverter()
        self._invert = invert

    def shrink(self, frame: av.VideoFrame) -> av.VideoFrame:
        """Scale a picture to all the detail that the charset needs.

        Raises av.FFmpegError as `Scaler.scale`.
        """
        return self._shrink.scale(frame)

    def planes(self, small: av.VideoFrame) -> Planes:
        """Give the planes of a picture that was shrunk, with its glyphs if they are matched.

        The first glyphs of a charset take 0.1 s to draw.
        """
        glyphs = None
        if self._charset.matched:
            self._matcher = self._matcher or create_matcher(self._charset)
            detail = planes(small)[0]
            glyphs = self._matcher.match(~detail if self._invert else detail)
            small = self._cells.scale(small)  # means of means are means
        matrix, _ = colours(small)
        if matrix is not Colorspace.ITU601:
            small = self._converter.convert(even_frame(small), matrix, ColorRange.JPEG)
        y, cb, cr = planes(small)
        return Planes(y[: self.layout.rows, : self.layout.cols], cb, cr, glyphs)


class Quantiser:
    """Turns values into codes, and holds those that have barely moved. Not thread-safe.

    A code is never more than one step from the value's own. Luma moves by an even number of steps,
    towards the old code: that holds what flickers by one, and leaves half as many residuals to tell
    apart where the picture moves. A chroma code stays while its value is within `_HELD` of what is
    shown. What a client shows of two films is 38.8 dB or more from the exact picture.
    """

    def __init__(self, layout: PlaneLayout) -> None:
        """Begin with a key."""
        self._layout = layout
        self._codes: NDArray[np.uint8] | None = None

    def quantise(self, planes: Planes, *, key: bool = False) -> NDArray[np.uint8]:
        """Give the (layout.size,) codes of a picture; a key forgets what was held.

        A new array, which belongs to the caller. Raises ValueError for planes of another layout.
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


def _move_luma(codes: NDArray[np.uint8], held: NDArray[np.uint8]) -> None:
    """Move from the held codes by an even number of steps; all is modulo 256."""
    codes -= held
    codes += codes >> 7  # one up where it is negative, so that the mask rounds towards zero
    codes &= 0xFE
    codes += held


def _move_chroma(values: NDArray[np.uint8], held: NDArray[np.uint8]) -> None:
    """Turn values into codes where they are away from what the held codes show."""
    shown = (held << (8 - C_BITS)) + (1 << (7 - C_BITS))
    distance = np.maximum(values, shown) - np.minimum(values, shown)
    values >>= 8 - C_BITS
    np.copyto(values, held, where=distance <= _HELD)
