"""Presets of the grid, and charsets to fill it."""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """Size and frame rate of a grid."""

    cols: int
    rows: int
    fps: float
    """Maximum frames per second; a slower source keeps its own rate."""


PRESETS = {
    "low": Preset(cols=120, rows=50, fps=24.0),
    "medium": Preset(cols=200, rows=80, fps=30.0),
    "high": Preset(cols=320, rows=120, fps=30.0),
    "tall": Preset(cols=80, rows=120, fps=24.0),
}


POINTS_ACROSS = 2
"""Horizontal samples of the picture per cell, to match a glyph."""
POINTS_DOWN = 4
"""Vertical samples of the picture per cell, to match a glyph."""


class GlyphMatching(StrEnum):
    """How a charset selects the glyph of a cell."""

    LUMA = "luma"
    """By the cell's luma alone, which any client can do."""
    DOTS = "dots"
    """One dot of the glyph per sample of the cell."""
    SHAPE = "shape"
    """The glyph whose bitmap is nearest to the samples of the cell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Charset:
    """Characters, and how one is selected per cell."""

    glyphs: str
    """For `LUMA` from the darkest to the brightest, evenly spaced over the luma range."""
    choice: GlyphMatching = GlyphMatching.LUMA

    @property
    def matched(self) -> bool:
        """Whether the server selects the glyphs and sends them as a plane of their own."""
        return self.choice is not GlyphMatching.LUMA


CHARSETS = {
    "ramp": Charset(glyphs=" .-:+*=#%@"),
    "dense": Charset(glyphs=" .-,_~:;+*</>^=|()[!IlLt71f?zFnCum#HK4ea96pN8BMg"),
    "blocks": Charset(glyphs=" ░▒▓█"),
    "braille": Charset(
        glyphs="".join(chr(0x2800 + dots) for dots in range(256)),
        choice=GlyphMatching.DOTS,
    ),
    "shape": Charset(glyphs="".join(map(chr, range(0x20, 0x7F))), choice=GlyphMatching.SHAPE),
}
