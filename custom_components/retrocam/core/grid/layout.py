"""Where the pictures of a grid lie. Pure geometry: pixels in, rectangles out.

Every edge is even, see `areas`.
"""

from enum import StrEnum
from typing import Final, NamedTuple

from ..frames.geometry import Rect

MOST_MEMBERS: Final = 16
"""Members of one grid; a tile of 1280x720 is then 320x180."""

_PREVIEW_CELLS: Final = 3
"""Cells in a row and in a column of `main_plus_preview`; the main one takes two by two."""


class Layout(StrEnum):
    """How a grid shows its members."""

    SINGLE = "single"
    """The main member alone."""
    QUAD = "quad"
    """Four members, two by two: those among which the main one is."""
    MAIN_PLUS_PREVIEW = "main_plus_preview"
    """The main member large, and up to five others small beside and below it."""
    AUTO = "auto"
    """All members, as near to a square as their number allows."""


class Tile(NamedTuple):
    """The place of one member."""

    member: int
    """Its index among the members of the grid."""
    area: Rect
    """All that is its own, with the borders of a picture of other proportions."""


def tiles(layout: Layout, count: int, width: int, height: int, main: int = 0) -> tuple[Tile, ...]:
    """Return the tiles of a grid of `count` members in a picture of `width` by `height` pixels.

    `main` is the index of the main member. Members without a tile are not shown. Raises ValueError
    for no members or too many, a main member that is none of them, or sides that are odd or below
    two pixels for each cell.
    """
    if not 1 <= count <= MOST_MEMBERS or not 0 <= main < count:
        raise ValueError(f"a grid of {count} members whose main one is number {main}")
    if width % 2 or height % 2 or min(width, height) < 2 * MOST_MEMBERS:
        raise ValueError(f"a grid of {width}x{height} pixels")
    if layout is Layout.SINGLE or count == 1:
        return (Tile(main, Rect(0, 0, width, height)),)
    if layout is Layout.QUAD:
        first = max(0, min(main // 4 * 4, count - 4))
        shown = range(first, min(count, first + 4))
        return _Partition(2, 2, width, height).filled(list(shown))
    if layout is Layout.MAIN_PLUS_PREVIEW:
        return _main_plus_preview(count, width, height, main)
    columns, rows = _near_square(count, width, height)
    return _Partition(columns, rows, width, height).filled(list(range(count)), centred=True)


class _Partition(NamedTuple):
    """An even partition of a picture into cells, which meet without a gap."""

    columns: int
    rows: int
    width: int
    height: int

    def cell(self, column: int, row: int, *, span: int = 1) -> Rect:
        """Return a cell, or a square of `span` by `span` cells."""
        left, right = (self.width * x // self.columns // 2 * 2 for x in (column, column + span))
        top, bottom = (self.height * y // self.rows // 2 * 2 for y in (row, row + span))
        return Rect(left, top, right - left, bottom - top)

    def filled(self, members: list[int], *, centred: bool = False) -> tuple[Tile, ...]:
        """Fill the cells row by row; a last row that is not full may stand in the middle."""
        missing = self.columns * self.rows - len(members)
        shift = (self.width * missing // self.columns // 4 * 2) if centred else 0
        found = []
        for place, member in enumerate(members):
            row, column = divmod(place, self.columns)
            area = self.cell(column, row)
            if row == self.rows - 1:
                area = area._replace(left=area.left + shift)
            found.append(Tile(member, area))
        return tuple(found)


def _near_square(count: int, width: int, height: int) -> tuple[int, int]:
    """Return the columns and rows that show pictures of 16:9 largest, with the fewest empty cells.

    Of two that are equal in both, the one with more columns.
    """

    def badness(columns: int) -> tuple[float, int, int]:
        rows = -(-count // columns)
        scale = min(width / columns / 16, height / rows / 9)
        return -scale, columns * rows - count, -columns

    columns = min(range(1, count + 1), key=badness)
    return columns, -(-count // columns)


def _main_plus_preview(count: int, width: int, height: int, main: int) -> tuple[Tile, ...]:
    cells = _Partition(_PREVIEW_CELLS, _PREVIEW_CELLS, width, height)
    others = [member for member in range(count) if member != main]
    # Beside the main one from the top, and then below it from the left.
    places = [(2, 0), (2, 1), (0, 2), (1, 2), (2, 2)]
    return (
        Tile(main, cells.cell(0, 0, span=2)),
        *(
            Tile(member, cells.cell(column, row))
            for member, (column, row) in zip(others, places, strict=False)
        ),
    )
