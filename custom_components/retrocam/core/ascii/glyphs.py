"""Render planes as text, and as frames of drawn characters."""

from dataclasses import dataclass

import av
import numpy as np
from numpy.typing import NDArray

from ..frames.jpeg import planes as views
from .font import CELL_HEIGHT, CELL_WIDTH, bitmaps
from .planes import AsciiPlanes
from .presets import Charset
from .raster import Raster

_INK = np.sqrt(np.arange(256) * 255.0).round().astype(np.uint8)
"""Luma of a glyph by that of its cell. The root keeps dark colours visible, as the glyph itself
already conveys the brightness."""

# AVCOL_SPC_SMPTE170M and AVCOL_RANGE_JPEG, ISO/IEC 23091-2 code points of BT.601 and full range.
_BT601 = 6
_FULL_RANGE = 2


@dataclass(frozen=True, slots=True)
class AsciiFrame:
    """A frame as text."""

    text: str
    """`rows` lines of `columns` characters, joined by newlines."""
    columns: int
    rows: int


def glyph_indices(
    planes: AsciiPlanes, charset: Charset, *, invert: bool = False
) -> NDArray[np.intp]:
    """Return the (rows, cols) indices of the glyphs in `charset.glyphs`.

    `invert` is for dark ink on a light background; matched glyphs are inverted by their `Raster`.
    """
    if planes.g is not None:
        return planes.g.astype(np.intp)
    luma = ~planes.y if invert else planes.y
    return luma.astype(np.intp) * len(charset.glyphs) >> 8


def planes_to_text(planes: AsciiPlanes, charset: Charset, *, invert: bool = False) -> str:
    """Return planes as lines of characters."""
    characters = np.array(list(charset.glyphs))
    lines = characters[glyph_indices(planes, charset, invert=invert)]
    return "\n".join("".join(line) for line in lines)


def ascii_frame(
    frame: av.VideoFrame,
    charset: Charset,
    *,
    columns: int = 80,
    invert: bool = False,
) -> AsciiFrame:
    """Convert a frame to text, with the rows that keep its aspect in cells of 1:2.

    Keep it off the event loop. Raises av.FFmpegError as `Scaler.scale`.
    """
    rows = max(1, round(columns * frame.height / frame.width * CELL_WIDTH / CELL_HEIGHT))
    raster = Raster(columns, rows, charset, invert=invert)
    text = planes_to_text(raster.planes(raster.shrink(frame)), charset, invert=invert)
    return AsciiFrame(text, columns, rows)


class GlyphPainter:
    """Draws planes as frames of characters, 8x16 pixels each. Not thread-safe.

    A pixel row of a glyph is one 64-bit word, so a row of all cells is gathered and inked at once.
    """

    def __init__(self, charset: Charset) -> None:
        self._charset = charset
        lit = bitmaps(charset.glyphs)
        rows = np.where(lit, np.uint8(255), np.uint8(0))
        self._rows = np.ascontiguousarray(rows.view(np.uint64)[:, :, 0].T)
        tiles = lit.reshape(-1, CELL_HEIGHT // 2, 2, CELL_WIDTH // 2, 2)
        quarters = tiles.sum(axis=(2, 4)).astype(np.uint8)
        self._quarters = np.ascontiguousarray(quarters.view(np.uint32)[:, :, 0].T)

    def draw(self, planes: AsciiPlanes) -> av.VideoFrame:
        """Draw a full-range BT.601 yuv420p frame of (cols * 8, rows * 16) pixels."""
        rows, cols = planes.y.shape
        glyphs = glyph_indices(planes, self._charset)
        frame = av.VideoFrame(cols * CELL_WIDTH, rows * CELL_HEIGHT, "yuv420p")
        frame.colorspace = _BT601
        frame.color_range = _FULL_RANGE
        luma, blue, red = views(frame)
        luma[:] = self._luma(glyphs, planes.y)
        covered = np.empty((rows, CELL_HEIGHT // 2, cols), np.uint32)
        for line, table in enumerate(self._quarters):
            covered[:, line] = table[glyphs]
        quarters = covered.view(np.uint8).reshape(rows * CELL_HEIGHT // 2, -1)
        blue[:] = _tinted(quarters, planes.cb, rows, cols)
        red[:] = _tinted(quarters, planes.cr, rows, cols)
        return frame

    def _luma(self, glyphs: NDArray[np.intp], y: NDArray[np.uint8]) -> NDArray[np.uint8]:
        rows, cols = glyphs.shape
        ink = _INK[y].astype(np.uint64) * np.uint64(0x0101010101010101)
        pixels = np.empty((rows, CELL_HEIGHT, cols), np.uint64)
        for line, table in enumerate(self._rows):
            np.bitwise_and(table[glyphs], ink, out=pixels[:, line])
        return pixels.view(np.uint8).reshape(rows * CELL_HEIGHT, cols * CELL_WIDTH)


def _tinted(
    quarters: NDArray[np.uint8], chroma: NDArray[np.uint8], rows: int, cols: int
) -> NDArray[np.uint8]:
    """Scale the chroma of each 2x2 pixels by its number of lit ones: the background stays black."""
    offset = (chroma.astype(np.int16) - 128).repeat(2, axis=0)[:rows].repeat(2, axis=1)[:, :cols]
    per_row = offset.repeat(CELL_WIDTH // 2, axis=1)[:, None, :]
    lit = quarters.reshape(rows, CELL_HEIGHT // 2, -1)
    tint = (per_row * lit >> 2) + 128
    return tint.astype(np.uint8).reshape(quarters.shape)
