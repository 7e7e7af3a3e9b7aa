"""What colours a picture has: its matrix and its range, told or guessed."""

from typing import Final

import av
from av.video.reformatter import ColorRange, Colorspace

MATRIX_NAMES: Final = {
    Colorspace.ITU709: "bt709",
    Colorspace.FCC: "fcc",
    Colorspace.ITU601: "smpte170m",
    Colorspace.SMPTE240M: "smpte240m",
    Colorspace.BT2020: "bt2020nc",
}
"""The names that libavfilter has for matrices."""

RANGE_NAMES: Final = {ColorRange.JPEG: "pc", ColorRange.MPEG: "tv"}
"""The names that libavfilter has for ranges."""

_MATRICES: Final = {
    1: Colorspace.ITU709,
    4: Colorspace.FCC,
    5: Colorspace.ITU601,
    6: Colorspace.ITU601,
    7: Colorspace.SMPTE240M,
    9: Colorspace.BT2020,
    10: Colorspace.BT2020,
}
"""From ITU-T H.273's matrix coefficients, as a frame has them, to what swscale calls them."""


def colours(frame: av.VideoFrame) -> tuple[Colorspace, ColorRange]:
    """Return the matrix and range of a frame, guessed where the camera does not say.

    Untagged video is limited range unless its format says full; then it is BT.709 when larger than
    SD, as players and browsers take it. Untagged full range is BT.601, as in a JPEG. The matrix
    means nothing for RGB.
    """
    full = frame.color_range == ColorRange.JPEG or frame.format.name.startswith(("yuvj", "gray"))
    large = max(frame.width, frame.height) >= 1280 or min(frame.width, frame.height) > 576
    guess = Colorspace.ITU709 if large and not full else Colorspace.ITU601
    return (
        _MATRICES.get(frame.colorspace, guess),
        ColorRange.JPEG if full else ColorRange.MPEG,
    )
