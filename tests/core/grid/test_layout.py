"""Layouts of a grid."""

from hypothesis import given, strategies as st
import numpy as np
import pytest

from custom_components.retrocam.core.frames.geometry import Rect, fitted
from custom_components.retrocam.core.grid.layout import MAX_MEMBERS, Layout, Tile, tiles

HD = (1280, 720)

even = st.integers(16, 1000).map(lambda half: 2 * half)


def areas(layout: Layout, count: int, main: int = 0) -> list[tuple[int, Rect]]:
    return [(tile.member, tile.area) for tile in tiles(layout, count, *HD, main)]


@given(
    layout=st.sampled_from(Layout),
    count=st.integers(1, MAX_MEMBERS),
    main=st.integers(0, MAX_MEMBERS - 1),
    width=even,
    height=even,
)
def test_tiles_are_even_disjoint_and_contain_the_main_member_once(
    layout: Layout, count: int, main: int, width: int, height: int
) -> None:
    main %= count
    rects = tiles(layout, count, width, height, main)
    members = [tile.member for tile in rects]
    assert len(set(members)) == len(members)
    assert main in members
    if layout is Layout.AUTO:
        assert members == list(range(count))
    covered = np.zeros((height, width), np.uint8)
    for _, (left, top, across, down) in rects:
        assert not any(side % 2 for side in (left, top, across, down))
        assert min(left, top) >= 0
        assert min(across, down) >= 2
        assert left + across <= width
        assert top + down <= height
        covered[top : top + down, left : left + across] += 1
    assert covered.max() == 1


@given(
    width=st.integers(1, 8000),
    height=st.integers(1, 8000),
    area=st.builds(Rect, even, even, even, even),
)
def test_picture_is_letterboxed_in_its_tile(width: int, height: int, area: Rect) -> None:
    left, top, across, down = fitted(area, width, height)
    assert not any(side % 2 for side in (left, top, across, down))
    assert area.left <= left <= area.left + area.width - across
    assert area.top <= top <= area.top + area.height - down
    assert across == area.width or down == area.height or min(across, down) == 2
    if min(across, down) > 2:
        # Rounding to even sides changes the aspect by at most a pixel.
        assert abs(across * height - down * width) <= 1.01 * max(width, height)
    assert abs((left - area.left) - (area.left + area.width - left - across)) <= 2


def test_single_shows_the_main_member() -> None:
    assert areas(Layout.SINGLE, 5, main=3) == [(3, Rect(0, 0, *HD))]


def test_one_member_fills_every_layout() -> None:
    for layout in Layout:
        assert areas(layout, 1) == [(0, Rect(0, 0, *HD))]


def test_quad_includes_the_main_member() -> None:
    assert areas(Layout.QUAD, 4) == [
        (0, Rect(0, 0, 640, 360)),
        (1, Rect(640, 0, 640, 360)),
        (2, Rect(0, 360, 640, 360)),
        (3, Rect(640, 360, 640, 360)),
    ]
    assert [member for member, _ in areas(Layout.QUAD, 9, main=5)] == [4, 5, 6, 7]
    assert [member for member, _ in areas(Layout.QUAD, 9, main=8)] == [5, 6, 7, 8]
    assert [member for member, _ in areas(Layout.QUAD, 2)] == [0, 1]


def test_main_plus_preview_has_five_small_beside_and_below() -> None:
    rects = dict(areas(Layout.MAIN_PLUS_PREVIEW, 8, main=2))
    assert list(rects) == [2, 0, 1, 3, 4, 5]
    assert rects.pop(2) == Rect(0, 0, 852, 480)
    beside = [member for member, area in rects.items() if area.left >= 852]
    below = [member for member, area in rects.items() if area.top >= 480]
    assert beside == [0, 1, 5]
    assert below == [3, 4, 5]


@pytest.mark.parametrize(
    ("count", "columns", "rows"),
    [(2, 2, 1), (3, 2, 2), (4, 2, 2), (5, 3, 2), (7, 3, 3), (9, 3, 3), (12, 4, 3), (16, 4, 4)],
)
def test_auto_is_nearly_square(count: int, columns: int, rows: int) -> None:
    rects = [area for _, area in areas(Layout.AUTO, count)]
    assert len({area.top for area in rects}) == rows
    assert len([area for area in rects if area.top == 0]) == columns


def test_auto_uses_rows_in_a_tall_picture() -> None:
    rects = tiles(Layout.AUTO, 2, 720, 1280)
    assert [tile.area for tile in rects] == [Rect(0, 0, 720, 640), Rect(0, 640, 720, 640)]


def test_auto_centres_a_partial_last_row() -> None:
    assert areas(Layout.AUTO, 3)[2] == (2, Rect(320, 360, 640, 360))


def test_portrait_and_wide_pictures_get_borders() -> None:
    area = Rect(640, 360, 640, 360)
    assert fitted(area, 360, 640) == Rect(858, 360, 202, 360)
    assert fitted(area, 1280, 360) == Rect(640, 450, 640, 180)
    assert fitted(area, 1280, 720) == area


@pytest.mark.parametrize(
    ("count", "width", "height", "main"),
    [(0, 1280, 720, 0), (17, 1280, 720, 0), (4, 1280, 720, 4), (4, 1281, 720, 0), (4, 30, 720, 0)],
)
def test_invalid_grid_is_rejected(count: int, width: int, height: int, main: int) -> None:
    with pytest.raises(ValueError, match="invalid grid"):
        tiles(Layout.AUTO, count, width, height, main)


def test_frame_without_pixels_is_rejected() -> None:
    with pytest.raises(ValueError, match="a frame of 0x5"):
        fitted(Rect(0, 0, 10, 10), 0, 5)


def test_tile_names_its_member() -> None:
    assert tiles(Layout.SINGLE, 2, *HD, 1) == (Tile(member=1, area=Rect(0, 0, 1280, 720)),)
