"""Decode the samples of fragmented MP4 in place.

A codec context is opened once per sample description and fed with views of the parts' bytes: no
copy, and no container opened per part, which would take 6 to 30 ms each.
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
from .image_limits import PIXEL_LIMIT, check_packet

_LOGGER = logging.getLogger(__name__)

_TIME_BASE: Final = Fraction(1, 1_000_000)
"""Time base of packets and frames, whose pts is the position in µs."""


class SampleDecoder:
    """Decodes the samples of one sample description. Used by one thread at a time.

    The codec is single-threaded. Codec threads cost a tenth more, and deadlock: the codec joins them
    holding the GIL, which they need to release a view (PyAV 19).
    """

    def __init__(self, init: bytes, track: Track) -> None:
        """Open the codec of an init segment. Raises DecodeError without a decoder for it."""
        self.description = track.description
        try:
            with av.open(io.BytesIO(init)) as container:
                source: VideoCodecContext | None = container.streams.video[0].codec_context
                if source is None:
                    raise DecodeError(f"unknown codec of {track.codec} video")
                context = cast(VideoCodecContext, av.CodecContext.create(source.codec.name, "r"))
                context.extradata = source.extradata
        except (av.error.FFmpegError, ValueError, IndexError) as err:
            raise DecodeError(f"{track.codec} video cannot be decoded: {err}") from err
        context.options = dict(PIXEL_LIMIT)
        context.thread_type = "NONE"
        context.thread_count = 1
        self._context = context
        self._wait_for_keyframe = True

    def decode(self, data: memoryview, position: float, *, keyframe: bool) -> list[av.VideoFrame]:
        """Decode one sample presented at `position` (s); return the frames that are ready.

        Damaged video is skipped up to the next keyframe.
        """
        if self._wait_for_keyframe and not keyframe:
            return []
        self._wait_for_keyframe = False
        try:
            check_packet(self._context.name, data)
        except PictureTooLargeError as err:
            _LOGGER.debug("Skipping a frame: %s", err)
            self.reset()
            return []
        return self._feed(_packet(data, position, keyframe=keyframe))

    def drain(self) -> list[av.VideoFrame]:
        """Return the frames delayed by reordering. The next sample must be a keyframe."""
        frames = self._feed(None)
        self.reset()
        return frames

    def reset(self) -> None:
        """Flush the codec and wait for a keyframe."""
        self._context.flush_buffers()
        self._wait_for_keyframe = True

    def _feed(self, packet: av.Packet[Stream] | None) -> list[av.VideoFrame]:
        try:
            frames = self._context.decode(packet)
        except av.error.FFmpegError as err:
            _LOGGER.debug("Damaged video: %s", err)
            self.reset()
            return []
        intact = [frame for frame in frames if not frame.is_corrupt]
        if len(intact) < len(frames):
            _LOGGER.debug("Damaged video: corrupt frame")
            self.reset()
        return intact


def frame_position(frame: av.VideoFrame) -> float:
    """Return the position (s) passed to `SampleDecoder.decode` for a frame."""
    return (frame.pts or 0) / _TIME_BASE.denominator


def _packet(data: memoryview, position: float, *, keyframe: bool) -> av.Packet[Stream]:
    # A Packet keeps a reference to its buffer instead of a copy; its stub accepts bytes only.
    packet = av.Packet(cast(bytes, data))
    packet.pts = round(position * _TIME_BASE.denominator)
    packet.time_base = _TIME_BASE
    packet.is_keyframe = keyframe
    return packet


def sample_data(part: MediaPart, sample: Sample) -> memoryview:
    """Return a view of a sample's bytes in its part."""
    return memoryview(part.data)[sample.offset : sample.offset + sample.size]
