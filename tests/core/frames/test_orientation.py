"""Orientation moves samples without changing them."""

from fractions import Fraction

import av
from av.video.reformatter import VideoReformatter
import numpy as np
import pytest

from custom_components.retrocam.core.frames.filter_graph import CachedFilterGraph
from custom_components.retrocam.core.frames.jpeg import planes
from custom_components.retrocam.core.frames.orientation import orient, orient_steps

INVERSES = {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6}
# Where the corners of a picture, named clockwise from the upper left, are to be seen afterwards.
CORNERS = {
    1: "ABCD",
    2: "BADC",
    3: "CDAB",
    4: "DCBA",
    5: "ADCB",
    6: "BCDA",
    7: "CBAD",
    8: "DABC",
}
SIZES = [(64, 48), (641, 481), (130, 6), (5, 3), (1, 1), (1, 7)]


def noise(width: int, height: int, pixel_format: str = "yuv420p") -> av.VideoFrame:
    """Create a frame of random samples."""
    frame = av.VideoFrame(width, height, pixel_format)
    random = np.random.default_rng(width * height)
    for plane in planes(frame):
        plane[:] = random.integers(16, 235, plane.shape)
    return frame


def samples(frame: av.VideoFrame) -> list[list[list[int]]]:
    """Copy the samples of all planes."""
    return [plane.tolist() for plane in planes(frame)]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_corners_match_exif(orientation: int) -> None:
    frame = noise(64, 48)
    for plane in planes(frame):
        rows, columns = plane.shape
        for name, row, column in zip("ABCD", (0, 0, 1, 1), (0, 1, 1, 0), strict=True):
            top, left = row * rows // 2, column * columns // 2
            plane[top : top + rows // 2, left : left + columns // 2] = ord(name)

    turned = orient(frame, orientation)

    assert (turned.width, turned.height) == ((64, 48) if orientation < 5 else (48, 64))
    for plane in planes(turned):
        corners = plane[0, 0], plane[0, -1], plane[-1, -1], plane[-1, 0]
        assert "".join(chr(corner) for corner in corners) == CORNERS[orientation]


@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuvj420p"])
@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_inverse_orientation_restores_samples(
    orientation: int, width: int, height: int, pixel_format: str
) -> None:
    frame = noise(width, height, pixel_format)
    before = samples(frame)

    turned = orient(frame, orientation)
    back = orient(turned, INVERSES[orientation])

    assert samples(back) == before
    assert samples(frame) == before
    assert (back.width, back.height, back.format.name) == (width, height, pixel_format)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuvj420p"])
def test_filters_equal_orient(orientation: int, pixel_format: str) -> None:
    frame = noise(130, 66, pixel_format)
    steps = [*orient_steps(orientation), ("null", {})]
    filtered = CachedFilterGraph(lambda _kind: steps).run(frame)
    assert samples(filtered) == samples(orient(frame, orientation))


def test_orientation_1_returns_the_frame() -> None:
    frame = noise(64, 48)

    assert orient(frame, 1) is frame


@pytest.mark.parametrize("orientation", [0, 9, -1])
def test_invalid_orientation_is_rejected(orientation: int) -> None:
    with pytest.raises(ValueError, match="orientation"):
        orient(noise(64, 48), orientation)
    with pytest.raises(ValueError, match="orientation"):
        list(orient_steps(orientation))


@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv422p", "yuv420p10le"])
def test_time_and_colour_tags_are_kept(pixel_format: str) -> None:
    frame = noise(64, 48).reformat(format=pixel_format, threads=1)
    frame.pts, frame.time_base = 4711, Fraction(1, 90000)
    frame.colorspace, frame.color_range = 9, 1
    frame.color_primaries, frame.color_trc = 9, 16

    turned = orient(frame, 6)

    assert turned.time == pytest.approx(4711 / 90000)
    assert turned.pts == 4711
    assert (turned.colorspace, turned.color_range) == (9, 1)
    assert (turned.color_primaries, turned.color_trc) == (9, 16)
    assert turned.format.name == "yuv420p"


def test_missing_tags_stay_missing() -> None:
    turned = orient(noise(64, 48), 6)

    assert turned.pts is None
    assert (turned.colorspace, turned.color_range) == (2, 0)


@pytest.mark.parametrize("tagged", [(1, 1), (1, 2), (5, 1), (5, 2), (2, 0)])
@pytest.mark.parametrize(
    "pixel_format", ["nv12", "yuv422p", "yuv444p", "yuvj422p", "yuv420p10le", "rgb24", "gray"]
)
def test_other_formats_keep_their_colours(pixel_format: str, tagged: tuple[int, int]) -> None:
    columns, rows = np.meshgrid(np.linspace(40, 200, 96), np.linspace(200, 60, 64))
    rgb = np.stack([columns, rows, (columns + rows) / 2], axis=-1).astype(np.uint8)
    matrix, value_range = tagged
    frame = VideoReformatter().reformat(
        av.VideoFrame.from_ndarray(rgb, "rgb24"),
        format=pixel_format,
        dst_colorspace=matrix if matrix != 2 else None,
        dst_color_range=value_range,
        threads=1,
    )
    if pixel_format != "rgb24":
        frame.colorspace, frame.color_range = matrix, value_range
    seen = frame.to_ndarray(format="rgb24").astype(np.int16)

    turned = orient(frame, 3).to_ndarray(format="rgb24")

    assert np.abs(turned[::-1, ::-1] - seen).max() <= 6
