"""What a user chooses: the size of the grid, and the characters that fill it."""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A grid of characters and how often it changes."""

    cols: int
    rows: int
    fps: float
    """Frames per second at most; a slower source keeps its own rate."""


PRESETS = {
    "low": Preset(cols=120, rows=50, fps=24.0),
    "medium": Preset(cols=200, rows=80, fps=30.0),
    "high": Preset(cols=320, rows=120, fps=30.0),
    "tall": Preset(cols=80, rows=120, fps=24.0),
}


POINTS_ACROSS = 2
"""Points of the picture that are looked at in each cell to match a glyph, from left to right."""
POINTS_DOWN = 4
"""The same from top to bottom."""


class Choice(StrEnum):
    """How a charset finds the glyph of a cell."""

    LUMA = "luma"
    """By the cell's brightness alone; any client can do it from the luma plane."""
    DOTS = "dots"
    """One dot of the glyph for one point of the picture inside the cell."""
    SHAPE = "shape"
    """The glyph whose bitmap is nearest to the picture inside the cell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Charset:
    """The characters of a picture, and how one is chosen."""

    glyphs: str
    """All characters; for `LUMA` from the darkest to the brightest, evenly over the luma range."""
    choice: Choice = Choice.LUMA

    @property
    def matched(self) -> bool:
        """Whether the server chooses the glyphs and sends them as a plane of their own."""
        return self.choice is not Choice.LUMA


CHARSETS = {
    "ramp": Charset(glyphs=" .-:+*=#%@"),
    "dense": Charset(glyphs=" .-,_~:;+*</>^=|()[!IlLt71f?zFnCum#HK4ea96pN8BMg"),
    "blocks": Charset(glyphs=" ░▒▓█"),
    "braille": Charset(
        glyphs="".join(chr(0x2800 + dots) for dots in range(256)),
        choice=Choice.DOTS,
    ),
    "shape": Charset(glyphs="".join(map(chr, range(0x20, 0x7F))), choice=Choice.SHAPE),
}
