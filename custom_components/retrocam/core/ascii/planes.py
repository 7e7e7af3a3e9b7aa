"""The planes of a picture at the size of the grid, and their codes on the wire."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Y_BITS = 7
"""Bits of a luma code."""
C_BITS = 6
"""Bits of a chroma code."""


@dataclass(frozen=True, slots=True)
class Planes:
    """A picture of one value a cell: full-range BT.601 YCbCr, all uint8."""

    y: NDArray[np.uint8]
    """(rows, cols) luma."""
    cb: NDArray[np.uint8]
    """(ceil(rows/2), ceil(cols/2)) blue difference, 128 is none."""
    cr: NDArray[np.uint8]
    """(ceil(rows/2), ceil(cols/2)) red difference, 128 is none."""
    g: NDArray[np.uint8] | None = None
    """(rows, cols) index of each cell's glyph, of charsets that are matched on the server."""


@dataclass(frozen=True, slots=True)
class PlaneLayout:
    """Where each plane lies in a vector of codes: y, cb, cr and, if there is one, g, row by row."""

    cols: int
    rows: int
    glyphs: int = 0
    """How many glyphs a `g` plane chooses from, 0 without such a plane."""

    @property
    def names(self) -> list[str]:
        """The planes in their order on the wire."""
        return ["y", "cb", "cr", "g"] if self.glyphs else ["y", "cb", "cr"]

    @property
    def luma_size(self) -> int:
        """How many luma codes there are."""
        return self.cols * self.rows

    @property
    def chroma_shape(self) -> tuple[int, int]:
        """Rows and columns of each chroma plane."""
        return (self.rows + 1) // 2, (self.cols + 1) // 2

    @property
    def colour_size(self) -> int:
        """How many luma and chroma codes there are."""
        chroma_rows, chroma_cols = self.chroma_shape
        return self.luma_size + 2 * chroma_rows * chroma_cols

    @property
    def size(self) -> int:
        """How many codes there are."""
        return self.colour_size + (self.luma_size if self.glyphs else 0)

    def split(self, vector: NDArray[np.uint8]) -> Planes:
        """Show a vector of `size` values as planes; they share its memory."""
        chroma = self.chroma_shape
        middle = (self.luma_size + self.colour_size) // 2
        return Planes(
            y=vector[: self.luma_size].reshape(self.rows, self.cols),
            cb=vector[self.luma_size : middle].reshape(chroma),
            cr=vector[middle : self.colour_size].reshape(chroma),
            g=vector[self.colour_size :].reshape(self.rows, self.cols) if self.glyphs else None,
        )

    def join(self, planes: Planes) -> NDArray[np.uint8]:
        """Copy planes of this layout into one vector."""
        parts = [planes.y, planes.cb, planes.cr]
        if self.glyphs:
            if planes.g is None:
                msg = "this layout needs a g plane"
                raise ValueError(msg)
            parts.append(planes.g)
        vector = np.concatenate([part.ravel() for part in parts])
        if vector.size != self.size:
            msg = f"{vector.size} values do not fill a layout of {self.size}"
            raise ValueError(msg)
        return vector

    def decode(self, codes: NDArray[np.uint8]) -> Planes:
        """Turn `size` codes into values: each code stands for the middle of its step."""
        values = codes.copy()
        luma = values[: self.luma_size]
        luma <<= 8 - Y_BITS
        luma += 1 << (7 - Y_BITS)
        chroma = values[self.luma_size : self.colour_size]
        chroma <<= 8 - C_BITS
        chroma += 1 << (7 - C_BITS)
        return self.split(values)

    def limits(self) -> tuple[tuple[slice, int], ...]:
        """Give each part of the vector with the number of codes that are allowed in it."""
        parts = [
            (slice(0, self.luma_size), 1 << Y_BITS),
            (slice(self.luma_size, self.colour_size), 1 << C_BITS),
        ]
        if self.glyphs:
            parts.append((slice(self.colour_size, self.size), self.glyphs))
        return tuple(parts)
