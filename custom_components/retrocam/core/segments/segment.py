"""Segments and parts of a camera's stream."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple, Protocol

from ..errors import FragmentError
from ..mp4.fragment_reader import Track, samples

ON_TAPE: Final = -1


class MediaPart(Protocol):
    """A part cut by Home Assistant's stream worker; its object and bytes are shared, not copied."""

    @property
    def data(self) -> bytes:
        """Pairs of `moof` and `mdat`."""
        ...

    @property
    def duration(self) -> float:
        """Seconds, adjusted to the rules of HLS: not exactly the duration of the frames."""
        ...


class FrameTimes(NamedTuple):
    """Times of a part's video frames, in seconds of media time, which has an arbitrary origin."""

    start: float
    """dts of the first frame."""
    end: float
    """dts plus duration of the last frame in decoding order."""
    first_shown: float
    """Lowest pts."""
    last_shown: float
    """Highest pts."""
    shown_until: float
    """Highest pts plus the duration of its frame."""
    frames: int
    keyframe: float | None
    """pts of the last keyframe; None without one."""
    longest: float
    """Duration of the frame that lasts longest."""


def frame_times(part: MediaPart, track: Track) -> FrameTimes | None:
    """Read the times of a part's frames; None without frames.

    Raises FragmentError if the part is damaged.
    """
    frames = list(samples(part.data, track))
    if not frames:
        return None
    last = max(frames, key=lambda frame: frame.pts)
    keyframes = [frame.pts for frame in frames if frame.keyframe]
    scale = track.timescale
    return FrameTimes(
        start=frames[0].dts / scale,
        end=(frames[-1].dts + frames[-1].duration) / scale,
        first_shown=min(frame.pts for frame in frames) / scale,
        last_shown=last.pts / scale,
        shown_until=(last.pts + last.duration) / scale,
        frames=len(frames),
        keyframe=keyframes[-1] / scale if keyframes else None,
        longest=max(frame.duration for frame in frames) / scale,
    )


def video_track(tracks: Iterable[Track]) -> Track | None:
    """Return the first video track."""
    return next((track for track in tracks if track.handler == "vide"), None)


@dataclass(frozen=True, slots=True)
class PartTiming:
    """A part on the ring's timeline. Positions in seconds."""

    start: float
    duration: float
    """Duration of its frames; the worker's if they cannot be read."""
    arrived: float
    """Monotonic time of arrival."""
    frames: int
    keyframe: float | None
    """Position of its last keyframe; None without one."""
    media_start: float
    """Media time of its first frame, in seconds."""
    base: float
    """Position of media time 0."""
    rate: float
    """Seconds of position for a second of media time."""
    limit: float
    """Position that its frames do not exceed; infinite unless its stamps leap ahead."""
    corrected: bool = False
    """Whether the mapping was changed after its arrival."""

    def position(self, media_time: float) -> float:
        """Return the position of a media time in this part."""
        return min(self.base + self.rate * media_time, self.limit)

    def remap(self, base: float, rate: float) -> PartTiming:
        """Return the same part with another mapping."""
        change = rate / self.rate
        keyframe = self.keyframe
        if keyframe is not None:
            keyframe = base + change * (keyframe - self.base)
        return replace(
            self,
            start=base + change * (self.start - self.base),
            duration=change * self.duration,
            keyframe=keyframe,
            base=base,
            rate=rate,
            corrected=True,
        )

    def shift(self, seconds: float) -> PartTiming:
        """Return the same part, later by some seconds."""
        return replace(
            self,
            start=self.start + seconds,
            keyframe=None if self.keyframe is None else self.keyframe + seconds,
            base=self.base + seconds,
            limit=self.limit + seconds,
        )

    @property
    def end(self) -> float:
        """Position of its end."""
        return self.start + self.duration


@dataclass(slots=True, eq=False)
class Segment:
    """Some seconds of a stream, starting with a keyframe.

    The ring's writer appends to it; any thread may read it, `parts` and `timings` only grow. The ring
    may replace the newest timings, which changes `start` and `duration`, too. Once it is complete and
    settled, only `lag` changes.
    """

    number: int
    """Sequence number, across all runs."""
    run: int
    """Run of the stream worker; ON_TAPE of a segment that was read from a tape."""
    init: bytes
    """`ftyp` and `moov`; the previous segment's object if the bytes are equal."""
    tracks: tuple[Track, ...]
    """Tracks of the init; empty if it cannot be read."""
    discontinuity: bool
    """Whether it is the first of another run or another format."""
    start: float = 0.0
    """Position of its first frame, in seconds of the ring's timeline."""
    parts: list[MediaPart] = field(default_factory=list)
    timings: list[PartTiming] = field(default_factory=list)
    """One for each part."""
    settled: int = 0
    """Number of parts whose timing does not change any more."""
    duration: float = 0.0
    """Seconds of its parts so far."""
    size: int = 0
    """Bytes of its init and its parts so far."""
    complete: bool = False
    lag: float = 0.0
    """Seconds to add to a position for the monotonic time of capture.

    It falls when a later part of the run, of the next minute, arrives with less delay: the times of
    capture then become earlier by as much. Only a correction of timings raises it.
    """
    wall_ahead: float = 0.0
    """Seconds to add to a monotonic time for the wall time, when the last part arrived."""

    @property
    def video(self) -> Track | None:
        """The first video track."""
        return video_track(self.tracks)

    @property
    def on_tape(self) -> bool:
        """Whether its parts are on disk, and their bytes are read when asked for."""
        return self.run == ON_TAPE

    @property
    def end(self) -> float:
        """End of its last part; `start` without parts."""
        return self.timings[-1].end if self.timings else self.start

    def wall(self, position: float) -> float:
        """Return the UNIX time of capture of a position in this segment."""
        return position + self.lag + self.wall_ahead

    def position(self, ticks: int) -> float:
        """Convert a time of the video track to a position. Raises FragmentError without a track."""
        if (video := self.video) is None:
            raise FragmentError("the segment has no readable init")
        return self._timing_at(time := ticks / video.timescale).position(time)

    def _timing_at(self, media_time: float) -> PartTiming:
        """Return the timing of the part with a media time. Raises FragmentError without one."""
        readable = [timing for timing in self.timings if timing.frames]
        if not readable:
            raise FragmentError("the segment has no readable part")
        for timing in reversed(readable):
            if timing.media_start <= media_time:
                return timing
        return readable[0]


@dataclass(frozen=True, slots=True)
class KeyframePart:
    """A part with a keyframe."""

    segment: Segment
    index: int
    """Index of the part in its segment."""

    @property
    def position(self) -> float:
        """Position of the part's last keyframe."""
        timing = self.segment.timings[self.index]
        return timing.start if timing.keyframe is None else timing.keyframe

    @property
    def part(self) -> MediaPart:
        """The part."""
        return self.segment.parts[self.index]
