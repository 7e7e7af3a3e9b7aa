"""Generated pictures, readable at the size of an ASCII grid."""

from fractions import Fraction

import av
import numpy as np
from numpy.typing import NDArray

from custom_components.retrocam.core.ascii.planes import AsciiPlanes, PlaneLayout
from custom_components.retrocam.core.frames.feed import Picture

from .ascii_decoder import code_limits

NUMBER_BITS = 8
"""Bits of a readable frame number, drawn as black and white bands from left to right."""


def yuv_frame(
    luma: NDArray[np.uint8], *, blue: int = 128, red: int = 128, full: bool = True
) -> av.VideoFrame:
    """Make a yuv420p frame of BT.601 with one colour and the given luma."""
    height, width = luma.shape
    chroma = [np.full((height // 2, width // 2), value, np.uint8) for value in (blue, red)]
    whole = np.concatenate([luma.ravel(), *(plane.ravel() for plane in chroma)])
    frame = av.VideoFrame.from_ndarray(whole.reshape(-1, width), format="yuv420p")
    frame.colorspace = 5
    frame.color_range = 2 if full else 1
    return frame


def numbered(number: int, width: int = 160, height: int = 96) -> av.VideoFrame:
    """Draw a number, and a spot that moves with it."""
    bits = [255 * (number >> bit & 1) for bit in range(NUMBER_BITS)]
    luma = np.repeat(np.array(bits, np.uint8), width // NUMBER_BITS)[None].repeat(height, axis=0)
    left = number * 3 % (width - 16)
    luma[height // 2 :, left : left + 16] = 128
    return yuv_frame(np.ascontiguousarray(luma))


def picture(number: int, fps: float = 24.0) -> Picture:
    """Return a numbered frame at its position on the time line."""
    return Picture(numbered(number), 1_700_000_000 + number / fps, number / fps)


def read_number(planes: AsciiPlanes) -> int:
    """Read the number back from the upper half of the planes."""
    luma = planes.y[0]
    band = luma.size / NUMBER_BITS
    return sum(int(luma[int((bit + 0.5) * band)] > 127) << bit for bit in range(NUMBER_BITS))


def film(count: int, width: int = 320, height: int = 180) -> list[av.VideoFrame]:
    """Return a video of soft drifting colours with camera noise, through H.264."""
    rng = np.random.default_rng(5)
    y, x = np.mgrid[0:height, 0:width]
    encoder = av.CodecContext.create("libx264", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.time_base = Fraction(1, 24)
    encoder.options = {"preset": "ultrafast", "crf": "20"}
    decoder = av.CodecContext.create("h264", "r")
    assert isinstance(decoder, av.VideoCodecContext)
    packets = []
    for number in range(count):
        waves = [
            127 + 100 * np.sin((x * a + y * b) / 40 + number * c)
            for a, b, c in ((1, 0.5, 0.1), (0.3, 1, 0.05), (0.7, -0.6, 0.08))
        ]
        pixels = np.stack(waves, axis=-1) + rng.normal(0, 2, (height, width, 3))
        rgb = np.clip(pixels, 0, 255).astype(np.uint8)
        packets += encoder.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24"))
    packets += encoder.encode(None)
    frames = [frame for packet in packets for frame in decoder.decode(packet)]
    return frames + decoder.decode(None)


def to_rgb(planes: AsciiPlanes) -> NDArray[np.float64]:
    """Convert planes to RGB with the formulas of JPEG (ITU-T T.871), in floating point."""
    rows, cols = planes.y.shape
    y = planes.y.astype(np.float64)
    blue, red = (
        plane.astype(np.float64).repeat(2, axis=0)[:rows].repeat(2, axis=1)[:, :cols] - 128
        for plane in (planes.cb, planes.cr)
    )
    rgb = [y + 1.402 * red, y - 0.344136 * blue - 0.714136 * red, y + 1.772 * blue]
    return np.clip(np.stack(rgb, axis=-1), 0, 255)


def random_codes(
    layout: PlaneLayout, rng: np.random.Generator, near: NDArray[np.uint8] | None, share: float
) -> NDArray[np.uint8]:
    """Return random codes that differ from `near` in a share of all codes."""
    codes = np.empty(layout.size, np.uint8)
    for part, allowed in code_limits(layout):
        codes[part] = rng.integers(0, allowed, part.stop - part.start)
    if near is None:
        return codes
    return np.where(rng.random(layout.size) < share, codes, near)
