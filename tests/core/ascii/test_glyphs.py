"""Glyphs: matched to the picture, rendered as text, drawn into frames."""

from itertools import pairwise

import av
import numpy as np
from numpy.typing import NDArray
import pytest

from custom_components.retrocam.core.ascii.font import bitmaps, coverage
from custom_components.retrocam.core.ascii.glyphs import GlyphPainter, ascii_frame, planes_to_text
from custom_components.retrocam.core.ascii.matching import create_matcher, glyph_samples
from custom_components.retrocam.core.ascii.planes import AsciiPlanes
from custom_components.retrocam.core.ascii.presets import CHARSETS
from custom_components.retrocam.core.ascii.raster import Raster

from .drawing import yuv_frame

BRAILLE = CHARSETS["braille"]
SHAPE = CHARSETS["shape"]


def ramp_of(cols: int = 64) -> av.VideoFrame:
    """Draw black to white from left to right."""
    line = np.linspace(0, 255, cols * 8).astype(np.uint8)
    return yuv_frame(np.repeat(line[None], cols * 4, axis=0))


def uniform(y: int, cb: int = 128, cr: int = 128, g: int | None = None) -> AsciiPlanes:
    """Return planes of 2x4 cells of one colour."""
    return AsciiPlanes(
        np.full((2, 4), y, np.uint8),
        np.full((1, 2), cb, np.uint8),
        np.full((1, 2), cr, np.uint8),
        None if g is None else np.full((2, 4), g, np.uint8),
    )


@pytest.mark.parametrize("name", CHARSETS)
def test_brighter_areas_get_more_ink(name: str) -> None:
    charset = CHARSETS[name]
    lines = ascii_frame(ramp_of(), charset, columns=32).text.split("\n")
    ink = dict(zip(charset.glyphs, coverage(charset.glyphs).mean(axis=(1, 2)), strict=True))
    means = [np.mean([ink[line[col]] for line in lines]) for col in range(0, 32, 4)]
    assert all(after >= before for before, after in pairwise(means))
    assert means[0] < means[4] < means[7]


@pytest.mark.parametrize("name", CHARSETS)
def test_text_is_inverted_for_dark_ink(name: str) -> None:
    charset = CHARSETS[name]
    plain, inverted = (
        ascii_frame(ramp_of(), charset, columns=32, invert=invert).text.split("\n")[4]
        for invert in (False, True)
    )
    ink = dict(zip(charset.glyphs, coverage(charset.glyphs).mean(axis=(1, 2)), strict=True))
    assert ink[plain[1]] < ink[plain[-2]]
    assert ink[inverted[1]] > ink[inverted[-2]]


@pytest.mark.parametrize(("columns", "rows"), [(20, 5), (400, 100), (1, 1)])
def test_text_keeps_the_aspect(columns: int, rows: int) -> None:
    frame = yuv_frame(np.zeros((60, 120), np.uint8))
    text = ascii_frame(frame, CHARSETS["ramp"], columns=columns)
    assert (text.columns, text.rows) == (columns, rows)
    assert [len(line) for line in text.text.split("\n")] == [columns] * rows


def test_text_shows_the_picture() -> None:
    luma = np.zeros((48, 64), np.uint8)
    luma[16:32, 16:48] = 255
    assert (
        ascii_frame(yuv_frame(luma), CHARSETS["ramp"], columns=8).text
        == "        \n  @@@@  \n        "
    )
    assert ascii_frame(yuv_frame(luma), BRAILLE, columns=8).text.split("\n")[1] == "⠀⠀⣿⣿⣿⣿⠀⠀"


def test_dots_lie_where_the_picture_is_bright() -> None:
    luma = np.zeros((32, 64), np.uint8)
    luma[:, :4] = 255  # the left half of the first cell
    luma[24:, 32:40] = 255  # the lowest row of the fifth
    raster = Raster(8, 2, BRAILLE)
    frame = yuv_frame(np.ascontiguousarray(luma.repeat(2, axis=0)[:64]))
    text = planes_to_text(raster.planes(raster.shrink(frame)), BRAILLE)
    assert text.split("\n")[0][0] == "⡇"
    assert text.split("\n")[1][4] in "⣿⣶⣤"


def test_grey_gets_half_of_the_dots() -> None:
    raster = Raster(8, 4, BRAILLE)
    frame = yuv_frame(np.full((64, 64), 128, np.uint8))
    planes = raster.planes(raster.shrink(frame))
    assert planes.g is not None
    assert np.unpackbits(planes.g).mean() == pytest.approx(0.5)


def drawn(glyph: str) -> NDArray[np.uint8]:
    """Return the luma of a glyph at the samples of a cell; white is 255."""
    own = glyph_samples(SHAPE.glyphs)[SHAPE.glyphs.index(glyph)].reshape(4, 2)
    luma: NDArray[np.uint8] = np.clip(own * 255, 0, 255).round().astype(np.uint8)
    return luma


@pytest.mark.parametrize("glyph", " |_/\\L-.':jTr7(")
def test_drawn_glyph_matches_itself(glyph: str) -> None:
    matcher = create_matcher(SHAPE)
    assert SHAPE.glyphs[matcher.match(drawn(glyph)).item()] == glyph


@pytest.mark.parametrize("name", ["braille", "shape"])
def test_noise_does_not_make_glyphs_flicker(name: str) -> None:
    rng = np.random.default_rng(4)
    quiet = rng.integers(20, 235, (20 * 4, 40 * 2))
    raws, changes = 0, 0
    steady = create_matcher(CHARSETS[name])
    last = steady.match(quiet.astype(np.uint8))
    first = last
    for _ in range(10):
        noisy = (quiet + rng.integers(-3, 4, quiet.shape)).astype(np.uint8)
        raws += int(np.count_nonzero(create_matcher(CHARSETS[name]).match(noisy) != first))
        now = steady.match(noisy)
        changes += int(np.count_nonzero(now != last))
        last = now
    assert raws > 300
    assert changes < raws / 8


@pytest.mark.parametrize("name", ["braille", "shape"])
def test_glyphs_follow_a_picture_that_moves_or_changes_size(name: str) -> None:
    matcher = create_matcher(CHARSETS[name])
    dark = matcher.match(np.zeros((8, 8), np.uint8))
    bright = matcher.match(np.full((8, 8), 255, np.uint8))
    assert dark.tolist() == [[0] * 4] * 2
    assert (bright > 0).all()
    assert matcher.match(np.zeros((4, 2), np.uint8)).tolist() == [[0]]


def test_background_is_black() -> None:
    frame = GlyphPainter(CHARSETS["ramp"]).draw(uniform(0, cb=30, cr=240))
    assert (frame.width, frame.height, frame.format.name) == (32, 32, "yuv420p")
    assert (frame.color_range, frame.colorspace) == (2, 6)
    assert frame.to_ndarray(format="rgb24").max() == 0


def test_full_block_has_the_colour_of_its_cell() -> None:
    rgb = (
        GlyphPainter(CHARSETS["blocks"])
        .draw(uniform(255, cb=128, cr=110))
        .to_ndarray(format="rgb24")
    )
    assert np.ptp(rgb.reshape(-1, 3), axis=0).max() <= 2
    np.testing.assert_allclose(rgb[10, 10], (230, 255, 255), atol=3)


@pytest.mark.parametrize("name", CHARSETS)
def test_glyph_is_drawn_in_its_cell(name: str) -> None:
    charset = CHARSETS[name]
    planes = uniform(255, g=0 if charset.matched else None)
    last = len(charset.glyphs) - 1
    if planes.g is not None:
        planes.g[1, 2] = last
    else:
        planes.y[:] = 0
        planes.y[1, 2] = 255
    luma = GlyphPainter(charset).draw(planes).to_ndarray()[:32]
    cell = luma[16:, 16:24] > 0
    np.testing.assert_array_equal(cell, bitmaps(charset.glyphs)[last])
    luma[16:, 16:24] = 0
    assert luma.max() == 0


def test_odd_grid_is_drawn_whole() -> None:
    planes = AsciiPlanes(
        np.full((3, 5), 255, np.uint8),
        np.full((2, 3), 128, np.uint8),
        np.full((2, 3), 128, np.uint8),
    )
    frame = GlyphPainter(CHARSETS["blocks"]).draw(planes)
    assert (frame.width, frame.height) == (40, 48)
    assert frame.to_ndarray(format="rgb24").min() == 255


def test_glyphs_fit_their_cell_and_are_distinct() -> None:
    letters = bitmaps(SHAPE.glyphs)
    assert letters.shape == (95, 16, 8)
    assert len({letter.tobytes() for letter in letters}) >= 93  # I, l and | are near
    assert not letters[0].any()
    assert letters[1:].any(axis=(1, 2)).all()
    with pytest.raises(ValueError, match="read-only"):
        letters[0, 0, 0] = True
