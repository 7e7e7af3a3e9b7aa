"""Planes represent frames of any format, and codes stay near them."""

import av
from hypothesis import given, settings, strategies as st
import numpy as np
from numpy.typing import NDArray
import pytest

from custom_components.retrocam.core.ascii.planes import AsciiPlanes, PlaneLayout
from custom_components.retrocam.core.ascii.presets import CHARSETS
from custom_components.retrocam.core.ascii.raster import Quantiser, Raster, Scaler
from custom_components.retrocam.core.ascii.wire import AsciiEncoder, PacketType

from .ascii_decoder import decode_planes, split_planes
from .drawing import film, to_rgb, yuv_frame

RAMP = CHARSETS["ramp"]


def rastered(frame: av.VideoFrame, cols: int, rows: int) -> AsciiPlanes:
    """Make the planes of one picture."""
    raster = Raster(cols, rows, RAMP)
    return raster.planes(raster.shrink(frame))


def coloured(width: int, height: int) -> NDArray[np.uint8]:
    """Draw a soft RGB gradient that differs in all four corners."""
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    rgb = np.stack([40 + 180 * x, 200 - 150 * y, 60 + 60 * x + 90 * y], axis=-1)
    return rgb.astype(np.uint8)


@pytest.mark.parametrize(("cols", "rows"), [(16, 12), (13, 7), (40, 30), (1, 1)])
def test_luma_is_the_mean_of_its_area(cols: int, rows: int) -> None:
    luma = np.random.default_rng(2).integers(0, 256, (rows * 4, cols * 6 // 2 * 2), np.uint8)
    planes = rastered(yuv_frame(luma), cols, rows)
    width = luma.shape[1] // cols
    exact = luma.reshape(rows, 4, cols, width).mean(axis=(1, 3))
    assert planes.y.shape == (rows, cols)
    assert planes.cb.shape == planes.cr.shape == ((rows + 1) // 2, (cols + 1) // 2)
    np.testing.assert_allclose(planes.y, exact, atol=2)


def test_dropped_fields_keep_the_mean() -> None:
    rng = np.random.default_rng(3)
    soft = np.linspace(20, 230, 20)[:, None] + np.linspace(-15, 15, 30)
    luma = np.kron(soft, np.ones((16, 8))) + rng.normal(0, 4, (320, 240))
    planes = rastered(yuv_frame(np.clip(luma, 0, 255).astype(np.uint8)), 30, 20)
    np.testing.assert_allclose(planes.y, soft, atol=3)


@pytest.mark.parametrize(("cols", "rows"), [(120, 50), (20, 6), (1, 1)])
def test_large_flat_picture_keeps_its_value(cols: int, rows: int) -> None:
    for value in (1, 100, 254):
        planes = rastered(yuv_frame(np.full((1080, 1920), value, np.uint8), blue=99), cols, rows)
        assert np.unique(planes.y).tolist() == [value]
        assert np.unique(planes.cb).tolist() == [99]


def test_limited_range_becomes_full() -> None:
    luma = np.full((32, 64), 16, np.uint8)
    luma[:, 32:] = 235
    planes = rastered(yuv_frame(luma, full=False), 8, 4)
    assert planes.y[:, 0].tolist() == [0] * 4
    assert planes.y[:, -1].tolist() == [255] * 4
    assert planes.cb.tolist() == [[128] * 4] * 2


@pytest.mark.parametrize(
    "pixels",
    ["yuv420p", "yuvj420p", "yuvj422p", "nv12", "yuv444p", "yuv420p10le", "rgb24", "bgra", "gbrp"],
)
def test_pixel_formats_give_equal_planes(pixels: str) -> None:
    rgb = coloured(96, 64)
    frame = av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(format=pixels)
    exact = rgb.reshape(4, 16, 6, 16, 3).mean(axis=(1, 3))  # as chroma is
    shown = to_rgb(rastered(frame, 12, 8)).reshape(4, 2, 6, 2, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(shown, exact, atol=6)


def test_gray_is_gray() -> None:
    frame = av.VideoFrame.from_ndarray(np.full((32, 32), 77, np.uint8), format="gray")
    planes = rastered(frame, 4, 4)
    assert planes.y.tolist() == [[77] * 4] * 4
    assert planes.cr.tolist() == [[128] * 2] * 2


def test_untagged_hd_is_read_as_bt709_and_sd_as_bt601() -> None:
    for width, matrix in ((1920, 1), (640, 5)):
        frame = av.VideoFrame.from_ndarray(np.full((360, width, 3), (220, 30, 30), np.uint8))
        frame = frame.reformat(format="yuv420p", dst_colorspace=matrix)
        frame.colorspace = 2  # not said
        np.testing.assert_allclose(to_rgb(rastered(frame, 8, 4))[2, 4], (220, 30, 30), atol=5)


@pytest.mark.parametrize("matrix", [1, 4, 5, 7, 9])
@pytest.mark.parametrize(("cols", "rows"), [(8, 4), (7, 5)])
def test_matrices_give_equal_colours(matrix: int, cols: int, rows: int) -> None:
    colours = [(220, 30, 30), (30, 200, 60), (40, 50, 230), (250, 250, 10), (255, 255, 255)]
    for colour in [*colours, (0, 0, 0), (128, 128, 128)]:
        frame = av.VideoFrame.from_ndarray(np.full((96, 128, 3), colour, np.uint8))
        frame = frame.reformat(format="yuv420p", dst_colorspace=matrix)
        frame.colorspace = matrix
        rgb = to_rgb(rastered(frame, cols, rows))
        np.testing.assert_allclose(rgb, np.broadcast_to(colour, rgb.shape), atol=5)


def test_source_may_change_mid_stream() -> None:
    scaler = Scaler(8, 6)
    for width, height, value in ((64, 48, 10), (320, 240, 90), (64, 48, 200)):
        small = scaler.scale(yuv_frame(np.full((height, width), value, np.uint8)))
        assert (small.width, small.height, small.format.name) == (8, 6, "yuv420p")
        assert abs(int(small.to_ndarray()[0, 0]) - value) <= 1


def test_small_source_is_enlarged() -> None:
    planes = rastered(yuv_frame(np.repeat(np.array([[0], [250]], np.uint8), 4, axis=1)), 12, 10)
    assert planes.y[0].max() < 30
    assert planes.y[-1].min() > 220


def test_frame_is_only_read() -> None:
    frame = av.VideoFrame.from_ndarray(coloured(64, 48)).reformat(format="yuv420p")
    before = frame.to_ndarray().copy()
    tags = (frame.colorspace, frame.color_range, frame.pts, frame.width, frame.height)
    rastered(frame, 4, 3)
    np.testing.assert_array_equal(frame.to_ndarray(), before)
    assert (frame.colorspace, frame.color_range, frame.pts, frame.width, frame.height) == tags


def test_scaler_stays_usable_after_an_unsupported_format() -> None:
    scaler = Scaler(8, 6)
    with pytest.raises(av.FFmpegError):
        scaler.scale(av.VideoFrame(64, 48, "x2rgb10be"))
    assert scaler.scale(yuv_frame(np.zeros((48, 64), np.uint8))).width == 8


@pytest.mark.parametrize("colorspace", [0, 3, 8, 10, 14])
def test_unusual_tags_are_scaled(colorspace: int) -> None:
    frame = yuv_frame(np.full((48, 64), 90, np.uint8))
    frame.colorspace = colorspace
    np.testing.assert_allclose(rastered(frame, 8, 6).y, 90, atol=1)


@settings(max_examples=40, deadline=None)
@given(data=st.data(), glyphs=st.sampled_from([0, 95]))
def test_code_is_within_one_step_of_its_value(data: st.DataObject, glyphs: int) -> None:
    layout = PlaneLayout(5, 3, glyphs=glyphs)
    rng = np.random.default_rng(data.draw(st.integers(0, 1 << 30)))
    quantiser = Quantiser(layout)
    values = rng.integers(0, 256, layout.size).astype(np.uint8)
    luma = slice(0, layout.luma_size)
    chroma = slice(layout.luma_size, layout.colour_size)
    for number in range(8):
        spread = data.draw(st.sampled_from([1, 4, 12, 255]))
        moved = values.astype(int) + rng.integers(-spread, spread + 1, layout.size)
        values = np.clip(moved, 0, 255).astype(np.uint8)
        if data.draw(st.booleans()):
            values = np.where(rng.random(layout.size) < 0.5, 255, 0).astype(np.uint8)
        key = data.draw(st.booleans())
        codes = quantiser.quantise(split_planes(layout, values), key=key)
        own = np.concatenate([values[luma] >> 1, values[chroma] >> 2]).astype(int)
        distance = np.abs(codes[: layout.colour_size].astype(int) - own)
        assert distance.max() <= (0 if key or number == 0 else 1)
        np.testing.assert_array_equal(codes[layout.colour_size :], values[layout.colour_size :])
        assert codes[luma].max() < 128
        assert codes[chroma].max() < 64


def test_night_noise_costs_no_bytes() -> None:
    layout = PlaneLayout(40, 20)
    rng = np.random.default_rng(8)
    quiet = rng.integers(10, 245, layout.size)
    quantiser, encoder = Quantiser(layout), AsciiEncoder(layout)
    kinds = []
    for number in range(30):
        noisy = (quiet + rng.integers(-1, 2, layout.size)).astype(np.uint8)
        codes = quantiser.quantise(split_planes(layout, noisy), key=number == 0)
        kinds.append(encoder.encode(codes, number).type)
    changed = [kind for kind in kinds[12:] if kind is not PacketType.HOLD]
    assert not changed


def test_codes_belong_to_the_caller() -> None:
    layout = PlaneLayout(4, 2)
    quantiser = Quantiser(layout)
    values = np.full(layout.size, 100, np.uint8)
    quantiser.quantise(split_planes(layout, values))[:] = 0
    again = quantiser.quantise(split_planes(layout, values))
    assert again[0] == 50
    assert values.tolist() == [100] * layout.size


def test_moving_picture_is_small_at_37_db() -> None:
    raster = Raster(60, 30, RAMP)
    quantiser, encoder = Quantiser(raster.layout), AsciiEncoder(raster.layout)
    errors, size = [], 0
    for number, frame in enumerate(film(36)):
        exact = raster.planes(raster.shrink(frame))
        key = number % 24 == 0
        codes = quantiser.quantise(exact, key=key)
        size += len(encoder.encode(codes, number, key=key).data)
        errors.append(np.mean((to_rgb(decode_planes(raster.layout, codes)) - to_rgb(exact)) ** 2))
    assert 10 * np.log10(255**2 / np.mean(errors)) > 37
    assert size / 36 < 0.45 * raster.layout.size
