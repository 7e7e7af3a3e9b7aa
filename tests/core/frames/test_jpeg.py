"""Colours and sizes of encoded frames, for all formats of cameras."""

from fractions import Fraction

import av
import av.filter
import numpy as np
import pytest

from custom_components.retrocam.core.errors import InvalidFrameError
from custom_components.retrocam.core.frames import jpeg

from .bars import (
    BAR,
    BT601,
    BT709,
    COLOURS,
    FULL,
    LIMITED,
    UNKNOWN,
    UNTAGGED,
    assert_shows_bars,
    bars,
    flat,
    seen,
    yuv,
)


@pytest.mark.parametrize("value_range", [LIMITED, FULL])
@pytest.mark.parametrize("matrix", [BT709, BT601])
@pytest.mark.parametrize(
    "pixel_format", ["yuv420p", "nv12", "yuv422p", "yuv444p", "yuv420p10le", "p010le"]
)
def test_colours_match_the_scene(pixel_format: str, matrix: int, value_range: int) -> None:
    frame = bars(pixel_format, matrix, value_range)

    assert_shows_bars(seen(jpeg.encode(frame, quality=100)), COLOURS)
    assert (frame.colorspace, frame.color_range) == (matrix, value_range)


@pytest.mark.parametrize("value_range", [UNTAGGED, FULL])
def test_full_range_is_not_converted_twice(value_range: int) -> None:
    frame = bars("yuvj420p", BT601, FULL)
    frame.color_range = value_range

    data = jpeg.encode(frame, quality=100)

    assert_shows_bars(seen(data), COLOURS)
    for before, after in zip(jpeg.planes(frame), jpeg.planes(jpeg.decode(data)), strict=True):
        assert np.abs(before.astype(np.int16) - after).max() <= 2


def test_untagged_full_range_is_unchanged() -> None:
    frame = flat(1280, 720, luma=235)

    after = jpeg.planes(jpeg.decode(jpeg.encode(frame)))

    assert [int(plane[360 // 2, 640 // 2]) for plane in after] == pytest.approx(
        [235, 90, 200], abs=1
    )


def test_untagged_colours_are_guessed_as_players_do() -> None:
    small = bars("yuv420p", BT601, LIMITED)
    large, portrait = av.VideoFrame(1280, 720), av.VideoFrame(720, 1280)
    for plane, value in zip(jpeg.planes(large), yuv((200, 120, 40), BT709, LIMITED), strict=True):
        plane[:] = value
    for plane, same in zip(jpeg.planes(portrait), jpeg.planes(large), strict=True):
        plane[:] = same[0, 0]
    small.colorspace, small.color_range = UNKNOWN, UNTAGGED

    assert_shows_bars(seen(jpeg.encode(small, quality=100)), COLOURS)
    for frame in (large, portrait):
        picture = seen(jpeg.encode(frame, width=64, quality=100))
        assert np.abs(picture - (200, 120, 40)).max() <= 4


@pytest.mark.parametrize("pixel_format", ["rgb24", "bgra", "gbrp"])
def test_rgb_keeps_its_colours(pixel_format: str) -> None:
    picture = np.repeat(np.array([COLOURS], np.uint8), BAR, axis=1).repeat(32, axis=0)
    frame = av.VideoFrame.from_ndarray(picture, "rgb24").reformat(format=pixel_format, threads=1)

    assert_shows_bars(seen(jpeg.encode(frame, quality=100)), COLOURS)


def test_gray_stays_gray() -> None:
    ramp = np.arange(192, dtype=np.uint8)[None].repeat(32, axis=0)

    picture = seen(jpeg.encode(av.VideoFrame.from_ndarray(ramp, "gray"), quality=100))

    assert np.abs(picture - ramp[:, :, None]).max() <= 3


def test_colours_survive_h264() -> None:
    stream = av.VideoCodecContext.create("libx264", "w")
    stream.width, stream.height, stream.pix_fmt = BAR * len(COLOURS), 32, "yuv420p"
    stream.time_base = Fraction(1, 25)
    stream.colorspace, stream.color_range = BT709, LIMITED
    stream.options = {"qp": "1"}
    packets = [*stream.encode(bars("yuv420p", BT709, LIMITED)), *stream.encode(None)]
    decoder = av.VideoCodecContext.create("h264", "r")
    decoded = [frame for packet in [*packets, None] for frame in decoder.decode(packet)]

    assert len(decoded) == 1
    assert_shows_bars(seen(jpeg.encode(decoded[0], quality=100)), COLOURS)


@pytest.mark.parametrize(
    ("width", "height"), [(641, 481), (640, 481), (5, 3), (3, 8), (1, 1), (642, 362), (1920, 1080)]
)
@pytest.mark.parametrize("matrix", [BT601, BT709])
@pytest.mark.parametrize("pixel_format", ["yuvj420p", "yuv420p"])
def test_any_size_is_kept_to_its_edges(
    width: int, height: int, pixel_format: str, matrix: int
) -> None:
    frame = flat(width, height, pixel_format=pixel_format)
    frame.colorspace = matrix

    data = jpeg.encode(frame, quality=95)

    assert jpeg.size(data) == (width, height)
    picture = seen(data)
    assert np.abs(picture - picture[0, 0]).max() <= 1


def test_padded_rows_do_not_skew_the_image() -> None:
    frame = flat(642, 64)
    luma = jpeg.planes(frame)[0]
    luma[:] = np.linspace(20, 235, 642).astype(np.uint8)
    assert frame.planes[0].line_size > 642

    picture = jpeg.planes(jpeg.decode(jpeg.encode(frame, quality=100)))[0]

    assert np.abs(picture.astype(np.int16) - luma).max() <= 2


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (0, (1280, 720)),
        (640, (640, 360)),
        (333, (332, 188)),
        (1280, (1280, 720)),
        (4000, (1280, 720)),
        (1, (2, 2)),
    ],
)
def test_scaling_keeps_the_aspect(width: int, expected: tuple[int, int]) -> None:
    frame = flat(1280, 720, luma=30)
    jpeg.planes(frame)[0][:360, 640:] = 220

    data = jpeg.encode(frame, width=width, quality=95)

    assert jpeg.size(data) == expected
    columns, rows = expected
    if rows > 2:
        luma = jpeg.planes(jpeg.decode(data))[0]
        assert np.abs(luma[: rows // 2 - 4, columns // 2 + 4 :].astype(np.int16) - 220).max() <= 8
        assert np.abs(luma[rows // 2 + 4 :].astype(np.int16) - 30).max() <= 8


def test_encoder_follows_format_changes() -> None:
    encoder = jpeg.JpegEncoder(width=320)
    changing = [flat(1280, 720), bars("yuv420p", BT709, LIMITED), flat(640, 480), flat(1280, 720)]

    for frame in changing:
        assert encoder.encode(frame) == jpeg.encode(frame, width=320)


def test_higher_quality_takes_more_bytes() -> None:
    noise = np.random.default_rng(1).integers(0, 255, (64, 64, 3), np.uint8)
    frame = av.VideoFrame.from_ndarray(noise, "rgb24")

    sizes = [len(jpeg.encode(frame, quality=quality)) for quality in (20, 85, 100)]

    assert sizes == sorted(set(sizes))


@pytest.mark.parametrize("matrix", [BT601, BT709])
@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv420p10le", "rgb24"])
def test_scaling_keeps_colours(pixel_format: str, matrix: int) -> None:
    frame = bars("yuv420p", matrix, LIMITED, height=64)
    if pixel_format != "yuv420p":
        frame = frame.reformat(format=pixel_format, threads=1)

    picture = seen(jpeg.encode(frame, width=96, quality=100))

    assert picture.shape == (32, 96, 3)
    assert np.abs(picture[8:-8, 8::16] - COLOURS).max() <= 8


def test_frame_without_pixels_is_rejected() -> None:
    with pytest.raises(InvalidFrameError):
        jpeg.encode(av.VideoFrame(0, 0))


def test_negative_line_size_is_rejected() -> None:
    graph = av.filter.Graph()
    graph.link_nodes(
        graph.add_buffer(width=64, height=48, format="yuvj420p", time_base=Fraction(1, 25)),
        graph.add("vflip"),
        graph.add("buffersink"),
    ).configure()
    graph.push(flat(64, 48))
    flipped = graph.pull()

    assert isinstance(flipped, av.VideoFrame)
    assert flipped.planes[0].line_size < 0
    with pytest.raises(InvalidFrameError):
        jpeg.planes(flipped)
