"""The converter of matrices, where it fails; `test_jpeg.py` measures what it makes."""

import av
from av.video.reformatter import ColorRange, Colorspace
import pytest

from custom_components.retrocam.core.frames.color_matrix import MatrixConverter


def grey(width: int, height: int) -> av.VideoFrame:
    frame = av.VideoFrame(width, height, "yuv420p")
    for plane in frame.planes:
        plane.update(bytes([128]) * plane.buffer_size)
    return frame


def test_a_picture_that_cannot_be_converted_does_not_spoil_the_next() -> None:
    converter = MatrixConverter()
    right, wrong = grey(320, 180), grey(321, 180)
    for frame in (right, wrong, right, wrong, wrong, right):
        if frame is wrong:
            with pytest.raises(av.FFmpegError):
                converter.convert(frame, Colorspace.ITU709, ColorRange.MPEG)
            continue
        converted = converter.convert(frame, Colorspace.ITU709, ColorRange.MPEG)
        assert (converted.width, converted.height, converted.format.name) == (320, 180, "yuv420p")
        # Grey is grey in each matrix: only its range is another one.
        assert bytes(converted.planes[1])[:160] == bytes([128]) * 160
