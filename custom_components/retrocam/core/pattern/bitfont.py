"""A bitmap font of 5 by 7 points, for the clock of the test pattern.

A line of text is one gather from an array of glyphs. Pillow's built-in font is no substitute: it
costs 40 ms at start-up, and its digits cannot be told apart at 160x90.
"""

import numpy as np
from numpy.typing import NDArray

GLYPH_WIDTH = 6
"""Points, including one empty column."""
GLYPH_HEIGHT = 7
"""Points."""

_ROWS = {
    " ": "00000 00000 00000 00000 00000 00000 00000",
    "-": "00000 00000 00000 11111 00000 00000 00000",
    ".": "00000 00000 00000 00000 00000 01100 01100",
    ":": "00000 01100 01100 00000 01100 01100 00000",
    "0": "01110 10001 10011 10101 11001 10001 01110",
    "1": "00100 01100 10100 00100 00100 00100 11111",
    "2": "01110 10001 00001 00110 01000 10000 11111",
    "3": "11110 00001 00001 01110 00001 00001 11110",
    "4": "00010 00110 01010 10010 11111 00010 00010",
    "5": "11111 10000 11110 00001 00001 10001 01110",
    "6": "00110 01000 10000 11110 10001 10001 01110",
    "7": "11111 00001 00010 00010 00100 00100 00100",
    "8": "01110 10001 10001 01110 10001 10001 01110",
    "9": "01110 10001 10001 01111 00001 00010 01100",
    "C": "01111 10000 10000 10000 10000 10000 01111",
    "T": "11111 00100 00100 00100 00100 00100 00100",
    "U": "10001 10001 10001 10001 10001 10001 01110",
}


class BitFont:
    """Draws lines of text at one size, in two levels. Immutable, thus thread-safe."""

    def __init__(self, scale: int, *, ink: int = 255, paper: int = 0) -> None:
        """Draw points of `scale` by `scale` pixels."""
        atlas = np.full((128, GLYPH_HEIGHT, GLYPH_WIDTH), paper, np.uint8)
        for char, rows in _ROWS.items():
            for y, row in enumerate(rows.split()):
                for x, bit in enumerate(row):
                    atlas[ord(char), y, x] = ink if bit == "1" else paper
        self._atlas = atlas.repeat(scale, axis=1).repeat(scale, axis=2)

    def draw(self, text: str) -> NDArray[np.uint8]:
        """Return `text` as (7 * scale, 6 * scale * len(text)) uint8, in `ink` on `paper`.

        Contains the characters of a date and time in UTC; others stay empty.
        """
        codes = [code if (code := ord(char)) < 128 else 32 for char in text]
        glyphs = self._atlas[codes]
        return glyphs.transpose(1, 0, 2).reshape(glyphs.shape[1], -1)
