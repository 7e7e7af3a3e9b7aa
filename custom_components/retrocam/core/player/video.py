"""The pictures of the player: decoded, upright, at most so many a second."""

from collections.abc import Iterator
import logging
from typing import Any, Final

import av
from av import Packet, VideoCodecContext, VideoFrame

from ..errors import PictureTooLargeError, UnsupportedMediaError
from ..frames.filter_graph import KeptFilter, PictureKind, Step
from ..frames.limits import check_packet
from ..frames.orientation import displayed_orientation, orient_steps
from .demux import Part

_LOGGER = logging.getLogger(__name__)

_PLAIN: Final = ("yuv420p", "yuvj420p")
LATE: Final = 0.3
"""Seconds behind the clock from which on pictures are left out."""


class FrameRate:
    """Chooses which pictures of a source are shown, so that there are no more than `limit` a second.

    By fixed slots of the time line, unlike `Pace`: `expects` is asked before it is known which pictures
    come first in display order, and must agree with `shows`.
    """

    def __init__(self, limit: float, rate: float | None) -> None:
        """`rate` is the source's own, in pictures a second, if it tells one."""
        self._limit = limit
        self._duration = 1 / rate if rate else None
        # A source that is not faster is never touched: its jitter is not ours to judge.
        self._needed = rate is None or rate > limit * 1.05
        self._shown: int | None = None

    def _slot(self, position: float) -> int:
        # A tenth of a slot for clocks that are rounded, as to the milliseconds of Matroska.
        return int(position * self._limit + 0.1)

    def expects(self, position: float) -> bool:
        """Tell whether the picture at `position`, s, is likely to be shown; asked in decoding order."""
        if not self._needed or self._duration is None:
            return True
        return self._slot(position) != self._slot(position - self._duration)

    def shows(self, position: float) -> bool:
        """Tell whether the picture at `position`, s, is shown; asked in display order."""
        if not self._needed:
            return True
        slot = self._slot(position)
        if self._shown is not None and slot <= self._shown and self._shown - slot < self._limit:
            return False
        self._shown = slot
        return True


class Upright:
    """Turns frames as their display matrix says, and makes others than 8-bit 4:2:0 into it.

    Used by one thread.
    """

    def __init__(self) -> None:
        """Build a filter graph only when a frame needs one."""
        self._orientation = 1
        self._filter = KeptFilter(self._steps)

    def __call__(self, frame: VideoFrame) -> VideoFrame:
        """Return the frame upright in yuv420p or yuvj420p: itself, if it is so already."""
        orientation = displayed_orientation(frame)
        if frame.format.name in _PLAIN and orientation == 1:
            return frame
        if orientation != self._orientation:
            self._orientation, self._filter = orientation, KeptFilter(self._steps)
        made = self._filter.run(frame)
        made.pts, made.time_base = frame.pts, frame.time_base
        return made

    def _steps(self, _kind: PictureKind) -> Iterator[Step]:
        yield "format", {"pix_fmts": "yuv420p"}
        yield from orient_steps(self._orientation)


class VideoDecoder:
    """Decodes one part's picture. Used by one thread."""

    def __init__(self, part: Part, limit: float, late: float = LATE) -> None:
        """Show at most `limit` pictures a second, and none that is `late` s behind the clock.

        The part must have a picture.
        """
        assert part.video is not None  # noqa: S101  # for the type checker
        self.part = part
        self._codec: VideoCodecContext = part.video.codec_context
        rate = part.video.average_rate or part.video.guessed_rate
        self._step = 1 / float(rate) if rate else 0.04
        self._rate = FrameRate(limit, float(rate) if rate else None)
        self._upright = Upright()
        self._last = 0.0
        self._late = late

    def decode(
        self, packet: Packet[Any] | None, position: float, clock: float
    ) -> Iterator[tuple[VideoFrame, float]]:
        """Yield the frames to be shown that a packet completes, not yet upright, and their positions.

        `packet` None gets out what is left. `position` is the packet's and `clock` the player's, s.
        Raises UnsupportedMediaError if there is no decoder for it.
        """
        wanted = packet is None or self._rate.expects(position)
        if position < clock - self._late:
            wanted = False
        # Only pictures that no other is made from: the decoder must have seen all the rest.
        self._codec.skip_frame = "DEFAULT" if wanted else "NONREF"
        try:
            if packet is not None:
                check_packet(self._codec.name, memoryview(packet))
            frames = self._codec.decode(packet)
        except (av.FFmpegError, PictureTooLargeError) as err:
            _LOGGER.debug("Broken picture at %.3f s: %s", position, err)
            return
        except ValueError as err:
            # PyAV's, of a decoder that could not be opened with the first picture.
            raise UnsupportedMediaError("the picture cannot be decoded") from err
        for frame in frames:
            at = self._position_of(frame)
            if self._rate.shows(at):
                yield frame, at

    def skip_to_keyframe(self) -> None:
        """Forget what was decoded: the next packet is a keyframe, and some before it were left out."""
        self._codec.flush_buffers()

    def upright(self, frame: VideoFrame) -> VideoFrame:
        """Return a frame as it is to be looked at."""
        return self._upright(frame)

    def _position_of(self, frame: VideoFrame) -> float:
        if frame.pts is None:
            self._last += self._step
        else:
            self._last = float(frame.pts * frame.time_base) - self.part.base
        return self._last
