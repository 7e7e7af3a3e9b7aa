"""Decoding the samples of fragmented MP4 where they lie in memory.

A codec context is made once for each sample description and fed with views of the parts' bytes:
nothing is copied, and no part is opened as a file, which would take 6 to 30 ms each.
"""

from fractions import Fraction
import io
import logging
from typing import Final, cast

import av
import av.error
from av.stream import Stream
from av.video.codeccontext import VideoCodecContext

from ..errors import DecodeError, PictureTooLargeError
from ..mp4.fragment_reader import Sample, Track
from ..segments.segment import MediaPart
from .limits import PIXEL_LIMIT, check_packet

_LOGGER = logging.getLogger(__name__)

_TIME_BASE: Final = Fraction(1, 1_000_000)
"""Packets and frames carry their position in µs."""


class SampleDecoder:
    """Decodes the samples of one sample description. Used by one thread at a time.

    The codec has no threads of its own. They cost a tenth more, and the codec would join them while
    it holds Python's lock, which they need to let go of a view: a deadlock (PyAV 19).
    """

    def __init__(self, init: bytes, track: Track) -> None:
        """Read the codec's parameters from an init. Raises DecodeError if there is no decoder."""
        self.description = track.description
        try:
            with av.open(io.BytesIO(init)) as container:
                found: VideoCodecContext | None = container.streams.video[0].codec_context
                if found is None:
                    raise DecodeError(f"{track.codec} video is in no known codec")
                context = cast(VideoCodecContext, av.CodecContext.create(found.codec.name, "r"))
                context.extradata = found.extradata
        except (av.error.FFmpegError, ValueError, IndexError) as err:
            raise DecodeError(f"{track.codec} video cannot be decoded: {err}") from err
        context.options = dict(PIXEL_LIMIT)
        context.thread_type = "NONE"
        context.thread_count = 1
        self._context = context
        self._wait_for_keyframe = True

    def decode(self, data: memoryview, position: float, *, keyframe: bool) -> list[av.VideoFrame]:
        """Decode one sample that is shown at `position`; returns the frames that are ready.

        After damage everything up to the next keyframe is passed over.
        """
        if self._wait_for_keyframe and not keyframe:
            return []
        self._wait_for_keyframe = False
        try:
            check_packet(self._context.name, data)
        except PictureTooLargeError as err:
            _LOGGER.debug("A picture is left out: %s", err)
            self.reset()
            return []
        return self._feed(_packet(data, position, keyframe=keyframe))

    def drain(self) -> list[av.VideoFrame]:
        """Return the frames that were held back for their order. A keyframe must come next."""
        frames = self._feed(None)
        self.reset()
        return frames

    def reset(self) -> None:
        """Forget what was decoded, and go on with the next keyframe."""
        self._context.flush_buffers()
        self._wait_for_keyframe = True

    def _feed(self, packet: av.Packet[Stream] | None) -> list[av.VideoFrame]:
        try:
            frames = self._context.decode(packet)
        except av.error.FFmpegError as err:
            _LOGGER.debug("Damaged video: %s", err)
            self.reset()
            return []
        good = [frame for frame in frames if not frame.is_corrupt]
        if len(good) < len(frames):
            _LOGGER.debug("Damaged video: a picture is corrupt")
            self.reset()
        return good


def frame_position(frame: av.VideoFrame) -> float:
    """Return the position that was given to the decoder for a frame."""
    return (frame.pts or 0) / _TIME_BASE.denominator


def _packet(data: memoryview, position: float, *, keyframe: bool) -> av.Packet[Stream]:
    # A Packet keeps the buffer that it is made of, and does not copy it; its stub knows only bytes.
    packet = av.Packet(cast(bytes, data))
    packet.pts = round(position * _TIME_BASE.denominator)
    packet.time_base = _TIME_BASE
    packet.is_keyframe = keyframe
    return packet


def sample_data(part: MediaPart, sample: Sample) -> memoryview:
    """Return a view of a sample's bytes in its part."""
    return memoryview(part.data)[sample.offset : sample.offset + sample.size]
