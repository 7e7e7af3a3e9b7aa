"""Layouts of a grid: the rectangle of each tile. Every edge is even, see `frames.geometry`."""

from enum import StrEnum
from typing import Final, NamedTuple

from ..frames.geometry import Rect

MAX_MEMBERS: Final = 16
"""Members per grid; the tiles of 1280x720 are then 320x180."""

_PREVIEW_CELLS: Final = 3
"""Columns and rows of `main_plus_preview`; the main member takes two by two cells."""


class Layout(StrEnum):
    """Arrangement of the members of a grid."""

    SINGLE = "single"
    """The main member alone."""
    QUAD = "quad"
    """Four members, two by two, including the main one."""
    MAIN_PLUS_PREVIEW = "main_plus_preview"
    """The main member large, and up to five others small beside and below it."""
    AUTO = "auto"
    """All members, in nearly as many columns as rows."""


class Tile(NamedTuple):
    """Position of one member."""

    member: int
    """Index of the member in the grid."""
    area: Rect
    """Including the borders of a letterboxed picture."""


def tiles(layout: Layout, count: int, width: int, height: int, main: int = 0) -> tuple[Tile, ...]:
    """Return the tiles of a grid of `count` members in a picture of `width` by `height` pixels.

    `main` is the index of the main member. Members without a tile are hidden. Raises ValueError for an
    invalid count or main member, and for sides that are odd or below two pixels per cell.
    """
    if not 1 <= count <= MAX_MEMBERS or not 0 <= main < count:
        raise ValueError(f"invalid grid of {count} members with main member {main}")
    if width % 2 or height % 2 or min(width, height) < 2 * MAX_MEMBERS:
        raise ValueError(f"invalid grid of {width}x{height} pixels")
    if layout is Layout.SINGLE or count == 1:
        return (Tile(main, Rect(0, 0, width, height)),)
    if layout is Layout.QUAD:
        first = max(0, min(main // 4 * 4, count - 4))
        return _Cells(2, 2, width, height).filled(range(first, min(count, first + 4)))
    if layout is Layout.MAIN_PLUS_PREVIEW:
        return _main_plus_preview(count, width, height, main)
    columns, rows = _best_columns(count, width, height)
    return _Cells(columns, rows, width, height).filled(range(count), centred=True)


class _Cells(NamedTuple):
    """An even partition of a picture into adjacent cells."""

    columns: int
    rows: int
    width: int
    height: int

    def cell(self, column: int, row: int, *, span: int = 1) -> Rect:
        """Return a square of `span` by `span` cells."""
        left, right = (self.width * x // self.columns // 2 * 2 for x in (column, column + span))
        top, bottom = (self.height * y // self.rows // 2 * 2 for y in (row, row + span))
        return Rect(left, top, right - left, bottom - top)

    def filled(self, members: range, *, centred: bool = False) -> tuple[Tile, ...]:
        """Fill the cells row by row, optionally with the last row centred."""
        empty = self.columns * self.rows - len(members)
        shift = (self.width * empty // self.columns // 4 * 2) if centred else 0
        filled_tiles = []
        for index, member in enumerate(members):
            row, column = divmod(index, self.columns)
            area = self.cell(column, row)
            if row == self.rows - 1:
                area = area._replace(left=area.left + shift)
            filled_tiles.append(Tile(member, area))
        return tuple(filled_tiles)


def _best_columns(count: int, width: int, height: int) -> tuple[int, int]:
    """Return (columns, rows): largest 16:9 tiles, then fewest empty cells, then most columns."""

    def cost(columns: int) -> tuple[float, int, int]:
        rows = -(-count // columns)
        scale = min(width / columns / 16, height / rows / 9)
        return -scale, columns * rows - count, -columns

    columns = min(range(1, count + 1), key=cost)
    return columns, -(-count // columns)


def _main_plus_preview(count: int, width: int, height: int, main: int) -> tuple[Tile, ...]:
    cells = _Cells(_PREVIEW_CELLS, _PREVIEW_CELLS, width, height)
    others = [member for member in range(count) if member != main]
    # (column, row): beside the main member downwards, then below it from the left.
    positions = [(2, 0), (2, 1), (0, 2), (1, 2), (2, 2)]
    previews = zip(others, positions, strict=False)
    return (
        Tile(main, cells.cell(0, 0, span=2)),
        *(Tile(member, cells.cell(*position)) for member, position in previews),
    )
