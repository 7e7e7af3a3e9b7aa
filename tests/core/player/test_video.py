"""Frame rate limit and normalization."""

from fractions import Fraction
import io
from itertools import pairwise

import av
import pytest

from custom_components.retrocam.core.player.video import FrameNormalizer, FrameRate

from .clips import clip


def shown(source: float, limit: float, *, known: bool = True, jitter: float = 0.0) -> list[int]:
    rate = FrameRate(limit, source if known else None)
    return [
        number
        for number in range(round(source * 2))
        if rate.shows(number / source + (jitter if number % 2 else 0))
    ]


@pytest.mark.parametrize(
    ("source", "limit"), [(24, 24), (23.976, 24), (25, 24), (15, 30), (30, 30)]
)
def test_a_source_within_the_limit_is_shown_completely(source: float, limit: float) -> None:
    assert len(shown(source, limit, jitter=0.02)) == round(source * 2)


@pytest.mark.parametrize(("source", "limit"), [(60, 24), (30, 24), (50, 25), (60, 30), (120, 10)])
@pytest.mark.parametrize("known", [True, False])
def test_a_faster_source_is_thinned_out_evenly(source: float, limit: float, known: bool) -> None:
    numbers = shown(source, limit, known=known)
    assert abs(len(numbers) - 2 * limit) <= 1
    steps = [after - before for before, after in pairwise(numbers)]
    assert max(steps) - min(steps) <= 1


def test_expects_agrees_with_shows() -> None:
    """Else hidden frames would be decoded, and shown ones skipped."""
    rate = FrameRate(24, 60)
    for number in range(120):
        position = number / 60
        assert rate.expects(position) == rate.shows(position) or number == 0


def test_positions_may_restart() -> None:
    rate = FrameRate(10, None)
    assert rate.shows(100.0)
    assert not rate.shows(99.99)
    assert rate.shows(0.0)


def test_normal_frames_are_returned_unchanged() -> None:
    frame = av.VideoFrame(320, 180, "yuv420p")
    assert FrameNormalizer()(frame) is frame


def test_size_and_format_may_change() -> None:
    """As they may within a stream."""
    normalize = FrameNormalizer()
    for width, height, pixels in (
        (320, 180, "yuv444p"),
        (160, 90, "yuv444p"),
        (160, 90, "yuv422p10le"),
    ):
        frame = av.VideoFrame(width, height, pixels)
        frame.pts, frame.time_base = 7, Fraction(1, 25)
        result = normalize(frame)
        assert (result.width, result.height, result.format.name, result.pts) == (
            width,
            height,
            "yuv420p",
            7,
        )


def test_10_bit_video_keeps_its_colours() -> None:
    def first(pixels: str) -> av.VideoFrame:
        with av.open(io.BytesIO(clip(1.0, pixels=pixels)), "r") as container:
            return next(container.decode(video=0))

    original = first("yuv420p").to_ndarray()
    converted = FrameNormalizer()(first("yuv420p10le")).to_ndarray()
    assert abs(original.astype(float) - converted).mean() < 2
