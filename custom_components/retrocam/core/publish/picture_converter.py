"""Convert a source's pictures to H.264."""

from fractions import Fraction
from typing import Final

import av
from av.video.reformatter import Colorspace

from ..frames.image_limits import PIXEL_LIMIT
from ..frames.letterbox import Letterboxer
from ..frames.packets import decode_checked
from .h264 import CLOCK, configure, mark

CONVERTED_VIDEO: Final = frozenset({"mjpeg"})
"""FFmpeg's names of the codecs of video that is converted: Home Assistant takes them, but no browser
plays what it makes of them."""

_FPS: Final = 30
"""Rate for which the bitrate is capped, in frames a second: the source's may rise."""
_MIN_FPS: Final = 0.1
_MATRIX: Final = Colorspace.ITU601
"""JPEG's: to convert to another takes nearly as long as to decode."""
_GOP_TICKS: Final = 2 * CLOCK
_SLACK: Final = CLOCK // (2 * _FPS)
"""Half a frame."""


class PictureConverter:
    """Decodes packets of one stream of pictures and encodes them. Used in one thread."""

    def __init__(self, source: av.VideoCodecContext) -> None:
        """Prepare for `source`, the decoder, whose packets are whole pictures."""
        source.options = dict(PIXEL_LIMIT)
        # More would each hold back a picture.
        source.thread_count = 1
        self._size = (0, 0)
        self._encoder: av.VideoCodecContext
        self._letterboxer: Letterboxer
        self._next_key = 0
        self._rate = Fraction(_FPS)

    def set_interval(self, seconds: float) -> None:
        """Set the time from picture to picture, before the first: H.264 has a rate to tell.

        Home Assistant dates its first frame back by that.
        """
        fps = min(max(1 / max(seconds, 1 / _FPS), _MIN_FPS), _FPS)
        self._rate = Fraction(fps).limit_denominator(100)

    def convert(
        self, packet: av.Packet[av.VideoStream], ticks: int
    ) -> list[av.Packet[av.VideoStream]]:
        """Return the H.264 of a packet, to be shown at `ticks` of `CLOCK`.

        A damaged picture is skipped. Raises PictureTooLargeError or av.FFmpegError.
        """
        frame = decode_checked(packet)
        if frame is None:
            return []
        # 4:2:0 has no odd sizes.
        size = max(frame.width & ~1, 2), max(frame.height & ~1, 2)
        if size != self._size:
            self._size, self._next_key = size, ticks
            self._encoder = _encoder_of(*size, self._rate)
            self._letterboxer = Letterboxer(*size, _MATRIX)
        fitted = self._letterboxer.fit(frame)
        key = ticks >= self._next_key - _SLACK
        if key:
            self._next_key = ticks + _GOP_TICKS
        mark(fitted, ticks, key=key)
        return list(self._encoder.encode(fitted))


def _encoder_of(width: int, height: int, rate: Fraction) -> av.VideoCodecContext:
    encoder = av.CodecContext.create("libx264", "w")
    assert isinstance(encoder, av.VideoCodecContext)  # noqa: S101  # for type checking
    encoder.framerate = rate
    configure(encoder, width, height, _FPS, matrix=_MATRIX)
    return encoder
