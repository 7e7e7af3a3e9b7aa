"""Frames of any size and colours become one size and matrix; the input is unchanged."""

from fractions import Fraction

import av
from av.video.reformatter import ColorRange, Colorspace
import numpy as np
import pytest

from custom_components.retrocam.core.frames.jpeg import planes
from custom_components.retrocam.core.frames.letterbox import Letterboxer
from custom_components.retrocam.core.pattern.picture import TestPattern

from ...pattern_reader import read_frame_number


def plain(
    width: int, height: int, yuv: tuple[int, int, int], name: str = "yuv420p"
) -> av.VideoFrame:
    frame = av.VideoFrame(width, height, name)
    for plane, value in zip(planes(frame), yuv, strict=True):
        plane[:] = value
    return frame


def colour(frame: av.VideoFrame, x: int, y: int) -> list[int]:
    luma, cb, cr = planes(frame)
    return [int(luma[y, x]), int(cb[y // 2, x // 2]), int(cr[y // 2, x // 2])]


@pytest.mark.parametrize(
    ("size", "inside"),
    [
        ((640, 360), (slice(0, 360), slice(0, 640))),
        ((1280, 720), (slice(0, 360), slice(0, 640))),
        ((320, 180), (slice(0, 360), slice(0, 640))),
        ((640, 480), (slice(0, 360), slice(80, 560))),
        ((360, 640), (slice(0, 360), slice(219, 421))),
        ((960, 360), (slice(60, 300), slice(0, 640))),
    ],
)
def test_aspect_is_kept(size: tuple[int, int], inside: tuple[slice, slice]) -> None:
    fitted = Letterboxer(640, 360).fit(TestPattern(*size).render(4711, 0))
    luma = planes(fitted)[0]
    assert luma.shape == (360, 640)
    assert read_frame_number(luma[inside]) == 4711
    border = np.ones(luma.shape, bool)
    border[inside] = False
    # At an odd edge, one adjacent pixel may have either colour.
    border &= ~(np.roll(~border, 2, 1) | np.roll(~border, -2, 1))
    assert (luma[border] == 16).all()


def test_fitting_frame_is_not_copied() -> None:
    frame = TestPattern(320, 180, 25).render(50, 0)
    before = [plane.copy() for plane in planes(frame)]
    fitted = Letterboxer(320, 180).fit(frame)
    fitted.pts, fitted.time_base, fitted.pict_type = 7, Fraction(1, 90000), 1
    assert (frame.pts, frame.time, frame.pict_type) == (50, 2.0, 0)
    for out, came, was in zip(planes(fitted), planes(frame), before, strict=True):
        assert np.shares_memory(out, came)
        assert np.array_equal(out, was)


@pytest.mark.parametrize("pixel_format", ["rgb24", "bgr24", "gray", "yuv444p", "nv12", "yuvj420p"])
def test_any_pixel_format_becomes_yuv420p(pixel_format: str) -> None:
    frame = TestPattern(640, 360).render(99, 0).reformat(format=pixel_format)
    fitted = Letterboxer(640, 360).fit(frame)
    assert fitted.format.name == "yuv420p"
    assert read_frame_number(planes(fitted)[0]) == 99
    assert (fitted.colorspace, fitted.color_range) == (Colorspace.ITU709, ColorRange.MPEG)


def test_full_range_becomes_limited() -> None:
    frame = plain(64, 64, (255, 128, 128), "yuvj420p")
    frame.color_range = ColorRange.JPEG
    assert colour(Letterboxer(64, 64).fit(frame), 32, 32) == pytest.approx([235, 128, 128], abs=1)


# Pure red of limited range, by the formulas of ITU-R BT.601 and BT.709.
RED_601, RED_709 = (81, 90, 240), (63, 102, 240)


@pytest.mark.parametrize(
    ("size", "colorspace", "red"),
    [
        ((64, 64), 2, RED_601),
        ((64, 64), 6, RED_601),
        ((64, 64), 1, RED_709),
        ((1024, 720), 2, RED_709),
        ((1024, 720), 6, RED_601),
    ],
)
def test_red_stays_red(size: tuple[int, int], colorspace: int, red: tuple[int, int, int]) -> None:
    frame = plain(*size, red)
    frame.colorspace = colorspace
    fitted = Letterboxer(128, 128).fit(frame)
    assert colour(fitted, 64, 64) == pytest.approx(RED_709, abs=2)


def test_source_may_change_its_size() -> None:
    fitter = Letterboxer(640, 360)
    for number, size in enumerate([(640, 360), (640, 480), (1280, 720), (640, 360)]):
        fitted = fitter.fit(TestPattern(*size).render(number, 0))
        assert (fitted.width, fitted.height) == (640, 360)
        crop = slice(80, 560) if size == (640, 480) else slice(None)
        assert read_frame_number(planes(fitted)[0][:, crop]) == number
