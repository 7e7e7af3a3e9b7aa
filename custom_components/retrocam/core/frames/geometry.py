"""Areas of 4:2:0 pictures: even rectangles, what fits into them, and their samples.

Every edge is even, so that a rectangle of the luma plane covers whole samples of the halved chroma
planes.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

type Planes = tuple[NDArray[np.uint8], ...]
"""Luma (rows, cols) and the two halved chroma planes, uint8, of one picture."""

BLACK: Final = 16
NEUTRAL: Final = 128


class Rect(NamedTuple):
    """A part of the picture, in pixels; all four numbers are even."""

    left: int
    top: int
    width: int
    height: int


def even(length: float) -> int:
    """Return the nearest even number of pixels, at least 2."""
    return max(2, round(length / 2) * 2)


def fitted_size(width: int, height: int, aspect: float) -> tuple[int, int]:
    """Return the size of the largest picture of an aspect, width by height, in an even rectangle."""
    across = min(width, height * aspect)
    return min(width, even(across)), min(height, even(across / aspect))


def fitted(area: Rect, width: int, height: int) -> Rect:
    """Return where a picture of `width` by `height` lies in `area`: whole, undistorted, centred.

    Raises ValueError for a picture without pixels.
    """
    if width < 1 or height < 1:
        raise ValueError(f"a picture of {width}x{height} pixels")
    across, down = fitted_size(area.width, area.height, width / height)
    return Rect(
        area.left + (area.width - across) // 4 * 2,
        area.top + (area.height - down) // 4 * 2,
        across,
        down,
    )


def fill(planes: Planes, area: Rect, luma: int) -> None:
    """Fill a part of a picture with a gray."""
    for plane, part, level in zip(planes, parts(area), (luma, NEUTRAL, NEUTRAL), strict=True):
        plane[part] = level


def parts(area: Rect) -> tuple[tuple[slice, slice], ...]:
    """Return the rows and columns of an area in each of the three planes."""
    left, top, width, height = area
    half = (slice(top // 2, (top + height) // 2), slice(left // 2, (left + width) // 2))
    return ((slice(top, top + height), slice(left, left + width)), half, half)
