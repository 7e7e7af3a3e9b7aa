"""Glyphs that are chosen by what the picture shows inside each cell.

Neighbouring glyphs are often nearly as good as each other, and noise would make them twinkle. So a
glyph stays until the picture inside its cell has clearly changed.
"""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from .font import BRAILLE_BITS, CELL_HEIGHT, CELL_WIDTH, coverage
from .presets import POINTS_ACROSS, POINTS_DOWN, Charset, Choice

# How far a point has to be from where it was before a shape is matched again, in luma.
_SHAPE_HELD = 5
# How far past its threshold a point has to be before its dot changes, in luma.
_DOT_HELD = 8

# How many points the mean of a cell weighs as much as.
_TONE = 24

# Cells whose scores are computed at once: they fit the cache, and the product is too small for BLAS
# to wake threads that nobody owns, which spin and double the CPU time.
_BATCH = 256

# Ordered dither after Bayer (1973), on the 2x4 points of a cell: spreads the thresholds evenly.
_DITHER = np.array([[0, 4], [6, 2], [1, 5], [7, 3]], np.uint8) * 32 + 16


class Matcher(Protocol):
    """Chooses glyphs, cell by cell, and remembers its last choice. Not thread-safe."""

    def match(self, detail: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Choose for luma of (rows * 4, cols * 2); gives (rows, cols) glyph indices."""


def create_matcher(charset: Charset) -> Matcher:
    """Make the matcher of a charset whose glyphs are `matched`."""
    return DotMatcher() if charset.choice is Choice.DOTS else ShapeMatcher(charset)


class DotMatcher:
    """Sets a dot where the picture is brighter than an ordered dither."""

    def __init__(self) -> None:
        """Start without a memory."""
        self._dots = np.zeros((0, 0), np.bool_)
        self._to_set = np.zeros((0, 0), np.uint8)
        self._to_clear = np.zeros((0, 0), np.uint8)

    def match(self, detail: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Choose for luma of (rows * 4, cols * 2)."""
        rows, cols = detail.shape[0] // POINTS_DOWN, detail.shape[1] // POINTS_ACROSS
        if self._dots.shape == detail.shape:
            self._dots = detail >= np.where(self._dots, self._to_clear, self._to_set)
        else:
            thresholds = np.tile(_DITHER, (rows, cols))
            self._dots = detail >= thresholds
            self._to_set = thresholds + np.uint8(_DOT_HELD)
            self._to_clear = thresholds - np.uint8(_DOT_HELD)
        glyphs = np.zeros((rows, cols), np.uint8)
        for (row, col), bit in np.ndenumerate(BRAILLE_BITS):
            glyphs |= self._dots[row::POINTS_DOWN, col::POINTS_ACROSS] * bit
        return glyphs


class ShapeMatcher:
    """Finds the glyph that is nearest to the picture: in each part of the cell, and on the whole.

    The distance is the sum of squared differences at the points of a cell, plus the squared
    difference of the means as often as `_TONE` such points: without that, flat greys would become
    whatever glyph is flat. The fullest glyph stands for white, and each part of the cell is scaled
    by the fullest glyph there, as letters leave the edges of their cells empty.

    |s - g|^2 is least where s.g - |g|^2 / 2 is greatest: one matrix product for all cells.
    """

    def __init__(self, charset: Charset) -> None:
        """Draw the charset's glyphs, at the first time for a charset."""
        parts = glyph_parts(charset.glyphs)
        tone = parts.mean(axis=1, keepdims=True)
        weights = (parts + _TONE / parts.shape[1] * tone) / np.float32(255)
        self._weights = np.ascontiguousarray(weights.T)
        self._bias = ((parts**2).sum(axis=1) + _TONE * tone[:, 0] ** 2) / 2
        self._points = np.zeros((0, POINTS_DOWN * POINTS_ACROSS), np.uint8)
        self._glyphs = np.zeros(0, np.uint8)

    def match(self, detail: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Choose for luma of (rows * 4, cols * 2)."""
        rows, cols = detail.shape[0] // POINTS_DOWN, detail.shape[1] // POINTS_ACROSS
        # Two neighbouring points are moved as one word.
        pairs = np.ascontiguousarray(detail).view(np.uint16).reshape(rows, POINTS_DOWN, cols)
        points = np.ascontiguousarray(pairs.swapaxes(1, 2)).reshape(rows * cols, -1).view(np.uint8)
        if points.shape != self._points.shape:
            self._points = points
            self._glyphs = self._nearest(points)
        else:
            seen = self._points
            moved = np.maximum(points, seen) - np.minimum(points, seen) > _SHAPE_HELD
            changed = np.flatnonzero(moved.view(np.uint64))
            self._points[changed] = points[changed]
            self._glyphs[changed] = self._nearest(points[changed])
        return self._glyphs.copy().reshape(rows, cols)

    def _nearest(self, points: NDArray[np.uint8]) -> NDArray[np.uint8]:
        nearest = np.empty(len(points), np.uint8)
        for start in range(0, len(points), _BATCH):
            scores = points[start : start + _BATCH].astype(np.float32) @ self._weights
            scores -= self._bias
            nearest[start : start + _BATCH] = scores.argmax(axis=1)
        return nearest


def glyph_parts(glyphs: str) -> NDArray[np.float32]:
    """Tell how full each part of each glyph is, for white of 1: (n, 8) float32, row by row."""
    pixels = coverage(glyphs).reshape(
        *(len(glyphs), POINTS_DOWN, CELL_HEIGHT // POINTS_DOWN),
        *(POINTS_ACROSS, CELL_WIDTH // POINTS_ACROSS),
    )
    parts: NDArray[np.float32] = pixels.mean(axis=(2, 4)).reshape(len(glyphs), -1)
    parts /= parts.max(axis=0)
    parts /= parts.mean(axis=1).max()
    return parts
