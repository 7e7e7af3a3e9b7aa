"""Errors of the matrix converter; `test_jpeg.py` measures its colours."""

import av
from av.video.reformatter import ColorRange, Colorspace
import pytest

from custom_components.retrocam.core.frames.color_matrix import MatrixConverter


def grey(width: int, height: int) -> av.VideoFrame:
    frame = av.VideoFrame(width, height, "yuv420p")
    for plane in frame.planes:
        plane.update(bytes([128]) * plane.buffer_size)
    return frame


def test_converter_stays_usable_after_an_error() -> None:
    converter = MatrixConverter()
    right, wrong = grey(320, 180), grey(321, 180)
    for frame in (right, wrong, right, wrong, wrong, right):
        if frame is wrong:
            with pytest.raises(av.FFmpegError):
                converter.convert(frame, Colorspace.ITU709, ColorRange.MPEG)
            continue
        converted = converter.convert(frame, Colorspace.ITU709, ColorRange.MPEG)
        assert (converted.width, converted.height, converted.format.name) == (320, 180, "yuv420p")
        # Grey is equal in all matrices: only the range differs.
        assert bytes(converted.planes[1])[:160] == bytes([128]) * 160
