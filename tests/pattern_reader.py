"""Read back the frame number and the flash of the test pattern."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from custom_components.retrocam.core.pattern.marks import (
    FLASH,
    STRIP,
    STRIP_COLUMNS,
    STRIP_ROWS,
    Area,
    Luma,
    check_byte,
)


def read_frame_number(luma: Luma) -> int | None:
    """Read the frame number of a test pattern, modulo 2**24; None if unreadable.

    `luma` is (rows, cols) uint8, limited or full range, of the whole pattern without borders, at any
    size from 96 by 54.
    """
    height, width = luma.shape
    if width < 96 or height < 54:
        return None
    levels = np.concatenate([_means(luma[rows], *edges) for rows, *edges in _blocks(width, height)])
    if ((levels > 96) & (levels < 160)).any():
        return None
    word = int.from_bytes(np.packbits(levels >= 160).tobytes())
    number, check = word >> 8, word & 0xFF
    return number if check == check_byte(number) else None


def _means(rows: Luma, lefts: NDArray[np.intp], rights: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return the means of blocks of all the rows."""
    sums = np.append(0, rows.sum(axis=0, dtype=np.int64).cumsum())
    means: NDArray[np.float64] = (sums[rights] - sums[lefts]) / ((rights - lefts) * len(rows))
    return means


@cache
def _blocks(width: int, height: int) -> list[tuple[slice, NDArray[np.intp], NDArray[np.intp]]]:
    """Return the middles of the blocks: the rows, and the edges of the columns, of each row of them."""
    found = []
    row_height = (STRIP.bottom - STRIP.top) / STRIP_ROWS
    for row in range(STRIP_ROWS):
        top = STRIP.top + row * row_height
        areas = [
            _inner(
                Area(column / STRIP_COLUMNS, top, (column + 1) / STRIP_COLUMNS, top + row_height)
            )
            for column in range(STRIP_COLUMNS)
        ]
        places = [area.within(width, height) for area in areas]
        lefts, rights = np.array([(columns.start, columns.stop) for _, columns in places]).T
        found.append((places[0][0], lefts, rights))
    return found


def flash_visible(luma: Luma) -> bool:
    """Return whether a picture of the test pattern, (rows, cols) uint8, shows the white flash."""
    height, width = luma.shape
    return bool(luma[_inner(FLASH).within(width, height)].mean() > 128)


def _inner(area: Area) -> Area:
    """Return the middle of the area, away from its edges."""
    x, y = 0.3 * (area.right - area.left), 0.3 * (area.bottom - area.top)
    return Area(area.left + x, area.top + y, area.right - x, area.bottom - y)
