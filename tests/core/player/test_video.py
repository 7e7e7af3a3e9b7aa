"""Pictures: which are shown, and how they are turned."""

from fractions import Fraction
import io
from itertools import pairwise

import av
import pytest

from custom_components.retrocam.core.player.video import FrameRate, Upright

from .clips import clip


def shown(source: float, limit: float, *, told: bool = True, jitter: float = 0.0) -> list[int]:
    rate = FrameRate(limit, source if told else None)
    return [
        number
        for number in range(round(source * 2))
        if rate.shows(number / source + (jitter if number % 2 else 0))
    ]


@pytest.mark.parametrize(
    ("source", "limit"), [(24, 24), (23.976, 24), (25, 24), (15, 30), (30, 30)]
)
def test_a_source_that_is_not_faster_is_shown_whole(source: float, limit: float) -> None:
    assert len(shown(source, limit, jitter=0.02)) == round(source * 2)


@pytest.mark.parametrize(("source", "limit"), [(60, 24), (30, 24), (50, 25), (60, 30), (120, 10)])
@pytest.mark.parametrize("told", [True, False])
def test_a_faster_source_is_thinned_out_evenly(source: float, limit: float, told: bool) -> None:
    numbers = shown(source, limit, told=told)
    assert abs(len(numbers) - 2 * limit) <= 1
    steps = [after - before for before, after in pairwise(numbers)]
    assert max(steps) - min(steps) <= 1


def test_what_is_expected_is_what_is_shown() -> None:
    """Or pictures would be decoded that nobody sees, and missed that somebody should."""
    rate = FrameRate(24, 60)
    for number in range(120):
        position = number / 60
        assert rate.expects(position) == rate.shows(position) or number == 0


def test_a_clock_that_begins_again_is_followed() -> None:
    rate = FrameRate(10, None)
    assert rate.shows(100.0)
    assert not rate.shows(99.99)
    assert rate.shows(0.0)


def test_plain_frames_are_not_touched() -> None:
    frame = av.VideoFrame(320, 180, "yuv420p")
    assert Upright()(frame) is frame


def test_frames_that_change_are_followed() -> None:
    """A stream may change its size or format while it runs."""
    upright = Upright()
    for width, height, pixels in (
        (320, 180, "yuv444p"),
        (160, 90, "yuv444p"),
        (160, 90, "yuv422p10le"),
    ):
        frame = av.VideoFrame(width, height, pixels)
        frame.pts, frame.time_base = 7, Fraction(1, 25)
        made = upright(frame)
        assert (made.width, made.height, made.format.name, made.pts) == (
            width,
            height,
            "yuv420p",
            7,
        )


def test_colours_survive_ten_bits() -> None:
    def first(pixels: str) -> av.VideoFrame:
        with av.open(io.BytesIO(clip(1.0, pixels=pixels)), "r") as container:
            return next(container.decode(video=0))

    plain, made = first("yuv420p").to_ndarray(), Upright()(first("yuv420p10le")).to_ndarray()
    assert abs(plain.astype(float) - made).mean() < 2
