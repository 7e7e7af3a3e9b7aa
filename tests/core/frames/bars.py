"""Frames of colour bars or one colour, and their colours as decoded by a viewer."""

from collections.abc import Iterable

import av
import av.filter
import numpy as np
from numpy.typing import NDArray
import simplejpeg

from custom_components.retrocam.core.frames import jpeg

COLOURS = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (0, 0, 0), (200, 120, 40)]
BAR = 32
"""Columns per bar."""

LIMITED, FULL, UNTAGGED = 1, 2, 0
BT709, UNKNOWN, BT601 = 1, 2, 6
# Luma weights of red and blue, from ITU-R BT.709 and BT.601.
WEIGHTS = {BT709: (0.2126, 0.0722), BT601: (0.299, 0.114)}


def yuv(rgb: tuple[int, int, int], matrix: int, value_range: int, depth: int = 8) -> list[int]:
    """Compute Y, Cb, Cr of a colour by the formulas of the ITU, without swscale."""
    red, green, blue = (value / 255 for value in rgb)
    weight_red, weight_blue = WEIGHTS[matrix]
    luma = weight_red * red + (1 - weight_red - weight_blue) * green + weight_blue * blue
    cb, cr = (blue - luma) / (2 - 2 * weight_blue), (red - luma) / (2 - 2 * weight_red)
    scale = 1 << (depth - 8)
    if value_range == FULL:
        top = 256 * scale - 1
        values = [luma * top, cb * top + 128 * scale, cr * top + 128 * scale]
        return [min(top, round(value)) for value in values]
    return [round(scale * v) for v in (16 + 219 * luma, 128 + 224 * cb, 128 + 224 * cr)]


def bars(pixel_format: str, matrix: int, value_range: int, height: int = 32) -> av.VideoFrame:
    """Draw bars of the COLOURS into the planes of a frame, like a decoder."""
    frame = av.VideoFrame(BAR * len(COLOURS), height, pixel_format)
    frame.colorspace, frame.color_range = matrix, value_range
    depth = 10 if "10" in pixel_format else 8
    shift = 6 if pixel_format == "p010le" else 0
    for number, plane in enumerate(frame.planes):
        rows = np.frombuffer(plane, np.uint16 if depth == 10 else np.uint8)
        rows = rows.reshape(plane.height, -1)
        step = BAR * plane.width // frame.width
        for index, colour in enumerate(COLOURS):
            values = yuv(colour, matrix, value_range, depth)
            if number and len(frame.planes) == 2:
                target = rows[:, 2 * index * step : 2 * (index + 1) * step]
                target[:, ::2], target[:, 1::2] = values[1] << shift, values[2] << shift
            else:
                rows[:, index * step : (index + 1) * step] = values[number] << shift
    return frame


def flat(width: int, height: int, luma: int = 120, pixel_format: str = "yuvj420p") -> av.VideoFrame:
    """Create a frame of one colour, with other values in the padding of its rows."""
    frame = av.VideoFrame(width, height, pixel_format)
    for memory in frame.planes:
        np.frombuffer(memory, np.uint8)[:] = 255
    for plane, value in zip(jpeg.planes(frame), (luma, 90, 200), strict=True):
        plane[:] = value
    return frame


def seen(data: bytes) -> NDArray[np.int16]:
    """Decode a JPEG to RGB, (height, width, 3)."""
    picture: NDArray[np.uint8] = simplejpeg.decode_jpeg(data)
    return picture.astype(np.int16)


def assert_shows_bars(picture: NDArray[np.int16], colours: Iterable[tuple[int, ...]]) -> None:
    """Check the middle of each bar, free of its neighbours' colours."""
    for index, colour in enumerate(colours):
        middle = picture[4:-4, index * BAR + BAR // 4 : (index + 1) * BAR - BAR // 4]
        assert np.abs(middle - colour).max() <= 6, (index, colour, middle[0, 0])
