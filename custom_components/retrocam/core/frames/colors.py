"""Colour matrix and range of a frame, from its tags or guessed."""

from typing import Final

import av
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc

MATRIX_NAMES: Final = {
    Colorspace.ITU709: "bt709",
    Colorspace.FCC: "fcc",
    Colorspace.ITU601: "smpte170m",
    Colorspace.SMPTE240M: "smpte240m",
    Colorspace.BT2020: "bt2020nc",
}
"""libavfilter's names of matrices."""

RANGE_NAMES: Final = {ColorRange.JPEG: "pc", ColorRange.MPEG: "tv"}
"""libavfilter's names of ranges."""

_MATRICES: Final = {
    1: Colorspace.ITU709,
    4: Colorspace.FCC,
    5: Colorspace.ITU601,
    6: Colorspace.ITU601,
    7: Colorspace.SMPTE240M,
    9: Colorspace.BT2020,
    10: Colorspace.BT2020,
}
"""swscale's matrices by matrix coefficients (ITU-T H.273), which a frame is tagged with."""


def bt709_frame(width: int, height: int) -> av.VideoFrame:
    """Create an uninitialized yuv420p frame tagged as BT.709, limited range."""
    frame = av.VideoFrame(width, height, "yuv420p")
    frame.colorspace, frame.color_range = Colorspace.ITU709, ColorRange.MPEG
    frame.color_primaries, frame.color_trc = ColorPrimaries.BT709, ColorTrc.BT709
    return frame


def colours(frame: av.VideoFrame) -> tuple[Colorspace, ColorRange]:
    """Return the matrix and range of a frame, guessed where it is untagged.

    Untagged video is limited range unless its pixel format implies full range. Limited range is
    BT.709 above SD and BT.601 otherwise, as in players and browsers; full range is BT.601, as in
    JPEG. The matrix is meaningless for RGB.
    """
    full = frame.color_range == ColorRange.JPEG or frame.format.name.startswith(("yuvj", "gray"))
    large = max(frame.width, frame.height) >= 1280 or min(frame.width, frame.height) > 576
    guess = Colorspace.ITU709 if large and not full else Colorspace.ITU601
    return (
        _MATRICES.get(frame.colorspace, guess),
        ColorRange.JPEG if full else ColorRange.MPEG,
    )
