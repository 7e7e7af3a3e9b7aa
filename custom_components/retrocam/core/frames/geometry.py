"""Rectangles of 4:2:0 frames: fitting, filling, and slices of the planes.

Every edge is even, so that a rectangle covers whole samples of the halved chroma planes.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

type YuvPlanes = tuple[NDArray[np.uint8], ...]
"""Luma (rows, cols) and the two halved chroma planes of a frame, uint8."""

BLACK: Final = 16
NEUTRAL: Final = 128


class Rect(NamedTuple):
    """A rectangle in pixels; all four numbers are even."""

    left: int
    top: int
    width: int
    height: int


def even(length: float) -> int:
    """Return the nearest even number of pixels, at least 2."""
    return max(2, round(length / 2) * 2)


def fitted_size(width: int, height: int, aspect: float) -> tuple[int, int]:
    """Return the largest even (width, height) of an aspect (width / height) within an even size."""
    fitting = min(width, height * aspect)
    return min(width, even(fitting)), min(height, even(fitting / aspect))


def fitted(area: Rect, width: int, height: int) -> Rect:
    """Return the letterboxed rectangle of a `width` by `height` frame in `area`, centred.

    Raises ValueError for a frame without pixels.
    """
    if width < 1 or height < 1:
        raise ValueError(f"a frame of {width}x{height} pixels")
    fitted_width, fitted_height = fitted_size(area.width, area.height, width / height)
    return Rect(
        area.left + (area.width - fitted_width) // 4 * 2,
        area.top + (area.height - fitted_height) // 4 * 2,
        fitted_width,
        fitted_height,
    )


def fill(planes: YuvPlanes, area: Rect, luma: int) -> None:
    """Fill a rectangle with a gray."""
    for plane, level in zip(plane_slices(planes, area), (luma, NEUTRAL, NEUTRAL), strict=True):
        plane[:] = level


def plane_slices(planes: YuvPlanes, area: Rect) -> YuvPlanes:
    """Return views of a rectangle in each of the three planes."""
    left, top, width, height = area
    return tuple(
        plane[top // step : (top + height) // step, left // step : (left + width) // step]
        for plane, step in zip(planes, (1, 2, 2), strict=True)
    )
