"""Video of the player: decoded, upright, at a limited frame rate."""

from collections.abc import Iterator
import logging
from typing import Any, Final

import av
from av import Packet, VideoCodecContext, VideoFrame

from ..errors import PictureTooLargeError, UnsupportedMediaError
from ..frames.filter_graph import CachedFilterGraph, PictureKind, Step
from ..frames.image_limits import check_packet
from ..frames.orientation import displayed_orientation, orient_steps
from .demux import MediaSection

_LOGGER = logging.getLogger(__name__)

_PIXEL_FORMATS: Final = ("yuv420p", "yuvj420p")
LATE: Final = 0.3
"""Seconds behind the clock from which on frames are dropped."""


class FrameRate:
    """Selects at most `max_fps` frames a second of a source.

    By fixed slots of the time line, unlike `Pace`: `expects` is asked in decoding order and must agree
    with `shows`, asked in display order.
    """

    def __init__(self, max_fps: float, source_fps: float | None) -> None:
        """`source_fps` is None if unknown."""
        self._max_fps = max_fps
        self._frame_seconds = 1 / source_fps if source_fps else None
        # A source that is not faster is never thinned out, whatever its jitter.
        self._limited = source_fps is None or source_fps > max_fps * 1.05
        self._last_slot: int | None = None

    def _slot(self, position: float) -> int:
        # A tenth of a slot for rounded clocks, such as the milliseconds of Matroska.
        return int(position * self._max_fps + 0.1)

    def expects(self, position: float) -> bool:
        """Return whether the frame at `position`, s, is likely to be shown; in decoding order."""
        if not self._limited or self._frame_seconds is None:
            return True
        return self._slot(position) != self._slot(position - self._frame_seconds)

    def shows(self, position: float) -> bool:
        """Return whether the frame at `position`, s, is shown; in display order."""
        if not self._limited:
            return True
        slot, last = self._slot(position), self._last_slot
        if last is not None and last - self._max_fps < slot <= last:
            return False
        self._last_slot = slot
        return True


class FrameNormalizer:
    """Applies a frame's display matrix and converts to 8-bit 4:2:0. Used by one thread."""

    def __init__(self) -> None:
        self._orientation = 1
        self._filter = CachedFilterGraph(self._steps)

    def __call__(self, frame: VideoFrame) -> VideoFrame:
        """Return the frame upright in yuv420p or yuvj420p; itself, if it is so already."""
        orientation = displayed_orientation(frame)
        if frame.format.name in _PIXEL_FORMATS and orientation == 1:
            return frame
        if orientation != self._orientation:
            self._orientation, self._filter = orientation, CachedFilterGraph(self._steps)
        normalized = self._filter.run(frame)
        normalized.pts, normalized.time_base = frame.pts, frame.time_base
        return normalized

    def _steps(self, _kind: PictureKind) -> Iterator[Step]:
        yield "format", {"pix_fmts": "yuv420p"}
        yield from orient_steps(self._orientation)


class VideoDecoder:
    """Decodes the video of one section. Used by one thread."""

    def __init__(self, section: MediaSection, max_fps: float, late: float = LATE) -> None:
        """Drop frames above `max_fps`, and those `late` s behind the clock.

        The section must have video.
        """
        assert section.video is not None  # noqa: S101  # for the type checker
        self.section = section
        self._codec: VideoCodecContext = section.video.codec_context
        rate = section.video.average_rate or section.video.guessed_rate
        self._frame_seconds = 1 / float(rate) if rate else 0.04
        self._rate = FrameRate(max_fps, float(rate) if rate else None)
        self._position = 0.0
        self._late = late
        self.normalize = FrameNormalizer()
        """To be applied to frames before they are shown."""

    def decode(
        self, packet: Packet[Any] | None, position: float, clock: float
    ) -> Iterator[tuple[VideoFrame, float]]:
        """Yield the frames to show that a packet completes, not yet normalized, and their positions.

        `packet` None flushes the decoder. `position` is the packet's and `clock` the player's, s.
        Raises UnsupportedMediaError if there is no decoder for it.
        """
        wanted = packet is None or self._rate.expects(position)
        if position < clock - self._late:
            wanted = False
        # Only non-reference frames: the decoder needs all others.
        self._codec.skip_frame = "DEFAULT" if wanted else "NONREF"
        try:
            if packet is not None:
                check_packet(self._codec.name, memoryview(packet))
            frames = self._codec.decode(packet)
        except (av.FFmpegError, PictureTooLargeError) as err:
            _LOGGER.debug("Broken video at %.3f s: %s", position, err)
            return
        except ValueError as err:
            # PyAV could not open the decoder with the first frame.
            raise UnsupportedMediaError("the video cannot be decoded") from err
        for frame in frames:
            if frame.pts is None:
                self._position += self._frame_seconds
            else:
                self._position = float(frame.pts * frame.time_base) - self.section.base
            if self._rate.shows(self._position):
                yield frame, self._position

    def skip_to_keyframe(self) -> None:
        """Flush the decoder: the next packet is a keyframe, and some before it were skipped."""
        self._codec.flush_buffers()
