"""Composing frames of any size, colours and pixel format."""

from fractions import Fraction
import logging

import av
from av.video.reformatter import ColorRange, Colorspace
import numpy as np
import pytest

from custom_components.retrocam.core.frames.geometry import Rect
from custom_components.retrocam.core.frames.jpeg import planes
from custom_components.retrocam.core.grid.compositor import GridView
from custom_components.retrocam.core.grid.layout import Layout

from ..media import pattern
from .grid_harness import QUARTERS, luma_of, make_grid, plain


def test_pictures_are_tagged_and_positions_rise_through_runs() -> None:
    grid = make_grid()
    grid.run(5)
    grid.clock.now += 100
    grid.run(5)
    positions = [picture.position for picture in grid.pictures]
    assert positions == sorted(set(positions))
    frame = grid.pictures[-1].frame
    assert (frame.format.name, frame.colorspace, frame.color_range) == (
        "yuv420p",
        Colorspace.ITU709,
        ColorRange.MPEG,
    )


def test_only_changed_tiles_are_redrawn_on_a_new_canvas() -> None:
    grid = make_grid([(320, 180, 25)] * 4)

    def step(tick: int) -> None:
        if tick == 3:
            for source in grid.sources[1:]:
                source.hangs = True

    grid.run(5, step)
    before, after = grid.pictures[-2:]
    kept = planes(before.frame)[0].copy()
    assert not np.array_equal(luma_of(before, QUARTERS[0]), luma_of(after, QUARTERS[0]))
    for area in QUARTERS[1:]:
        assert np.array_equal(luma_of(before, area), luma_of(after, area))
    assert np.array_equal(planes(before.frame)[0], kept)


def test_member_may_change_size_mid_stream() -> None:
    grid = make_grid([(320, 180, 25)] * 2)

    def step(tick: int) -> None:
        if tick == 5:
            grid.sources[0].pattern = pattern(180, 320, 25)
        if tick == 10:
            assert grid.numbers()[0] is not None
            borders = luma_of(grid.pictures[-1], Rect(0, 0, 100, 160))
            assert borders.max() <= 16
            grid.sources[0].pattern = pattern(640, 360, 25)

    grid.run(15, step)
    assert None not in grid.numbers().values()


@pytest.mark.parametrize(
    ("colour", "expected"),
    # ITU-R BT.709-6, limited range.
    [
        ((255, 0, 0), (63, 102, 240)),
        ((0, 0, 255), (32, 240, 118)),
        ((255, 255, 255), (235, 128, 128)),
    ],
)
def test_colours_are_converted_to_bt709(
    colour: tuple[int, int, int], expected: tuple[int, int, int]
) -> None:
    grid = make_grid([(320, 180, 25)])
    grid.sources[0].hangs = True
    grid.run(3, lambda _tick: grid.sources[0].emit(plain(colour)))
    found = [int(plane[10, 10]) for plane in planes(grid.pictures[-1].frame)]
    assert found == pytest.approx(expected, abs=2)


def test_shared_frames_are_not_modified() -> None:
    grid = make_grid([(320, 180, 25)])
    grid.sources[0].hangs = True
    frame = av.VideoFrame(320, 180, "yuv420p")
    frame.pts, frame.time_base = 7, Fraction(1, 25)
    before = (frame.colorspace, frame.color_range, frame.pts, frame.time_base)
    grid.run(3, lambda _tick: grid.sources[0].emit(frame))
    assert grid.pictures
    assert (frame.colorspace, frame.color_range, frame.pts, frame.time_base) == before


def test_invalid_picture_is_logged_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING)
    grid = make_grid([(320, 180, 25)] * 2)
    grid.sources[0].hangs = True
    grid.run(70, lambda _tick: grid.sources[0].emit(av.VideoFrame(0, 0, "yuv420p")))
    assert caplog.text.count("cannot be shown") == 1
    assert grid.numbers()[1] is not None


def test_unsupported_pixel_format_leaves_a_plate(caplog: pytest.LogCaptureFixture) -> None:
    grid = make_grid([(320, 180, 25)] * 2)
    grid.sources[0].hangs = True
    caplog.set_level(logging.WARNING)
    odd = av.VideoFrame(64, 36, "bgr4")
    grid.run(10, lambda tick: grid.sources[0].emit(odd if tick % 2 else plain((9, 9, 9))))
    assert grid.numbers()[1] is not None
    assert caplog.text.count("Camera 0 cannot be shown") == 1


def test_names_are_drawn_in_the_corner() -> None:
    grid = make_grid([(320, 180, 25)] * 2)
    for source in grid.sources:
        source.hangs = True
    grid.sources[1].name = ""
    white = plain((255, 255, 255), 320, 180)

    def step(_tick: int) -> None:
        for source in grid.sources:
            source.emit(white)

    grid.run(3, step)
    corners = [luma_of(grid.pictures[-1], Rect(left, 252, 60, 18)) for left in (0, 480)]
    assert corners[0].min() < 60
    assert corners[0].max() > 200
    assert corners[1].min() == 235


def test_unused_quarters_are_black() -> None:
    grid = make_grid([(320, 180, 25)] * 2)

    def step(tick: int) -> None:
        if tick == 3:
            grid.grid.view = GridView(Layout.SINGLE)
        if tick == 6:
            grid.grid.view = GridView(Layout.QUAD)

    grid.run(8, step)
    assert luma_of(grid.pictures[-1], QUARTERS[2]).max() == 16
