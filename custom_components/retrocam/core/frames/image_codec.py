"""Turn the bytes of a still into a picture the right way up, and encode stills.

The one place for that: whoever shows, converts, stores or measures a still calls it. A still is a
JPEG, PNG, WebP, GIF (the first frame) or BMP; EXIF orientation is applied, and bytes behind the end
are ignored. Decoding blocks: call it in a thread.
"""

from fractions import Fraction
from typing import Final, Literal, cast

import av
from av.video.reformatter import ColorRange, VideoReformatter

from ..errors import InvalidFrameError
from ..orientation import preference_of_exif
from . import jpeg
from .colors import colours
from .image_limits import PIXEL_LIMIT
from .orientation import orient
from .still_header import StillFormat, StillHeader, read_header, without_trailing_bytes

type ImageFormat = Literal["jpeg", "png"]

_TICK: Final = Fraction(1, 25)


def still_extension(data: bytes) -> str:
    """Return `jpg` or `png`, by the header and the end of the image.

    Raises InvalidFrameError for anything else or a truncated image, PictureTooLargeError for too many
    pixels.
    """
    header = read_header(data)
    if not data.startswith(without_trailing_bytes(data, header.format)):
        raise InvalidFrameError(f"a {header.format} of {len(data)} bytes has no end")
    if header.format not in ("jpeg", "png"):
        raise InvalidFrameError(f"a {header.format} instead of a JPEG or PNG")
    return "png" if header.format == "png" else "jpg"


def still_size(data: bytes) -> tuple[int, int]:
    """Return (width, height) in pixels of a still as it is shown, from the header; does not block.

    Raises as `read_header`.
    """
    return read_header(data).size


def upright_still(data: bytes, image_format: ImageFormat) -> bytes:
    """Return a still of any format as an upright JPEG or PNG.

    One that is that already is cut at its end and otherwise unchanged; any other is decoded and
    encoded. Raises InvalidFrameError and PictureTooLargeError as `decode_still`.
    """
    header = read_header(data)
    if header.format == image_format and header.orientation == 1:
        still = without_trailing_bytes(data, header.format)
        if not data.startswith(still):
            # Its end marker was missing: part of the picture may be as well.
            decode_still(still)
        return still
    return StillEncoder().encode(decode_still(data), image_format)


def decode_still(data: bytes, *, min_width: int = 0) -> av.VideoFrame:
    """Decode a still and turn it upright: yuvj420p from a JPEG, else in its own pixel format.

    `min_width` allows a reduced size of at least this width, where that is cheaper. Raises
    InvalidFrameError for anything else or a damaged image, PictureTooLargeError for too many pixels or
    scans.
    """
    header = read_header(data)
    if header.format == "jpeg":
        frame = _decode_jpeg(data, header, min_width)
    else:
        frame = _decode(without_trailing_bytes(data, header.format), header.format)
    return orient(frame, preference_of_exif(header.orientation))


def _decode_jpeg(data: bytes, header: StillHeader, min_width: int) -> av.VideoFrame:
    if not min_width:
        return jpeg.decode(data)
    if header.orientation >= 5:
        return jpeg.decode_reduced(data, min_width=1, min_height=min_width)
    return jpeg.decode_reduced(data, min_width=min_width, min_height=1)


def _decode(data: bytes, kind: StillFormat) -> av.VideoFrame:
    decoder = cast(av.VideoCodecContext, av.CodecContext.create(kind, "r"))
    decoder.thread_count = 1
    decoder.options = {"err_detect": "crccheck+explode", **PIXEL_LIMIT}
    try:
        frame, *_ = [*decoder.decode(av.Packet(data)), *decoder.decode(None)]
        # No filter or converter of ours knows palettes.
        return frame.reformat(format="rgb24") if frame.format.name == "pal8" else frame
    except (av.FFmpegError, ValueError) as error:
        raise InvalidFrameError(f"cannot decode a {kind} of {len(data)} bytes: {error}") from error


class StillEncoder:
    """Encodes snapshots at the full size of their frames. Used by one thread at a time."""

    def __init__(self) -> None:
        self._jpeg = jpeg.JpegEncoder()

    def encode(self, frame: av.VideoFrame, image_format: ImageFormat) -> bytes:
        """Encode a frame; a 1080p PNG takes about 20 times as long as a JPEG.

        Raises InvalidFrameError for a frame without pixels.
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
