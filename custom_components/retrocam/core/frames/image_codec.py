"""Still pictures as bytes: JPEG or PNG, told apart by what they hold, never by a name."""

from fractions import Fraction
import struct
from typing import Final, Literal

import av
from av.video.reformatter import ColorRange, VideoReformatter

from ..errors import InvalidFrameError, PictureTooLargeError
from . import jpeg
from .colours import colours
from .limits import MAX_PIXELS, PIXEL_LIMIT, check_pixels

type ImageFormat = Literal["jpeg", "png"]

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_PNG_END: Final = b"\x00\x00\x00\x00IEND\xaeB\x60\x82"
_MAX_BITS: Final = 32 * MAX_PIXELS
"""A PNG may have 64 bits per pixel: then half as many pixels are allowed."""
_CHANNELS: Final = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""Channels of a PNG by its colour type."""

_TICK: Final = Fraction(1, 25)


def still_extension(data: bytes) -> str:
    """Tell `jpg` from `png`, by the first and last bytes and the header alone.

    Raises InvalidFrameError for anything else or a picture that is cut off, PictureTooLargeError for
    one of too many pixels.
    """
    still_size(data)
    return "png" if data.startswith(_PNG) else "jpg"


def still_size(data: bytes) -> tuple[int, int]:
    """Return (width, height) in pixels, from the header alone; raises as `still_extension`."""
    if not data.startswith(_PNG):
        return jpeg.size(data)
    if len(data) < 33 or not data.endswith(_PNG_END):
        raise InvalidFrameError(f"a PNG of {len(data)} bytes is cut off")
    width, height, depth, colour_type = struct.unpack_from(">IIBB", data, 16)
    if not width * height:
        raise InvalidFrameError(f"a PNG of {width}x{height} pixels")
    check_pixels(width, height)
    if width * height * depth * _CHANNELS.get(colour_type, 1) > _MAX_BITS:
        raise PictureTooLargeError(f"a PNG of {width}x{height} pixels of {depth} bits")
    return width, height


def decode_still(data: bytes) -> av.VideoFrame:
    """Decode a JPEG to yuvj420p, or a PNG to whatever it holds.

    Raises InvalidFrameError for anything else, or when it is damaged, PictureTooLargeError when it has
    too many pixels or scans.
    """
    if still_extension(data) == "jpg":
        return jpeg.decode(data)
    decoder = av.VideoCodecContext.create("png", "r")
    decoder.thread_count = 1
    decoder.options = {"err_detect": "crccheck+explode", **PIXEL_LIMIT}
    try:
        frame, *_ = [*decoder.decode(av.Packet(data)), *decoder.decode(None)]
    except (av.FFmpegError, ValueError) as error:
        raise InvalidFrameError(f"cannot decode a PNG of {len(data)} bytes: {error}") from error
    return frame


class StillEncoder:
    """Encodes frames in their full size, for keeping. Not to be used in two threads at once."""

    def __init__(self) -> None:
        """Begin without a converter: the first frame says which."""
        self._jpeg = jpeg.JpegEncoder()

    def encode(self, frame: av.VideoFrame, image_format: ImageFormat) -> bytes:
        """Encode a frame; a PNG of 1080p takes some 20 times the time of a JPEG.

        Raises InvalidFrameError when the frame holds no picture.
        """
        return self._jpeg.encode(frame) if image_format == "jpeg" else _encode_png(frame)


def _encode_png(frame: av.VideoFrame) -> bytes:
    matrix, value_range = colours(frame)
    try:
        rgb = VideoReformatter().reformat(
            frame,
            format="rgb24",
            src_colorspace=matrix,
            src_color_range=value_range,
            dst_color_range=ColorRange.JPEG,
            threads=1,
        )
        encoder = av.VideoCodecContext.create("png", "w")
        encoder.width, encoder.height, encoder.pix_fmt = rgb.width, rgb.height, "rgb24"
        encoder.thread_count = 1
        encoder.time_base = rgb.time_base = _TICK
        return b"".join(bytes(packet) for packet in [*encoder.encode(rgb), *encoder.encode(None)])
    except (av.FFmpegError, ValueError) as error:
        raise InvalidFrameError(f"cannot encode {frame}: {error}") from error
