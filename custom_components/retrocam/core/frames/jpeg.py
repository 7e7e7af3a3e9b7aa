"""Encode frames to JPEG and decode JPEGs.

A JPEG holds full-range BT.601 in 4:2:0; cameras mostly send limited range, BT.709 when large. Colours
are converted plane to plane, without RGB. Takes about 2 ms for 1280x720 in the caller's thread: keep
it off the event loop.
"""

import logging

import av
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter
import numpy as np
from numpy.typing import NDArray
import simplejpeg

from ..errors import InvalidFrameError, RingStoppedError
from .color_matrix import MatrixConverter
from .colors import colours
from .feed import Picture
from .geometry import even
from .image_limits import PIXEL_LIMIT, check_markers, check_pixels
from .jpeg_markers import without_rest
from .jpeg_ring import FrameRing
from .pace import Pace

_LOGGER = logging.getLogger(__name__)

_QUALITY = 85
_PLANAR = {"yuv420p", "yuvj420p"}


def planes(frame: av.VideoFrame) -> tuple[NDArray[np.uint8], ...]:
    """Return views of the planes of an 8-bit planar frame, each (rows, columns) uint8.

    They share the frame's memory, padding at the end of rows excluded: writing changes the frame.
    Raises InvalidFrameError for a negative line size.
    """
    views = []
    for plane in frame.planes:
        if plane.line_size < plane.width:
            raise InvalidFrameError(f"{plane.width} columns in rows of {plane.line_size} bytes")
        rows = np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)
        views.append(rows[:, : plane.width])
    return tuple(views)


class JpegEncoder:
    """Encodes many frames of one source with one set-up of swscale.

    Used by one thread at a time. No other thread may read the frame meanwhile: swscale writes its
    colour tags.
    """

    def __init__(self, *, width: int = 0, quality: int = _QUALITY) -> None:
        """Scale wider frames down to `width` pixels, at their aspect, with even sides; 0 never scales.

        `quality` is libjpeg's, 1 to 100.
        """
        self._width = width
        self._quality = quality
        self._scaler = VideoReformatter()
        self._converter = MatrixConverter()

    def encode(self, frame: av.VideoFrame) -> bytes:
        """Encode a frame of any pixel format.

        Raises InvalidFrameError for a frame without pixels or a format unsupported by swscale.
        """
        width, height = _scaled_size(frame, self._width)
        try:
            luma, blue, red = planes(self._convert(frame, width, height))
        except (av.FFmpegError, ValueError) as error:
            raise InvalidFrameError(f"cannot encode {frame}: {error}") from error
        luma = _even(luma)[:height, :width]
        return simplejpeg.encode_jpeg_yuv_planes(luma, blue, red, self._quality)

    def _convert(self, frame: av.VideoFrame, width: int, height: int) -> av.VideoFrame:
        """Scale to full-range BT.601 in 4:2:0; odd sides may be padded."""
        matrix, value_range = colours(frame)
        if matrix is Colorspace.ITU601:
            return _to_full_range(frame, self._scaler, width, height, matrix)
        if (width, height) != (frame.width, frame.height) or frame.format.name not in _PLANAR:
            frame = _to_full_range(frame, self._scaler, width, height, matrix)
            value_range = ColorRange.JPEG
        # swscale takes six times as long for another matrix.
        return self._converter.convert(even_frame(frame), matrix, value_range)


def encode(frame: av.VideoFrame, *, width: int = 0, quality: int = _QUALITY) -> bytes:
    """Encode a single frame; see `JpegEncoder`."""
    return JpegEncoder(width=width, quality=quality).encode(frame)


def decode(jpeg: bytes) -> av.VideoFrame:
    """Decode a JPEG to a yuvj420p frame: full range, BT.601, without pts, not oriented.

    Bytes behind the end marker are ignored. Raises InvalidFrameError for a truncated or damaged JPEG,
    PictureTooLargeError for too many pixels or scans.
    """
    size(jpeg)
    jpeg = without_rest(jpeg)
    check_markers(jpeg)
    decoder = av.VideoCodecContext.create("mjpeg", "r")
    decoder.thread_count = 1
    # Otherwise missing data decodes to grey without an error.
    decoder.options = {"err_detect": "explode", **PIXEL_LIMIT}
    try:
        frame, *_ = [*decoder.decode(av.Packet(jpeg)), *decoder.decode(None)]
        return _to_full_range(
            frame, VideoReformatter(), frame.width, frame.height, Colorspace.ITU601
        )
    except (av.FFmpegError, ValueError) as error:
        raise InvalidFrameError(f"cannot decode a JPEG of {len(jpeg)} bytes: {error}") from error


def decode_reduced(jpeg: bytes, *, min_width: int, min_height: int) -> av.VideoFrame:
    """Decode a JPEG to rgb24 at 1/2, 1/4 or 1/8 of its size, which is cheaper, or its full size.

    Raises as `decode`.
    """
    size(jpeg)
    jpeg = without_rest(jpeg)
    check_markers(jpeg)
    try:
        rgb = simplejpeg.decode_jpeg(jpeg, min_width=min_width, min_height=min_height)
    except ValueError as error:
        raise InvalidFrameError(f"cannot decode a JPEG of {len(jpeg)} bytes: {error}") from error
    return av.VideoFrame.from_ndarray(rgb, "rgb24")


def size(jpeg: bytes) -> tuple[int, int]:
    """Return (width, height) of the stored pixels, from the header in about 2 µs.

    Raises InvalidFrameError for another header, PictureTooLargeError for too many pixels.
    """
    try:
        height, width, *_ = simplejpeg.decode_jpeg_header(jpeg)
    except ValueError as error:
        raise InvalidFrameError(f"no JPEG header: {error}") from error
    check_pixels(int(width), int(height))
    return int(width), int(height)


class JpegSink:
    """A sink that encodes pictures into a ring, at an even rate.

    Called in the feed's thread. Frames that cannot be encoded are skipped, the first one logged, and
    all frames once the ring is stopped.
    """

    def __init__(self, ring: FrameRing, *, fps: float, width: int) -> None:
        """Encode at most `fps` frames per second, `width` as of `JpegEncoder`."""
        self.encoded = 0
        """Frames added to the ring."""
        self._failed = False
        self._ring = ring
        self._encoder = JpegEncoder(width=width)
        self._pace = Pace(fps)

    def __call__(self, picture: Picture) -> None:
        """Encode the picture if it is due."""
        if self._ring.stopped or not self._pace.takes(picture.position):
            return
        try:
            self._ring.add_frame(self._encoder.encode(picture.frame), picture.time)
        except RingStoppedError:
            pass
        except InvalidFrameError as error:
            if not self._failed:
                _LOGGER.warning("Skipping frames: %s", error)
            self._failed = True
        else:
            self.encoded += 1


def _scaled_size(frame: av.VideoFrame, width: int) -> tuple[int, int]:
    if not 0 < width < frame.width:
        return frame.width, frame.height
    height = frame.height * width / frame.width
    return max(2, width // 2 * 2), even(height)


def _to_full_range(
    frame: av.VideoFrame, scaler: VideoReformatter, width: int, height: int, target: Colorspace
) -> av.VideoFrame:
    """Scale to full-range yuvj420p of the matrix `target`; return the frame itself if it is that."""
    matrix, value_range = colours(frame)
    return scaler.reformat(
        frame,
        width,
        height,
        "yuvj420p",
        src_colorspace=matrix,
        dst_colorspace=target,
        interpolation=Interpolation.AREA,
        src_color_range=value_range,
        dst_color_range=ColorRange.JPEG,
        threads=1,
    )


def even_frame(frame: av.VideoFrame) -> av.VideoFrame:
    """Return a 4:2:0 frame with even sides: the frame itself, or a padded copy without its tags."""
    if frame.width % 2 == 0 and frame.height % 2 == 0:
        return frame
    padded = av.VideoFrame(
        frame.width + frame.width % 2, frame.height + frame.height % 2, frame.format.name
    )
    luma, *chroma = planes(frame)
    for target, plane in zip(planes(padded), (_even(luma), *chroma), strict=True):
        target[:] = plane
    return padded


def _even(luma: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the plane padded to even sides by repeating its last row and column.

    libjpeg-turbo reads the luma of every chroma sample, thus one column and row beyond an odd edge:
    without padding, memory that is not the frame's.
    """
    rows, columns = luma.shape
    if rows % 2 == 0 and columns % 2 == 0:
        return luma
    return np.pad(luma, ((0, rows % 2), (0, columns % 2)), mode="edge")
