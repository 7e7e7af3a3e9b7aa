"""Match glyphs to the samples of the picture inside each cell.

The best glyphs are often nearly equal, and noise would make them flicker. So a glyph stays until the
picture inside its cell has clearly changed.
"""

from typing import Protocol, override

import numpy as np
from numpy.typing import NDArray

from .font import BRAILLE_BITS, CELL_HEIGHT, CELL_WIDTH, coverage
from .presets import POINTS_ACROSS, POINTS_DOWN, Charset, GlyphMatching

_SHAPE_HYSTERESIS = 5
"""Luma by which a sample has to change before its shape is matched again."""
_DOT_HYSTERESIS = 8
"""Luma by which a sample has to pass its threshold before its dot changes."""

_TONE_WEIGHT = 24
"""Weight of a cell's mean, in samples."""

_BATCH = 256
"""Cells per matrix product: small enough for the cache, and for BLAS to start no threads of its own,
which spin and double the CPU time."""

_DITHER = np.array([[0, 4], [6, 2], [1, 5], [7, 3]], np.uint8) * 32 + 16
"""Ordered dither after Bayer (1973): even thresholds for the 2x4 samples of a cell."""


class Matcher(Protocol):
    """Matches glyphs cell by cell, with hysteresis. Not thread-safe."""

    def match(self, detail: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return the (rows, cols) glyph indices for luma of (rows * 4, cols * 2)."""


def create_matcher(charset: Charset) -> Matcher:
    """Return a matcher for a charset with `matched` glyphs."""
    return DotMatcher() if charset.choice is GlyphMatching.DOTS else ShapeMatcher(charset)


class DotMatcher(Matcher):
    """Sets a dot where the picture is brighter than an ordered dither."""

    def __init__(self) -> None:
        self._dots = np.zeros((0, 0), np.bool_)
        self._to_set = np.zeros((0, 0), np.uint8)
        self._to_clear = np.zeros((0, 0), np.uint8)

    @override
    def match(self, detail: NDArray[np.uint8]) -> NDArray[np.uint8]:
        rows, cols = detail.shape[0] // POINTS_DOWN, detail.shape[1] // POINTS_ACROSS
        if self._dots.shape == detail.shape:
            self._dots = detail >= np.where(self._dots, self._to_clear, self._to_set)
        else:
            thresholds = np.tile(_DITHER, (rows, cols))
            self._dots = detail >= thresholds
            self._to_set = thresholds + np.uint8(_DOT_HYSTERESIS)
            self._to_clear = thresholds - np.uint8(_DOT_HYSTERESIS)
        glyphs = np.zeros((rows, cols), np.uint8)
        for (row, col), bit in np.ndenumerate(BRAILLE_BITS):
            glyphs |= self._dots[row::POINTS_DOWN, col::POINTS_ACROSS] * bit
        return glyphs


class ShapeMatcher(Matcher):
    """Finds the glyph nearest to the picture, by samples and by mean.

    The distance is the sum of squared differences of the samples of a cell, plus `_TONE_WEIGHT` times
    the squared difference of the means: otherwise flat greys match any flat glyph. The fullest glyph
    is white, and each sample is scaled by the fullest glyph there, as letters leave the edges of
    their cells empty.

    |s - g|^2 is least where s.g - |g|^2 / 2 is greatest: one matrix product for all cells.
    """

    def __init__(self, charset: Charset) -> None:
        samples = glyph_samples(charset.glyphs)
        tone = samples.mean(axis=1, keepdims=True)
        weights = (samples + _TONE_WEIGHT / samples.shape[1] * tone) / np.float32(255)
        self._weights = np.ascontiguousarray(weights.T)
        self._bias = ((samples**2).sum(axis=1) + _TONE_WEIGHT * tone[:, 0] ** 2) / 2
        self._points = np.zeros((0, POINTS_DOWN * POINTS_ACROSS), np.uint8)
        self._glyphs = np.zeros(0, np.uint8)

    @override
    def match(self, detail: NDArray[np.uint8]) -> NDArray[np.uint8]:
        rows, cols = detail.shape[0] // POINTS_DOWN, detail.shape[1] // POINTS_ACROSS
        # Two neighbouring samples are moved as one word.
        pairs = np.ascontiguousarray(detail).view(np.uint16).reshape(rows, POINTS_DOWN, cols)
        points = np.ascontiguousarray(pairs.swapaxes(1, 2)).reshape(rows * cols, -1).view(np.uint8)
        if points.shape != self._points.shape:
            self._points = points
            self._glyphs = self._nearest(points)
        else:
            old = self._points
            moved = np.maximum(points, old) - np.minimum(points, old) > _SHAPE_HYSTERESIS
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


def glyph_samples(glyphs: str) -> NDArray[np.float32]:
    """Return the coverage of each glyph at the samples of a cell, (n, 8) float32; white is 1."""
    pixels = coverage(glyphs).reshape(
        *(len(glyphs), POINTS_DOWN, CELL_HEIGHT // POINTS_DOWN),
        *(POINTS_ACROSS, CELL_WIDTH // POINTS_ACROSS),
    )
    samples: NDArray[np.float32] = pixels.mean(axis=(2, 4)).reshape(len(glyphs), -1)
    samples /= samples.max(axis=0)
    samples /= samples.mean(axis=1).max()
    return samples
