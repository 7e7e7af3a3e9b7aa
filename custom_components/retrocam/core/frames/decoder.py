"""Decoding a ring's segments: live pictures in step with the camera, and single keyframes."""

from collections.abc import Callable, Iterable
import logging
import math
import threading
from typing import Final

import av

from ..errors import DecodeError, FragmentError
from ..mp4.fragment_reader import Sample, Track, samples
from ..segments.ring import ReadPart, SegmentRing
from ..segments.segment import MediaPart, Segment
from ..segments.timeline import Playout
from .codec import SampleDecoder, frame_position, sample_data
from .feed import Picture, Sink
from .orientation import orient

_LOGGER = logging.getLogger(__name__)

_POLL: Final = 0.1
"""Seconds after which a decoder without parts looks whether it is to stop."""
_MOST_LATE: Final = 1.0
"""Seconds that a picture may be late before it is left out."""
_LEAST_OFTEN: Final = 0.5
"""Seconds after which a late picture is shown all the same, so that viewers see that it goes on."""


class KeyframeDecoder:
    """Decodes single keyframes, and keeps its codec from one to the next. For any thread."""

    def __init__(self) -> None:
        """Begin without a codec: the first keyframe says which."""
        self._lock = threading.Lock()
        self._decoder: SampleDecoder | None = None

    def decode(self, segment: Segment, part: MediaPart, orientation: int) -> Picture:
        """Decode the last keyframe in a part of `segment`, and turn it the right way up.

        Blocks while another thread decodes. Raises DecodeError if the part has no keyframe or
        its picture is damaged.
        """
        try:
            track, keyframe = _last_keyframe(segment, part)
            position = segment.position(keyframe.pts)
        except FragmentError as err:
            raise DecodeError(f"no keyframe can be read: {err}") from err
        with self._lock:
            if self._decoder is None or self._decoder.description != track.description:
                self._decoder = SampleDecoder(segment.init, track)
            frames = self._decoder.decode(sample_data(part, keyframe), position, keyframe=True)
            frames += self._decoder.drain()
        if not frames:
            raise DecodeError("the keyframe is damaged")
        return Picture(
            frame=orient(frames[0], orientation), time=segment.wall(position), position=position
        )


def _last_keyframe(segment: Segment, part: MediaPart) -> tuple[Track, Sample]:
    if (track := segment.video) is None:
        raise FragmentError("the segment's init cannot be read")
    keyframe = None
    for sample in samples(part.data, track):
        if sample.keyframe:
            keyframe = sample
    if keyframe is None:
        raise FragmentError("the part has no keyframe")
    return track, keyframe


class SegmentDecoder:
    """Live pictures of a ring: decodes parts as they come, and shows each picture when it is due.

    A PictureSource. Parts come in bursts, about one a second; `Playout` says when their pictures
    are due, a little more than one part after they were taken. One who falls behind goes on with
    the newest keyframe.
    """

    def __init__(
        self,
        ring: SegmentRing,
        *,
        orientation: Callable[[], int],
        keyframes_only: bool = False,
    ) -> None:
        """Take what to read; `orientation` (EXIF, 1 to 8) is asked for every picture.

        With `keyframes_only` nothing else is decoded, at the cost of a picture every few seconds.
        """
        self._ring = ring
        self._orientation = orientation
        self._keyframes_only = keyframes_only

    def run(self, emit: Sink, stop: threading.Event) -> None:
        """Call `emit` with each picture until `stop` is set, or the ring is closed."""
        playback = _Playback(self._ring.clock, emit, stop, self._orientation)
        parts = _PartDecoder(playback, keyframes_only=self._keyframes_only)
        with self._ring.cursor(live=True) as cursor:
            while not stop.is_set() and not cursor.closed:
                if (read := cursor.next(_POLL)) is not None:
                    parts.decode(read)


class _Playback:
    """Shows decoded frames when they are due."""

    def __init__(
        self,
        clock: Callable[[], float],
        emit: Sink,
        stop: threading.Event,
        orientation: Callable[[], int],
    ) -> None:
        self._clock = clock
        self._emit = emit
        self._orientation = orientation
        self._last_position = -math.inf
        self._last_shown = -math.inf
        self.stop = stop
        self.playout = Playout()

    def show(self, frames: Iterable[av.VideoFrame], segment: Segment) -> None:
        """Wait for each frame's time and emit it, unless it is far too late or all is to end."""
        for frame in frames:
            # The first picture of a run may be marked as shown later than it is; see TimeLine.
            position = max(frame_position(frame), self._last_position)
            self._last_position = position
            wait = self.playout.due(position) - self._clock()
            if wait < -_MOST_LATE and self._clock() < self._last_shown + _LEAST_OFTEN:
                continue
            if self.stop.wait(max(0.0, wait)):
                return
            self._last_shown = self._clock()
            self._emit(
                Picture(
                    frame=orient(frame, self._orientation()),
                    time=segment.wall(position),
                    position=position,
                )
            )


class _PartDecoder:
    """Decodes parts, one after the other, whatever their format."""

    def __init__(self, playback: _Playback, *, keyframes_only: bool) -> None:
        self._playback = playback
        self._keyframes_only = keyframes_only
        self._decoder: SampleDecoder | None = None
        self._description: bytes | None = None
        self._segment: Segment | None = None

    def decode(self, read: ReadPart) -> None:
        """Decode and show a part; ends early when all is to end."""
        if (track := read.segment.video) is None:
            return
        self._go_on_with(read, track)
        self._segment = read.segment
        if self._decoder is None:
            return
        self._playback.playout.part(read.mark.arrived, read.mark.start)
        try:
            for sample in samples(read.part.data, track):
                if self._playback.stop.is_set():
                    return
                self._decode(self._decoder, read, sample)
        except FragmentError:
            # The ring has logged it.
            self._decoder.reset()

    def _go_on_with(self, read: ReadPart, track: Track) -> None:
        """Bring the part before to its end where this one does not go on from it."""
        changed = track.description != self._description
        if not (changed or read.jumped or (read.first and read.segment.discontinuity)):
            return
        if read.jumped:
            self._playback.playout.restart()
        if self._decoder is not None and self._segment is not None:
            if read.jumped:
                self._decoder.reset()
            else:
                self._playback.show(self._decoder.drain(), self._segment)
        if changed:
            self._description = track.description
            try:
                self._decoder = SampleDecoder(read.segment.init, track)
            except DecodeError as err:
                self._decoder = None
                _LOGGER.warning("No live pictures: %s", err)

    def _decode(self, decoder: SampleDecoder, read: ReadPart, sample: Sample) -> None:
        if self._keyframes_only and not sample.keyframe:
            return
        segment, data = read.segment, sample_data(read.part, sample)
        frames = decoder.decode(data, segment.position(sample.pts), keyframe=sample.keyframe)
        if self._keyframes_only:
            frames += decoder.drain()
        fed = segment.position(sample.dts)
        for frame in frames:
            self._playback.playout.reordered(fed - frame_position(frame))
        self._playback.show(frames, segment)
