"""Select the samples of a clip from the parts of a ring, and place them on the clip's timeline.

Pure: no thread, no file, no clock. Positions are those of the ring, in seconds; ticks are those of
a track, counted from the first frame of the clip's file.

A clip starts with the keyframe at or before the requested position and ends with the last frame
before its end. Later frames are kept only if earlier ones are predicted from them, and then without
a gap. Audio is cut at the same positions, to a packet. An interruption of the source stays a gap of
the same length: timestamps are not shifted to hide it. If the interruption covers the start, the
clip starts after it. After a gap of many hours, or with another format, the clip continues in
another file.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
import math
from typing import Final, NamedTuple

from ..mp4.fragment_reader import Sample
from ..mp4.fragment_writer import KEYFRAME, NO_KEYFRAME, SampleRun
from ..mp4.refresh import recovery_frames
from ..segments.cursors import ReadPart
from ..segments.segment import Segment
from ..segments.timestamps import Format, TimedPart, TimedSegments

AHEAD: Final = 1.0
"""Seconds by which audio may precede its video in the stream; a cursor must start this long before
the clip."""
_TOLERANCE: Final = 1e-4
"""Tolerance of equal positions, in seconds."""
_MIN_GAP: Final = 1.0
"""Seconds without a new frame that count as a gap, unless they are less than three frames."""
_MAX_GAP_TICKS: Final = 0.9 * (1 << 31)
"""Longest gap within a file. A sample lasts until the next one, and some readers take its 32-bit
duration as signed; at 90 kHz, the limit is 6 hours."""
_MAX_AGE: Final = 10.0
"""Seconds by which the last frames may precede the start of a clip that gets no others: a failing
source loses its incomplete part, of up to six seconds."""


class Fragment(NamedTuple):
    """Samples to write next."""

    first_segment: Segment | None
    """First segment of a new file that starts with these samples; None to continue the file."""
    origin: float
    """Position of the file's first frame."""
    runs: tuple[SampleRun, ...]
    data: tuple[memoryview, ...]
    """Bytes of all samples, run after run; views of the ring's parts."""


type _QueuedSample = tuple[Sample, bytes]
"""A sample with times on the file's timeline, and the part that it is in."""


class _Start(NamedTuple):
    """The keyframe that a file starts with."""

    part: TimedPart
    position: float
    hidden: float
    """Seconds from then until its gradual refresh has ended; 0 without one."""


@dataclass(slots=True)
class _TrackQueue:
    """One track of the file in progress."""

    timescale: int
    pending: list[_QueuedSample] = field(default_factory=list)
    """Samples not yet emitted: the clip may end before them."""
    last_dts: int = -1
    """dts of the last sample added."""
    reorder: int = 0
    """Largest dts - pts seen, in ticks."""
    max_pts: int = -1
    """Highest pts emitted."""
    shown_until: int = 0
    """End of the last sample emitted, in order of presentation."""
    overlaps: bool = False
    """Whether frames lie before those added: the ring took delays for time, and has corrected that."""
    gap_ticks: int = 0
    """Sum of the gaps between samples emitted."""

    def limit(self, seconds: float) -> int:
        """Convert seconds on the file's timeline to ticks, rounded up."""
        return math.ceil((seconds - _TOLERANCE) * self.timescale)

    def add(self, sample: Sample, data: bytes, dts: int, pts: int) -> None:
        """Append a sample."""
        self.last_dts = dts
        self.reorder = max(self.reorder, dts - pts)
        duration = max(1, sample.duration)
        self.pending.append(
            (
                Sample(dts, pts - dts, duration, sample.keyframe, sample.offset, sample.size),
                data,
            )
        )

    def pop_until(self, limit: int) -> list[_QueuedSample]:
        """Pop the samples needed to present everything before `limit`, references included."""
        count, needed, max_pts = 0, max(limit, self.max_pts), self.max_pts
        for index, (sample, _) in enumerate(self.pending, start=1):
            max_pts = max(max_pts, sample.pts)
            if sample.pts < needed:
                count, self.max_pts = index, max_pts
                needed = max(limit, max_pts)
        taken, self.pending = self.pending[:count], self.pending[count:]
        for sample, _ in taken:
            gap = sample.pts - self.shown_until
            if gap > max(_MIN_GAP * self.timescale, 3 * sample.duration):
                self.gap_ticks += gap
            self.shown_until = max(self.shown_until, sample.pts + sample.duration)
        return taken

    def is_complete(self, limit: int) -> bool:
        """Return whether no sample before `limit` can follow."""
        end = max(limit, self.shown_until) + self.reorder
        return any(sample.dts >= end for sample, _ in self.pending)


class SampleSelector:
    """Turns the parts of a ring into the fragments of a clip. For one thread."""

    def __init__(self, since: float, until: float) -> None:
        """Select samples from position `since` to position `until`."""
        self.until = until
        """Requested end; may be changed until `done`."""
        self.done = False
        """Whether everything up to the end is emitted."""
        self.first: float | None = None
        """Position of the first frame that players show, once known."""
        self.refreshes = False
        """Whether players show nothing of the first frames, which a gradual refresh needs."""
        self.end = since
        """End of the frames emitted."""
        self._start_position = since
        self._segments = TimedSegments()
        self._waiting_parts: list[TimedPart] = []
        self._format: Format | None = None
        self._queues: tuple[_TrackQueue, ...] = ()
        self._first_segment: Segment | None = None
        self._origin = since
        self._synced = False
        self._min_pts = 0
        self._video_complete = False
        self._closed_gaps = 0.0

    @property
    def missing(self) -> float:
        """Seconds of gaps between the clip's frames."""
        return self._closed_gaps + sum(
            queue.gap_ticks / queue.timescale for queue in self._queues[:1]
        )

    def feed(self, read: ReadPart) -> list[Fragment]:
        """Add the next part; return the fragments that can be written."""
        if self.done or (part := self._segments.read(read)) is None:
            return []
        fragments: list[Fragment] = []
        if self._format not in (None, part.format) or self._gap_too_long(part):
            fragments = self._end_file()
            self.done |= part.segment.start >= self.until
            if self.done:
                return fragments
        if self._format is None:
            self._waiting_parts.append(part)
            return fragments + self._start_file()
        self._enqueue(part)
        return fragments + self._emit()

    def _gap_too_long(self, part: TimedPart) -> bool:
        """Return whether the gap before a part exceeds the duration of a sample."""
        gap = part.segment.start - self.end
        return any(gap * queue.timescale > _MAX_GAP_TICKS for queue in self._queues)

    def flush(self) -> list[Fragment]:
        """Return the remaining fragments, up to the end: no more parts follow."""
        if self.done:
            return []
        fragments = self._start_file(final=True) or self._emit()
        self.done = True
        return fragments

    def _start_file(self, *, final: bool = False) -> list[Fragment]:
        """Start a file once its first keyframe is known, and emit the waiting parts."""
        if (start := self._find_start(final=final)) is None:
            return []
        (part, self._origin, hidden), waiting = start, self._waiting_parts
        self._waiting_parts = []
        self._format = part.format
        self._queues = tuple(_TrackQueue(track.timescale) for track in part.format)
        self._synced, self._first_segment = False, part.segment
        self.refreshes |= hidden > 0
        if self.first is None:
            self.first, self.end = self._origin + hidden, self._origin
        elif self._origin - self.end > _MIN_GAP:
            self._closed_gaps += self._origin - self.end
        for waiting_part in waiting:
            if waiting_part.format == self._format:
                self._enqueue(waiting_part)
        return self._emit()

    def _find_start(self, *, final: bool) -> _Start | None:
        """Find the first keyframe's part and position; None while a better one may follow."""
        wanted, shown_until = self._start_position + _TOLERANCE, -math.inf
        start: _Start | None = None
        decided = final
        for part in self._waiting_parts:
            for frame in part.tracks[0]:
                position = part.position(frame)
                if position > wanted and shown_until < self._start_position:
                    # An interruption covers the start: drop the frames before it.
                    start = None
                decided |= position > wanted
                length = frame.duration / part.format[0].timescale
                if frame.keyframe:
                    hidden = length * _recovery_frames(part, frame)
                    if start is None or position + hidden <= wanted:
                        start = _Start(part, position, hidden)
                shown_until = max(shown_until, position + length + max(_MIN_GAP, 3 * length))
        if final and shown_until < self._start_position - _MAX_AGE:
            start = None
        if start is None:
            # Before the first keyframe, only the audio close to it is needed.
            del self._waiting_parts[:-2]
        return start if decided else None

    def _end_file(self) -> list[Fragment]:
        """Emit the rest of a file; the next one starts with the next keyframe."""
        fragments = self._emit()
        self._closed_gaps = self.missing
        self._queues, self._format, self._start_position = (), None, -math.inf
        return fragments

    def _enqueue(self, part: TimedPart) -> None:
        """Queue the decodable samples of a part on the file's timeline."""
        self._synced &= not part.broken
        for queue, samples in zip(self._queues, part.tracks, strict=True):
            shift = round((part.base - self._origin) * queue.timescale)
            if queue is self._queues[0]:
                for frame in self._decodable(samples, shift):
                    # dts starts at 0 and always rises, whatever the source sends.
                    dts = max(frame.dts + shift, queue.last_dts + 1) if queue.last_dts >= 0 else 0
                    back = dts - frame.dts - shift if queue.last_dts >= 0 else 0
                    queue.overlaps = back > (0 if queue.overlaps else queue.timescale)
                    pts = frame.pts + shift + back * queue.overlaps
                    queue.add(frame, part.data, dts, pts)
            else:
                for sample in samples:
                    if sample.pts + shift >= 0:
                        pts = max(sample.pts + shift, queue.last_dts + 1)
                        queue.add(sample, part.data, pts, pts)

    def _decodable(self, frames: Iterable[Sample], shift: int) -> Iterator[Sample]:
        """Skip frames before the file's first keyframe, and frames with missing references."""
        for frame in frames:
            pts = frame.pts + shift
            if not self._synced and frame.keyframe and pts >= 0:
                self._synced, self._min_pts = True, pts
            if self._synced and pts >= self._min_pts:
                yield frame

    def _emit(self) -> list[Fragment]:
        """Return the queued samples before the end."""
        if not self._queues:
            return []
        video, seconds = self._queues[0], self.until - self._origin
        limits = [queue.limit(seconds) for queue in self._queues]
        taken = [queue.pop_until(limit) for queue, limit in zip(self._queues, limits, strict=True)]
        self.end = max(self.end, self._origin + video.shown_until / video.timescale)
        complete = [
            queue.is_complete(limit) for queue, limit in zip(self._queues, limits, strict=True)
        ]
        # Audio that lags behind the video may arrive with one more part.
        self.done = complete[0] and (all(complete) or self._video_complete)
        self._video_complete = complete[0]
        runs = tuple(
            _run(index, queue, items)
            for index, (queue, items) in enumerate(zip(self._queues, taken, strict=True))
            if items
        )
        if not runs:
            return []
        data = tuple(piece for items in taken for piece in _data_spans(items))
        first_segment, self._first_segment = self._first_segment, None
        return [Fragment(first_segment, self._origin, runs, data)]


def _recovery_frames(part: TimedPart, keyframe: Sample) -> int:
    """Return after how many frames those that follow a keyframe are shown."""
    data = memoryview(part.data)[keyframe.offset : keyframe.offset + keyframe.size]
    return recovery_frames(part.format[0].description, data)


def _run(index: int, queue: _TrackQueue, items: list[_QueuedSample]) -> SampleRun:
    """Build a run; each sample lasts until the next dts."""
    samples = [sample for sample, _ in items]
    end = queue.pending[0][0].dts if queue.pending else samples[-1].dts + samples[-1].duration
    rows: list[int] = []
    for sample, following in zip(
        samples, [*(sample.dts for sample in samples[1:]), end], strict=True
    ):
        flags = KEYFRAME if sample.keyframe else NO_KEYFRAME
        rows += (following - sample.dts, sample.size, flags, sample.cts)
    return SampleRun(index, samples[0].dts, rows, sum(sample.size for sample in samples))


def _data_spans(items: Iterable[_QueuedSample]) -> Iterator[memoryview]:
    """Return the bytes of samples as contiguous spans."""
    data, start, end = b"", 0, 0
    for sample, part in items:
        if part is not data or sample.offset != end:
            if end > start:
                yield memoryview(data)[start:end]
            data, start = part, sample.offset
        end = sample.offset + sample.size
    if end > start:
        yield memoryview(data)[start:end]
