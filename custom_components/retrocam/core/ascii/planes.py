"""Planes of one value per character cell, and the layout of their codes on the wire."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Y_BITS = 7
"""Bits of a luma code."""
C_BITS = 6
"""Bits of a chroma code."""


@dataclass(frozen=True, slots=True)
class AsciiPlanes:
    """A picture of one value per cell: full-range BT.601 YCbCr, all uint8."""

    y: NDArray[np.uint8]
    """(rows, cols) luma."""
    cb: NDArray[np.uint8]
    """(ceil(rows/2), ceil(cols/2)) blue difference, neutral at 128."""
    cr: NDArray[np.uint8]
    """(ceil(rows/2), ceil(cols/2)) red difference, neutral at 128."""
    g: NDArray[np.uint8] | None = None
    """(rows, cols) glyph indices, of charsets matched on the server."""


@dataclass(frozen=True, slots=True)
class PlaneLayout:
    """Layout of a vector of codes: y, cb, cr and optionally g, row by row."""

    cols: int
    rows: int
    glyphs: int = 0
    """Number of glyphs of the `g` plane, 0 without that plane."""

    @property
    def names(self) -> list[str]:
        """The planes in wire order."""
        return ["y", "cb", "cr", "g"] if self.glyphs else ["y", "cb", "cr"]

    @property
    def luma_size(self) -> int:
        """Number of luma codes."""
        return self.cols * self.rows

    @property
    def chroma_shape(self) -> tuple[int, int]:
        """Rows and columns of each chroma plane."""
        return (self.rows + 1) // 2, (self.cols + 1) // 2

    @property
    def colour_size(self) -> int:
        """Number of luma and chroma codes."""
        chroma_rows, chroma_cols = self.chroma_shape
        return self.luma_size + 2 * chroma_rows * chroma_cols

    @property
    def size(self) -> int:
        """Number of all codes."""
        return self.colour_size + (self.luma_size if self.glyphs else 0)

    def join(self, planes: AsciiPlanes) -> NDArray[np.uint8]:
        """Copy planes into one vector. Raises ValueError for planes of another layout."""
        arrays = [planes.y, planes.cb, planes.cr]
        if self.glyphs:
            if planes.g is None:
                raise ValueError("this layout needs a g plane")
            arrays.append(planes.g)
        vector = np.concatenate([array.ravel() for array in arrays])
        if vector.size != self.size:
            raise ValueError(f"{vector.size} values do not fill a layout of {self.size}")
        return vector
