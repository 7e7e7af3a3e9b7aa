"""Decode the segments of a ring: live pictures at the camera's pace, and single keyframes."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import islice
import logging
import math
import threading
from typing import Final

import av

from ..errors import DecodeError, FragmentError, GradualRefreshError
from ..mp4.fragment_reader import Sample, Track, samples
from ..mp4.refresh import recovery_frames
from ..segments.cursors import ReadPart
from ..segments.refresh import keyframe_parts
from ..segments.ring import SegmentRing
from ..segments.segment import KeyframePart, MediaPart, Segment
from ..segments.timeline import Playout
from .codec import SampleDecoder, frame_position, sample_data
from .feed import Picture, Sink
from .orientation import orient

_LOGGER = logging.getLogger(__name__)

_POLL_SECONDS: Final = 0.1
"""Wait for a part before the stop event is checked again."""
_MAX_LATE_SECONDS: Final = 1.0
"""Later frames are dropped."""
_REFRESHES: Final = 3
"""Keyframes from which to try to decode on: the refresh of the newest one may be in progress."""
_MAX_GAP_SECONDS: Final = 0.5
"""A late frame is shown nevertheless after a gap this long, so that viewers see progress."""


class KeyframeDecoder:
    """Decodes single keyframes, reusing the codec. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._decoder: SampleDecoder | None = None

    def decode(self, segment: Segment, part: MediaPart, orientation: int) -> Picture:
        """Decode the last keyframe in a part of `segment`, and apply the orientation (EXIF).

        Blocks while another thread decodes. Raises GradualRefreshError for a keyframe that is not whole
        itself, DecodeError for a part without a keyframe, or a damaged one.
        """
        try:
            track, keyframe = _last_keyframe(segment, part)
            position = segment.position(keyframe.pts)
        except FragmentError as err:
            raise DecodeError(f"no keyframe can be read: {err}") from err
        data = sample_data(part, keyframe)
        if recovery_frames(track.description, data):
            raise GradualRefreshError("the keyframe is not whole")
        with self._lock:
            decoder = self._decoder_of(segment, track)
            frames = decoder.decode(data, position, keyframe=True) + decoder.drain()
        if not frames:
            raise DecodeError("the keyframe is damaged")
        return _picture(frames[0], segment, position, orientation)

    def decode_refresh(self, ring: SegmentRing, orientation: int) -> Picture:
        """Decode the newest frame of a stream with gradual refresh, from as few keyframes as it takes.

        Blocks while another thread decodes. Raises GradualRefreshError if the refresh of no keyframe
        held has ended yet, DecodeError for a codec that cannot be decoded.
        """
        with self._lock:
            for keyframe in islice(keyframe_parts(ring), _REFRESHES):
                if (picture := self._decode_on(ring, keyframe, orientation)) is not None:
                    return picture
        raise GradualRefreshError("no refresh has ended yet")

    def _decode_on(
        self, ring: SegmentRing, keyframe: KeyframePart, orientation: int
    ) -> Picture | None:
        """Decode from a keyframe to the newest part; return the last whole frame, if there is one."""
        picture: Picture | None = None
        for segment in ring.segments:
            if segment.number < keyframe.segment.number or (track := segment.video) is None:
                continue
            first = keyframe.index if segment is keyframe.segment else 0
            decoder = self._decoder_of(segment, track)
            for part in segment.parts[first:]:
                try:
                    for sample in samples(part.data, track):
                        position = segment.position(sample.pts)
                        data = sample_data(part, sample)
                        frames = decoder.decode(data, position, keyframe=sample.keyframe)
                        if frames:
                            last = frames[-1]
                            picture = _picture(last, segment, frame_position(last), orientation)
                except FragmentError:
                    # Logged by the ring.
                    decoder.reset()
        if self._decoder is not None:
            self._decoder.reset()
        return picture

    def _decoder_of(self, segment: Segment, track: Track) -> SampleDecoder:
        """Return the decoder, or a new one for another format. Raises DecodeError."""
        if self._decoder is None or self._decoder.description != track.description:
            self._decoder = SampleDecoder(segment.init, track)
        return self._decoder


def _last_keyframe(segment: Segment, part: MediaPart) -> tuple[Track, Sample]:
    if (track := segment.video) is None:
        raise FragmentError("the segment's init cannot be read")
    keyframes = [sample for sample in samples(part.data, track) if sample.keyframe]
    if not keyframes:
        raise FragmentError("the part has no keyframe")
    return track, keyframes[-1]


def _picture(frame: av.VideoFrame, segment: Segment, position: float, orientation: int) -> Picture:
    return Picture(orient(frame, orientation), segment.wall(position), position)


class SegmentDecoder:
    """Decodes the live parts of a ring and emits each frame when it is due. A PictureSource.

    Parts come in bursts, about one a second; `Playout` spreads their frames, a little more than one
    part late. A decoder that falls behind continues at the newest keyframe.
    """

    def __init__(
        self,
        ring: SegmentRing,
        *,
        orientation: Callable[[], int],
        keyframes_only: bool = False,
    ) -> None:
        """Read from `ring`; `orientation` (EXIF, 1 to 8) is called for every frame.

        `keyframes_only` saves the work of decoding other samples, for a frame every few seconds.
        """
        self._ring = ring
        self._orientation = orientation
        self._keyframes_only = keyframes_only

    def run(self, emit: Sink, stop: threading.Event) -> None:
        """Call `emit` with each picture until `stop` is set or the ring is closed."""
        run = _DecoderRun(self._ring.clock, emit, stop, self._orientation, self._keyframes_only)
        with self._ring.cursor(live=True) as cursor:
            while not stop.is_set() and not cursor.closed:
                if (read := cursor.next(_POLL_SECONDS)) is not None:
                    run.decode(read)


@dataclass(slots=True)
class _DecoderRun:
    """State of one run: decodes consecutive parts, also across format changes."""

    clock: Callable[[], float]
    emit: Sink
    stop: threading.Event
    orientation: Callable[[], int]
    keyframes_only: bool
    _playout: Playout = field(default_factory=Playout)
    _decoder: SampleDecoder | None = None
    _refreshes: bool = False
    """Whether keyframes begin a gradual refresh: then all frames are decoded."""
    _description: bytes | None = None
    _segment: Segment | None = None
    _last_position: float = -math.inf
    _last_emitted: float = -math.inf

    def decode(self, read: ReadPart) -> None:
        """Decode and show a part; return early on stop."""
        if (track := read.segment.video) is None:
            return
        self._prepare(read, track)
        self._segment = read.segment
        if self._decoder is None:
            return
        if read.timing.corrected:
            self._playout.restart()
            self._last_position = -math.inf
        self._playout.part(read.timing.arrived, read.timing.start)
        try:
            for sample in samples(read.part.data, track):
                if self.stop.is_set():
                    return
                self._decode(self._decoder, read, sample)
        except FragmentError:
            # Logged by the ring.
            self._decoder.reset()

    def _prepare(self, read: ReadPart, track: Track) -> None:
        """Drain or reset the decoder at a discontinuity, and replace it for another format."""
        changed = track.description != self._description
        if not (changed or read.jumped or (read.first and read.segment.discontinuity)):
            return
        if read.jumped:
            self._playout.restart()
        if self._decoder is not None and self._segment is not None:
            if read.jumped:
                self._decoder.reset()
            else:
                self._show(self._decoder.drain(), self._segment)
        if changed:
            self._description = track.description
            try:
                self._decoder = SampleDecoder(read.segment.init, track)
            except DecodeError as err:
                self._decoder = None
                _LOGGER.warning("No live pictures: %s", err)

    def _decode(self, decoder: SampleDecoder, read: ReadPart, sample: Sample) -> None:
        segment, data = read.segment, sample_data(read.part, sample)
        if self.keyframes_only and sample.keyframe:
            self._refreshes = recovery_frames(decoder.description, data) > 0
        keyframes_only = self.keyframes_only and not self._refreshes
        if keyframes_only and not sample.keyframe:
            return
        frames = decoder.decode(data, segment.position(sample.pts), keyframe=sample.keyframe)
        if keyframes_only:
            frames += decoder.drain()
        decoded_at = segment.position(sample.dts)
        for frame in frames:
            self._playout.reordered(decoded_at - frame_position(frame))
        self._show(frames, segment)

    def _show(self, frames: Iterable[av.VideoFrame], segment: Segment) -> None:
        """Wait until each frame is due and emit it; drop late ones; return early on stop."""
        for frame in frames:
            # The first frame of a run may be stamped later than the next one; see TimeLine.
            position = max(frame_position(frame), self._last_position)
            self._last_position = position
            wait = self._playout.due(position) - self.clock()
            if wait < -_MAX_LATE_SECONDS and self.clock() < self._last_emitted + _MAX_GAP_SECONDS:
                continue
            if self.stop.wait(max(0.0, wait)):
                return
            self._last_emitted = self.clock()
            self.emit(_picture(frame, segment, position, self.orientation()))
