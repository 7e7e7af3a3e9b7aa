"""Pictures to JPEG and back.

A JPEG holds full range BT.601 colours in 4:2:0; cameras mostly send limited range, BT.709 when
large. It goes from plane to plane without RGB. All of it runs in the caller's thread and takes about
2 ms for 1280x720, so never on an event loop.
"""

import logging

import av
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter
import numpy as np
from numpy.typing import NDArray
import simplejpeg

from ..errors import InvalidFrameError, RingStoppedError
from .color_matrix import MatrixConverter
from .colours import colours
from .feed import Picture
from .geometry import even
from .jpeg_ring import FrameRing, check_jpeg
from .limits import PIXEL_LIMIT, check_markers, check_pixels
from .pace import Pace

_LOGGER = logging.getLogger(__name__)

_QUALITY = 85
_PLANAR = {"yuv420p", "yuvj420p"}


def planes(frame: av.VideoFrame) -> tuple[NDArray[np.uint8], ...]:
    """Return views of the planes of an 8-bit planar frame, each (rows, columns) uint8.

    They share the frame's memory: the rows may be longer than the view, and writing changes the
    picture. Raises InvalidFrameError for rows that run backwards.
    """
    views = []
    for plane in frame.planes:
        if plane.line_size < plane.width:
            raise InvalidFrameError(f"{plane.width} columns in rows of {plane.line_size} bytes")
        rows = np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)
        views.append(rows[:, : plane.width])
    return tuple(views)


class JpegEncoder:
    """Encodes many frames of one source, and sets swscale up only once.

    Not to be used in two threads at once. Nor must the frame be, while it is encoded: swscale
    borrows its colour tags.
    """

    def __init__(self, *, width: int = 0, quality: int = _QUALITY) -> None:
        """Encode pictures `width` pixels wide if they are wider; 0 keeps their size.

        A smaller picture keeps its aspect and has even sides. `quality` is libjpeg's, 1 to 100.
        """
        self._width = width
        self._quality = quality
        self._scaler = VideoReformatter()
        self._converter = MatrixConverter()

    def encode(self, frame: av.VideoFrame) -> bytes:
        """Encode a frame of any pixel format.

        Raises InvalidFrameError when it has no picture, or a format that swscale cannot read.
        """
        width, height = _scaled_size(frame, self._width)
        try:
            luma, blue, red = planes(self._convert(frame, width, height))
        except (av.FFmpegError, ValueError) as error:
            raise InvalidFrameError(f"cannot encode {frame}: {error}") from error
        luma = _even(luma)[:height, :width]
        data: bytes = simplejpeg.encode_jpeg_yuv_planes(luma, blue, red, self._quality)
        return data

    def _convert(self, frame: av.VideoFrame, width: int, height: int) -> av.VideoFrame:
        """Scale to full range BT.601 in 4:2:0; an odd picture may have even sides."""
        matrix, value_range = colours(frame)
        if matrix is Colorspace.ITU601:
            return _to_full_range(frame, self._scaler, width, height, matrix)
        if (width, height) != (frame.width, frame.height) or frame.format.name not in _PLANAR:
            frame = _to_full_range(frame, self._scaler, width, height, matrix)
            value_range = ColorRange.JPEG
        # swscale would take six times as long from one matrix to another.
        return self._converter.convert(even_frame(frame), matrix, value_range)


def encode(frame: av.VideoFrame, *, width: int = 0, quality: int = _QUALITY) -> bytes:
    """Encode a single frame as a JpegEncoder does; raises as it does."""
    return JpegEncoder(width=width, quality=quality).encode(frame)


def decode(jpeg: bytes) -> av.VideoFrame:
    """Decode a JPEG to a yuvj420p frame: full range, BT.601, without a time.

    Padding after the end marker is allowed, as some cameras send it. Raises InvalidFrameError when
    the JPEG is cut off or damaged, PictureTooLargeError when it has too many pixels or scans.
    """
    size(jpeg)
    check_markers(jpeg)
    decoder = av.VideoCodecContext.create("mjpeg", "r")
    decoder.thread_count = 1
    # Otherwise what is missing comes out grey, without an error.
    decoder.options = {"err_detect": "explode", **PIXEL_LIMIT}
    try:
        frame, *_ = [*decoder.decode(av.Packet(jpeg)), *decoder.decode(None)]
        return _to_full_range(
            frame, VideoReformatter(), frame.width, frame.height, Colorspace.ITU601
        )
    except (av.FFmpegError, ValueError) as error:
        raise InvalidFrameError(f"cannot decode a JPEG of {len(jpeg)} bytes: {error}") from error


def size(jpeg: bytes) -> tuple[int, int]:
    """Return (width, height) in pixels, read from the header alone in about 2 µs.

    Padding after the end marker is allowed. Raises InvalidFrameError when `jpeg` is no whole JPEG,
    PictureTooLargeError when it has too many pixels.
    """
    check_jpeg(jpeg.rstrip(b"\x00\r\n "))
    try:
        height, width, *_ = simplejpeg.decode_jpeg_header(jpeg)
    except ValueError as error:
        raise InvalidFrameError(f"no JPEG header: {error}") from error
    check_pixels(int(width), int(height))
    return int(width), int(height)


class JpegSink:
    """A sink that encodes pictures into a ring, at an even rate.

    Called in the thread of the feed, and never raises: a picture that cannot be encoded is left
    out and counted, the first one logged. Pictures for a stopped ring are dropped.
    """

    def __init__(self, ring: FrameRing, *, fps: float, width: int, quality: int = _QUALITY) -> None:
        """Encode up to `fps` pictures a second, `width` pixels wide (0: as they come)."""
        self.encoded = 0
        """How many pictures went into the ring."""
        self.failed = 0
        """How many pictures could not be encoded."""
        self._ring = ring
        self._encoder = JpegEncoder(width=width, quality=quality)
        self._pace = Pace(fps)

    def __call__(self, picture: Picture) -> None:
        """Encode the picture if it is due."""
        if self._ring.stopped or not self._pace.takes(picture.position):
            return
        try:
            self._ring.add_frame(self._encoder.encode(picture.frame), picture.time)
        except RingStoppedError:
            return
        except InvalidFrameError as error:
            self.failed += 1
            if self.failed == 1:
                _LOGGER.warning("A picture was left out: %s", error)
            return
        self.encoded += 1


def _scaled_size(frame: av.VideoFrame, width: int) -> tuple[int, int]:
    if not 0 < width < frame.width:
        return frame.width, frame.height
    height = frame.height * width / frame.width
    return max(2, width // 2 * 2), even(height)


def _to_full_range(
    frame: av.VideoFrame, scaler: VideoReformatter, width: int, height: int, target: Colorspace
) -> av.VideoFrame:
    """Scale to full range yuvj420p of the matrix `target`; the same frame if it is that already."""
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
    """Return a 4:2:0 picture with even sides: the frame itself, or a padded copy without its tags."""
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
    """Return the plane with even sides, its last row and column again where they were odd.

    libjpeg-turbo reads the luma of every chroma sample, thus one column and one row beyond the
    edge of an odd picture. There it must find the edge again, not somebody else's memory.
    """
    rows, columns = luma.shape
    if rows % 2 == 0 and columns % 2 == 0:
        return luma
    return np.pad(luma, ((0, rows % 2), (0, columns % 2)), mode="edge")
