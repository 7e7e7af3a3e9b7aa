"""A small bitmap font of 5 by 7 points, for text that is drawn into pictures many times a second.

Every line of text costs one gather from an array of ready glyphs; no font file is opened.
"""

import numpy as np
from numpy.typing import NDArray

GLYPH_WIDTH = 6
"""Points from one glyph to the next, one of them empty."""
GLYPH_HEIGHT = 7
"""Points from top to bottom of a glyph."""

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
    "A": "00100 01010 10001 10001 11111 10001 10001",
    "B": "11110 10001 10001 11110 10001 10001 11110",
    "C": "01111 10000 10000 10000 10000 10000 01111",
    "D": "11110 10001 10001 10001 10001 10001 11110",
    "E": "11111 10000 10000 11110 10000 10000 11111",
    "F": "11111 10000 10000 11110 10000 10000 10000",
    "G": "01111 10000 10000 10011 10001 10001 01111",
    "H": "10001 10001 10001 11111 10001 10001 10001",
    "I": "01110 00100 00100 00100 00100 00100 01110",
    "J": "00111 00010 00010 00010 00010 10010 01100",
    "K": "10001 10010 10100 11000 10100 10010 10001",
    "L": "10000 10000 10000 10000 10000 10000 11111",
    "M": "10001 11011 10101 10101 10001 10001 10001",
    "N": "10001 11001 10101 10101 10011 10001 10001",
    "O": "01110 10001 10001 10001 10001 10001 01110",
    "P": "11110 10001 10001 11110 10000 10000 10000",
    "Q": "01110 10001 10001 10001 10101 10010 01101",
    "R": "11110 10001 10001 11110 10100 10010 10001",
    "S": "01111 10000 10000 01110 00001 00001 11110",
    "T": "11111 00100 00100 00100 00100 00100 00100",
    "U": "10001 10001 10001 10001 10001 10001 01110",
    "V": "10001 10001 10001 10001 01010 01010 00100",
    "W": "10001 10001 10001 10101 10101 11011 10001",
    "X": "10001 10001 01010 00100 01010 10001 10001",
    "Y": "10001 10001 01010 00100 00100 00100 00100",
    "Z": "11111 00001 00010 00100 01000 10000 11111",
}


class BitFont:
    """Draws lines of text at one size, in two levels.

    Not changed after it is made: any thread may draw.
    """

    def __init__(self, scale: int, *, ink: int = 255, paper: int = 0) -> None:
        """Scale the glyphs so that a point is `scale` pixels wide and high."""
        atlas = np.full((128, GLYPH_HEIGHT, GLYPH_WIDTH), paper, np.uint8)
        for char, rows in _ROWS.items():
            for y, row in enumerate(rows.split()):
                for x, bit in enumerate(row):
                    atlas[ord(char), y, x] = ink if bit == "1" else paper
        self._atlas = atlas.repeat(scale, axis=1).repeat(scale, axis=2)

    def draw(self, text: str) -> NDArray[np.uint8]:
        """Return `text` as (7 * scale, 6 * scale * len(text)) uint8, in `ink` on `paper`.

        Knows space, digits, `-`, `.`, `:` and the letters A to Z. Other characters stay empty.
        """
        codes = [code if (code := ord(char)) < 128 else 32 for char in text]
        glyphs = self._atlas[codes]
        return glyphs.transpose(1, 0, 2).reshape(glyphs.shape[1], -1)
