"""Bitmaps of glyphs, drawn once.

Letters use Pillow's built-in font; shades, blocks and braille, which it lacks, are drawn here. Pillow
is imported at the first use.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

CELL_WIDTH = 8
"""Width of a drawn cell in pixels."""
CELL_HEIGHT = 16
"""Height of a drawn cell in pixels."""

_OVERSAMPLING = 4
_FONT_SIZE = 15 * _OVERSAMPLING
_BASELINE = 50
"""In oversampled pixels; leaves room for descenders."""

_SHADE_ORDER = np.array([[1, 3], [4, 2]])
"""Lit pixels of each 2x2 tile, as thresholds: shades are even, and stable when scaled."""
_SHADES = {" ": 0, "░": 1, "▒": 2, "▓": 3, "█": 4}

BRAILLE_BITS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]], np.uint8)
"""(4, 2) the bit of each dot in the code of a braille character (U+2800 block)."""


@cache
def coverage(glyphs: str) -> NDArray[np.float32]:
    """Return the coverage of each pixel by each glyph, (n, 16, 8) float32, read-only.

    May take 50 ms at the first call for a charset: keep it off the event loop.
    """
    drawn = np.stack([_draw(glyph) for glyph in glyphs])
    drawn.flags.writeable = False
    return drawn


@cache
def bitmaps(glyphs: str) -> NDArray[np.bool_]:
    """Return the lit pixels of each glyph, (n, 16, 8) bool, read-only."""
    lit: NDArray[np.bool_] = coverage(glyphs) > 0.4
    lit.flags.writeable = False
    return lit


def _draw(glyph: str) -> NDArray[np.float32]:
    if glyph in _SHADES:
        tile = (_SHADES[glyph] >= _SHADE_ORDER).astype(np.float32)
        return np.tile(tile, (CELL_HEIGHT // 2, CELL_WIDTH // 2))
    if 0x2800 <= ord(glyph) <= 0x28FF:
        return _draw_braille(ord(glyph) - 0x2800)
    return _draw_letter(glyph)


def _draw_braille(code: int) -> NDArray[np.float32]:
    dot = np.zeros((4, 4), np.float32)
    dot[1:3, 1:3] = 1.0
    return np.kron((code & BRAILLE_BITS != 0).astype(np.float32), dot)


def _draw_letter(glyph: str) -> NDArray[np.float32]:
    """Draw oversampled, squeeze to the width of the cell, centre, and average down."""
    from PIL import Image, ImageDraw, ImageFont  # noqa: PLC0415  # 20 ms, rarely needed

    font = ImageFont.load_default(_FONT_SIZE)
    height, width = CELL_HEIGHT * _OVERSAMPLING, CELL_WIDTH * _OVERSAMPLING
    left, _, right, _ = font.getbbox(glyph, anchor="ls")
    image = Image.new("L", (max(1, round(right - left)), height))
    ImageDraw.Draw(image).text((-left, _BASELINE), glyph, fill=255, font=font, anchor="ls")
    if image.width > width:
        image = image.resize((width, height), Image.Resampling.BOX)
    cell = Image.new("L", (width, height))
    cell.paste(image, ((width - image.width) // 2, 0))
    fine = np.asarray(cell, np.float32) / 255
    pixels = fine.reshape(CELL_HEIGHT, _OVERSAMPLING, CELL_WIDTH, _OVERSAMPLING)
    covered: NDArray[np.float32] = pixels.mean(axis=(1, 3))
    return covered
