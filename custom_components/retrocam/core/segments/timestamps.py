"""Samples with timestamps that are consistent across the segments of a worker's run.

Corrects two properties of FFmpeg and Home Assistant's worker:

- The worker sets pts = dts on the first packet of a run. With B-frames, that is too early by the
  reordering delay, and a gap follows.
- FFmpeg makes the first dts of a segment its first pts, except in segments with negative dts:
  between the first two segments of a run dts jumps while pts does not. Here dts always starts so.

Timestamps of different runs are unrelated: only positions compare.
"""

from dataclasses import dataclass
import math
from typing import Final, NamedTuple

from ..errors import FragmentError
from ..mp4.fragment_reader import Sample, Track, samples
from .cursors import ReadPart
from .segment import PartTiming, Segment

_MIN_FRAMES: Final = 4
"""Frames that include one that is not reordered: cameras use up to three consecutive B-frames."""


class TrackFormat(NamedTuple):
    """Properties that all samples of a track in a file must share."""

    handler: str
    timescale: int
    size: tuple[int, int] | None
    description: bytes


type Format = tuple[TrackFormat, ...]
"""Of the video track and of the audio track, if there is one."""


@dataclass(frozen=True, slots=True)
class TimedPart:
    """A part with its samples."""

    segment: Segment
    format: Format
    data: bytes
    tracks: tuple[list[Sample], ...]
    """Samples of video and audio, in ticks; position = base + ticks / timescale."""
    base: float
    broken: bool
    """Whether frames before it are missing: decoding can start only at a keyframe."""

    def position(self, frame: Sample) -> float:
        """Return the position at which a frame is shown."""
        return self.base + frame.pts / self.format[0].timescale


class TimedSegments:
    """Reads the parts of a cursor in order."""

    def __init__(self) -> None:
        self._segment: Segment | None = None
        self._delay = 0
        self._broken = False

    def read(self, read: ReadPart) -> TimedPart | None:
        """Return the next part with its samples, or None if it cannot be read."""
        segment, data = read.segment, read.part.data
        tracks = used_tracks(segment)
        try:
            track_samples = tuple(list(samples(data, track)) for track in tracks)
        except FragmentError:
            track_samples = ()
        # No worker sends an empty part: that is damage, too.
        if not any(track_samples) or tracks[0].handler != "vide":
            self._broken = True
            return None
        broken = self._broken or (read.first and segment.discontinuity)
        self._broken = False
        frames = track_samples[0]
        if frames:
            if read.first and (segment.discontinuity or segment.number == 0):
                frames[0] = _first_frame(frames)
            if segment is not self._segment:
                self._segment, self._delay = segment, frames[0].cts
            if delay := self._delay:
                frames[:] = [
                    frame._replace(dts=frame.dts + delay, cts=frame.cts - delay) for frame in frames
                ]
        timing = read.timing
        for track, of_track in zip(tracks, track_samples, strict=False):
            _remap(of_track, timing, track.timescale)
        return TimedPart(segment, _format(tracks), data, track_samples, timing.base, broken)


def used_tracks(segment: Segment) -> tuple[Track, ...]:
    """Return the first video track and the first audio track."""
    first_by_handler = {track.handler: track for track in reversed(segment.tracks)}
    return tuple(
        first_by_handler[handler] for handler in ("vide", "soun") if handler in first_by_handler
    )


def _format(tracks: tuple[Track, ...]) -> Format:
    return tuple(
        TrackFormat(track.handler, track.timescale, track.size, track.description)
        for track in tracks
    )


def _remap(samples_: list[Sample], timing: PartTiming, timescale: int) -> None:
    """Scale samples whose timestamps do not run with time, or leap ahead in this part."""
    rate, limit = timing.rate, math.inf
    if math.isfinite(timing.limit):
        limit = (timing.limit - timing.base) * timescale
    elif rate == 1:
        return
    for index, sample in enumerate(samples_):
        dts, pts = (round(min(rate * ticks, limit)) for ticks in (sample.dts, sample.pts))
        end = round(min(rate * (sample.dts + sample.duration), max(limit, dts + 1)))
        samples_[index] = sample._replace(dts=dts, cts=pts - dts, duration=end - dts)


def _first_frame(frames: list[Sample]) -> Sample:
    """Move the pts of a run's first frame right before the next one shown.

    The delay is the lowest pts minus the first dts of the other frames; it is 0 in all other
    segments.
    """
    first, *others = frames
    if first.cts or len(others) < _MIN_FRAMES:
        return first
    early = min(frame.pts for frame in others) - others[0].dts
    return first._replace(cts=early) if early > 0 else first
