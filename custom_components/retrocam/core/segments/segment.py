"""Segments of a camera's stream and their parts, as a ring holds them."""

from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from ..errors import FragmentError
from ..mp4.fragment_reader import Track, samples


class MediaPart(Protocol):
    """A part as Home Assistant's stream worker cuts it; we share its objects and its bytes."""

    @property
    def data(self) -> bytes:
        """Pairs of `moof` and `mdat`."""
        ...

    @property
    def duration(self) -> float:
        """Seconds, as HLS is told; adjusted to its rules, so not exactly those of the pictures."""
        ...


class PictureTimes(NamedTuple):
    """What the pictures of a part say of it. Seconds of media time, which counts from anywhere."""

    start: float
    """When the first picture is decoded."""
    end: float
    """When the last picture that is decoded has been shown for its duration, without reordering."""
    first_shown: float
    last_shown: float
    """When the picture that is shown last begins to be shown."""
    shown_until: float
    pictures: int
    keyframe: float | None
    """When the last keyframe is shown; None without one."""


def picture_times(part: MediaPart, track: Track) -> PictureTimes | None:
    """Read when the pictures of a part are shown; None if it has none.

    Raises FragmentError when the part is damaged.
    """
    pictures = list(samples(part.data, track))
    if not pictures:
        return None
    last = max(pictures, key=lambda picture: picture.pts)
    keyframes = [picture.pts for picture in pictures if picture.keyframe]
    scale = track.timescale
    return PictureTimes(
        start=pictures[0].dts / scale,
        end=(pictures[-1].dts + pictures[-1].duration) / scale,
        first_shown=min(picture.pts for picture in pictures) / scale,
        last_shown=last.pts / scale,
        shown_until=(last.pts + last.duration) / scale,
        pictures=len(pictures),
        keyframe=keyframes[-1] / scale if keyframes else None,
    )


@dataclass(frozen=True, slots=True)
class PartMark:
    """Where a part lies on the ring's time line. Positions in seconds."""

    start: float
    duration: float
    """Real seconds of its pictures; what the worker said if they cannot be read."""
    arrived: float
    """Monotonic time at which the part came."""
    pictures: int
    keyframe: float | None
    """Position of the last keyframe in it; None without one."""

    @property
    def end(self) -> float:
        """Position of its end."""
        return self.start + self.duration


@dataclass(slots=True, eq=False)
class Segment:
    """Some seconds of a stream that begin with a keyframe.

    The ring's writer adds to it; any thread may read it, parts and marks only ever grow. Once it is
    complete, nothing but `lag` changes.
    """

    number: int
    """Rises by one from segment to segment, for ever."""
    run: int
    """Which run of the stream worker it came from."""
    init: bytes
    """`ftyp` and `moov`; the same object as before while the bytes are the same."""
    tracks: tuple[Track, ...]
    """What the init says; empty if it cannot be read."""
    discontinuity: bool
    """Whether this does not go on where the segment before it ended, or not in the same format."""
    start: float = 0.0
    """Position of its first picture, in seconds of the ring's time line."""
    base: float = 0.0
    """Position of media time 0."""
    parts: list[MediaPart] = field(default_factory=list)
    marks: list[PartMark] = field(default_factory=list)
    """One to each part."""
    duration: float = 0.0
    """Seconds of media in its parts up to now."""
    size: int = 0
    """Bytes of its init and its parts up to now."""
    complete: bool = False
    lag: float = 0.0
    """Seconds from a position to the monotonic time at which it happened."""
    wall_ahead: float = 0.0
    """Seconds from monotonic to wall time, as they were when the last part came."""

    @property
    def video(self) -> Track | None:
        """The first video track."""
        return next((track for track in self.tracks if track.handler == "vide"), None)

    @property
    def end(self) -> float:
        """Position of the end of its last part."""
        return self.marks[-1].end if self.marks else self.start

    def wall(self, position: float) -> float:
        """Return the UNIX time at which a position in this segment happened."""
        return position + self.lag + self.wall_ahead

    def position(self, ticks: int) -> float:
        """Return the position of a time of the video track. Raises FragmentError without one."""
        if (video := self.video) is None:
            raise FragmentError("the segment's init cannot be read")
        return self.base + ticks / video.timescale


@dataclass(frozen=True, slots=True)
class KeyframePart:
    """A part that has a keyframe."""

    segment: Segment
    index: int
    """Of the part in its segment."""
    position: float
    """Of the last keyframe in the part."""

    @property
    def part(self) -> MediaPart:
        """The part itself."""
        return self.segment.parts[self.index]

    @property
    def time(self) -> float:
        """When the keyframe was taken, UNIX time."""
        return self.segment.wall(self.position)
