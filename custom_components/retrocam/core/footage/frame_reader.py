"""Single frames of footage: find, decode and encode them.

A frame is decoded from the keyframe before it, without the frames after it. Blocks for up to some
hundred milliseconds: call it in a thread.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
import threading
from typing import Final, NamedTuple

import av

from ..errors import DecodeError, NotHeldError
from ..frames.codec import SampleDecoder, frame_position
from ..frames.feed import Picture
from ..frames.image_codec import ImageFormat, StillEncoder
from ..frames.jpeg import JpegEncoder
from ..frames.orientation import orient
from ..mp4.fragment_reader import Sample
from ..segments.cursors import ReadPart
from ..segments.timestamps import TimedSegments
from .held import TOLERANCE, HeldFootage, HeldSegment
from .media_names import Cut

_REORDER: Final = 1.0
"""Seconds by which a frame may precede, in decoding order, those shown before it."""
_IDLE_DECODERS: Final = 2
"""Decoders kept: opening one takes 2 ms, and keeping one takes the memory of some frames."""


class TimedFrame(NamedTuple):
    """A frame that is not decoded yet."""

    sample: Sample
    data: bytes
    """Of its part."""
    time: float
    """UNIX time at which it was shown."""
    held: HeldSegment
    broken: bool
    """Whether frames between this one and the one before it are missing."""


def find_frame(footage: HeldFootage, time: float) -> list[TimedFrame]:
    """Return the frame shown at a time, after all frames that are decoded before it.

    Raises NotHeldError.
    """
    index = footage.at(time)
    wanted = time + TOLERANCE
    segments = footage.segments[index : index + 1]
    while True:
        frames = [frame for held in segments for frame in _frames(held, wanted + _REORDER)]
        if found := _up_to(frames, wanted):
            return found
        first = segments[0]
        if len(segments) > 1 or not first.joined or index == 0:
            break
        segments = footage.segments[index - 1 : index + 1]
    first_keyframe = _first_keyframe(frames)
    if first_keyframe is None or any(frame.time <= wanted for frame in frames):
        raise NotHeldError("the footage of this time is damaged")
    # A run begins with frames that are decoded before any is shown.
    return [first_keyframe]


def find_keyframe(footage: HeldFootage, time: float) -> TimedFrame:
    """Return the last keyframe shown at or before a time; the first one of its run before that.

    Raises NotHeldError.
    """
    index = footage.at(time)
    wanted = time + TOLERANCE
    first = None
    while True:
        held = footage.segments[index]
        for part in _parts_with_keyframe(held, wanted):
            frames = [frame for frame in _part_frames(held, part) if frame.sample.keyframe]
            if before := [frame for frame in frames if frame.time <= wanted]:
                return before[-1]
            first = _first_keyframe(frames) or first
        if index == 0 or not held.joined:
            break
        index -= 1
    if first is None:
        raise NotHeldError("no keyframe of this time")
    return first


def next_keyframe(footage: HeldFootage, keyframe: TimedFrame) -> float:
    """Return the time of the keyframe after another; the end of its span, if there is none in it yet."""
    segments = footage.segments
    before = keyframe.held
    for held in segments[segments.index(keyframe.held) :]:
        if held.start - before.end > before.gap:
            break
        before = held
        for index, timing in enumerate(tuple(held.segment.timings)):
            if timing.keyframe is None or held.time(timing.keyframe) <= keyframe.time:
                continue
            times = [frame.time for frame in _part_frames(held, index) if frame.sample.keyframe]
            if later := [time for time in times if time > keyframe.time]:
                return min(later)
    return before.end


def keyframe_cut(held: HeldSegment, time: float) -> tuple[Cut, float]:
    """Return the place of the last keyframe of a segment shown by a time, and its time.

    The start of the segment if there is none.
    """
    for part in _parts_with_keyframe(held, time + TOLERANCE):
        for index, frame in reversed(list(enumerate(_part_frames(held, part)))):
            if frame.sample.keyframe and frame.time <= time + TOLERANCE:
                return Cut(part, index), frame.time
    return Cut(), held.start


def _up_to(frames: Sequence[TimedFrame], wanted: float) -> list[TimedFrame]:
    """Return the last frame shown by a time, from its keyframe on; empty without that keyframe."""
    shown = [index for index, frame in enumerate(frames) if frame.time <= wanted]
    if not shown:
        return []
    target = max(shown, key=lambda index: frames[index].time)
    for index in range(target, -1, -1):
        # A frame shown before its keyframe depends on the group of pictures before.
        if frames[index].sample.keyframe and frames[index].time <= frames[target].time:
            return list(frames[index : target + 1])
        if frames[index].broken:
            break
    return []


def _first_keyframe(frames: Sequence[TimedFrame]) -> TimedFrame | None:
    return next((frame for frame in frames if frame.sample.keyframe), None)


def _parts_with_keyframe(held: HeldSegment, wanted: float) -> Iterator[int]:
    """Yield parts that may have the keyframe before a time, newest first."""
    timings = tuple(held.segment.timings)
    for index in range(len(timings) - 1, -1, -1):
        timing = timings[index]
        if timing.keyframe is not None and held.time(timing.start) <= wanted + _REORDER:
            yield index


def _part_frames(held: HeldSegment, index: int) -> list[TimedFrame]:
    return list(_read(held, [index]))


def _frames(held: HeldSegment, until: float) -> list[TimedFrame]:
    """Read the frames of the parts that start before a time, in decoding order."""
    timings = tuple(held.segment.timings)
    return list(
        _read(held, [i for i, timing in enumerate(timings) if held.time(timing.start) <= until])
    )


def _read(held: HeldSegment, indexes: Sequence[int]) -> Iterator[TimedFrame]:
    reader = TimedSegments()
    segment = held.segment
    for index in indexes:
        read = ReadPart(
            segment, segment.parts[index], segment.timings[index], first=index == 0, jumped=False
        )
        if (part := reader.read(read)) is None:
            continue
        broken = part.broken
        for sample in part.tracks[0]:
            yield TimedFrame(sample, part.data, held.time(part.position(sample)), held, broken)
            broken = False


@dataclass(frozen=True, slots=True)
class EncodedFrame:
    """An image of footage."""

    data: bytes
    time: float
    """UNIX time at which its frame was shown."""
    until: float | None = None
    """UNIX time of the next keyframe, or of a gap, of a keyframe: until then it is the last one."""


class FrameReader:
    """Decodes frames of one camera. Thread-safe: threads decode side by side."""

    def __init__(self) -> None:
        self.decoded = 0
        """Frames decoded so far, those in front of a wanted one included."""
        self._lock = threading.Lock()
        self._idle: list[SampleDecoder] = []

    def jpeg(
        self, footage: HeldFootage, time: float, orientation: int, *, width: int, fast: bool
    ) -> EncodedFrame:
        """Return the frame shown at a time, or with `fast` the keyframe before it, as a JPEG.

        `width` is as of `JpegEncoder`, `orientation` is EXIF's. Raises NotHeldError, and DecodeError and
        InvalidFrameError for video that cannot be decoded or shown.
        """
        frames = _find(footage, time, fast=fast)
        picture = self._picture(frames, orientation)
        until = next_keyframe(footage, frames[-1]) if fast else None
        return EncodedFrame(JpegEncoder(width=width).encode(picture.frame), picture.time, until)

    def still(
        self, footage: HeldFootage, time: float, orientation: int, image_format: ImageFormat
    ) -> EncodedFrame:
        """Return the frame shown at a time in full size, for saving. Raises as `jpeg`."""
        picture = self.picture(footage, time, orientation, fast=False)
        return EncodedFrame(StillEncoder().encode(picture.frame, image_format), picture.time)

    def picture(
        self, footage: HeldFootage, time: float, orientation: int, *, fast: bool
    ) -> Picture:
        """Return the frame shown at a time, or with `fast` the keyframe before it.

        Raises NotHeldError, and DecodeError for a damaged frame.
        """
        return self._picture(_find(footage, time, fast=fast), orientation)

    def _picture(self, frames: Sequence[TimedFrame], orientation: int) -> Picture:
        """Return the last of consecutive frames."""
        target = frames[-1]
        decoder = self._take(target.held)
        try:
            frame = _decode(decoder, frames)
        finally:
            decoder.reset()
            with self._lock:
                self.decoded += len(frames)
                self._idle = [decoder, *self._idle][:_IDLE_DECODERS]
        return Picture(orient(frame, orientation), target.time, target.time - target.held.shift)

    def clear(self) -> None:
        """Free the decoders that are not in use."""
        with self._lock:
            self._idle.clear()

    def _take(self, held: HeldSegment) -> SampleDecoder:
        if (track := held.segment.video) is None:
            raise DecodeError("the segment has no video")
        with self._lock:
            for index, decoder in enumerate(self._idle):
                if decoder.description == track.description:
                    return self._idle.pop(index)
        return SampleDecoder(held.segment.init, track)


def _find(footage: HeldFootage, time: float, *, fast: bool) -> list[TimedFrame]:
    return [find_keyframe(footage, time)] if fast else find_frame(footage, time)


def _decode(decoder: SampleDecoder, frames: Sequence[TimedFrame]) -> av.VideoFrame:
    """Decode consecutive frames and return the last one. Raises DecodeError if it is damaged."""
    target = float(len(frames) - 1)
    for index, (sample, data, *_) in enumerate(frames):
        view = memoryview(data)[sample.offset : sample.offset + sample.size]
        for frame in decoder.decode(view, float(index), keyframe=sample.keyframe):
            if frame_position(frame) == target:
                return frame
    for frame in decoder.drain():
        if frame_position(frame) == target:
            return frame
    raise DecodeError("the frame is damaged")
