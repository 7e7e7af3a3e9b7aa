"""What the cards take from the server to match glyphs themselves: a table, and test vectors.

Run from the repository's root to write both: `.venv/bin/python -m tests.core.ascii.matching_vectors`.
"""

import json
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from custom_components.retrocam.core.ascii.matching import create_matcher, glyph_samples
from custom_components.retrocam.core.ascii.presets import CHARSETS, POINTS_ACROSS, POINTS_DOWN

FRONTEND: Final = Path(__file__).parents[3] / "frontend"
TABLE: Final = FRONTEND / "src" / "player" / "glyph-samples.ts"
VECTORS: Final = FRONTEND / "test" / "vectors" / "matching.json"
COLS, ROWS = 24, 6
HEAD: Final = """\
/**
 * The brightness of each glyph of `shape` at the samples of a cell, row by row; white is 1. Written by
 * tests/core/ascii/matching_vectors.py.
 */
export const SHAPES: readonly (readonly number[])[] = """


def table() -> list[list[float]]:
    """Return the samples of each glyph of `shape`, rounded."""
    samples = glyph_samples(CHARSETS["shape"].glyphs)
    return [[round(float(value), 4) for value in glyph] for glyph in samples]


def pictures() -> list[NDArray[np.uint8]]:
    """Return luma of a gradient with edges and noise; then with some more noise; then moved."""
    random = np.random.default_rng(18)
    shape = (ROWS * POINTS_DOWN, COLS * POINTS_ACROSS)
    down, across = np.indices(shape)
    first = across * 5.0 + 60 * ((down // 5 + across // 7) % 2) + random.normal(0, 12, shape)
    moved = [first, first + random.normal(0, 6, shape), np.roll(first, 1, axis=1)]
    return [one.clip(0, 255).astype(np.uint8) for one in moved]


def by_cell(luma: NDArray[np.uint8]) -> list[int]:
    """Return luma cell by cell, each row by row."""
    cells = luma.reshape(ROWS, POINTS_DOWN, COLS, POINTS_ACROSS).swapaxes(1, 2)
    return [int(value) for value in cells.ravel()]


def vectors() -> dict[str, Any]:
    """Return the glyphs of each picture, one after the other, of each charset."""
    matchers = {name: create_matcher(CHARSETS[name]) for name in ("braille", "shape")}
    return {
        "samples": [by_cell(luma) for luma in pictures()],
        **{
            name: [[int(glyph) for glyph in matcher.match(luma).ravel()] for luma in pictures()]
            for name, matcher in matchers.items()
        },
    }


def main() -> None:
    """Write both files."""
    rows = "".join(f"  {json.dumps(glyph)},\n" for glyph in table())
    TABLE.write_text(f"{HEAD}[\n{rows}];\n", encoding="utf-8")
    VECTORS.write_text(json.dumps(vectors()) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
