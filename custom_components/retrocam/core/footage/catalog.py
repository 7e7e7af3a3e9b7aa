"""What playlists say of segments, told once and then for good.

Players compare a playlist with the one before: what it says of a segment must not change. Used in one
thread.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
import math
from typing import Final

from ..errors import FragmentError
from ..mp4.fragment_reader import Track, samples
from ..segments.segment import Segment

_BEFORE: Final = 100_000.0
"""Seconds of media time before the first segment, for what comes before it from a tape."""
_DISCONTINUITIES_BEFORE: Final = 1000
_LEAP: Final = 0.5
"""Seconds by which timestamps of the media must leap to be a discontinuity."""


@dataclass(frozen=True, slots=True)
class InitSection:
    """The init of consecutive segments of one format."""

    number: int
    """Of the first segment that was seen with it."""
    init: bytes
    tracks: tuple[Track, ...]
    file: int | None = None
    """UNIX time of the name of the tape file that it is in, ms; None for one in memory."""


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """One segment."""

    discontinuity: bool
    """Whether its timestamps or its format do not continue those of the one before."""
    discontinuities: int
    """How many segments before it have a discontinuity, of all that were seen."""
    section: InitSection
    lead: float
    """Seconds from the segment's start to its first frame."""
    shift: float
    """Seconds to add to the timestamps of the media."""
    time: int | None = None
    """UNIX ms of the start of a segment on tape that is named by it."""


class Catalog:
    """Entries of the segments of one ring, by number.

    Timestamps of the media fall back at some discontinuities, such as the begin of a run of the worker.
    FFmpeg and what is built on it then skip frames: they are shifted to follow the ring's timeline.
    """

    def __init__(self, *, taped: Callable[[], bool] = lambda: False) -> None:
        """`taped` returns whether playlists may list segments from before the first one here."""
        self._taped = taped
        self._entries: dict[int, CatalogEntry] = {}
        self._last: CatalogEntry | None = None
        self._origin: float | None = None
        """Base of the first segment: its media is not shifted, without a tape."""
        self._end = 0.0
        """End of the last segment, in shifted media time."""
        self.target = 1
        """EXT-X-TARGETDURATION: seconds that no complete segment exceeds, so far."""
        self.part_target = 0.001
        """PART-TARGET: seconds that no part exceeds, so far."""

    def __getitem__(self, segment: Segment) -> CatalogEntry:
        """Return the entry of a segment that was part of an update."""
        return self._entries[segment.number]

    def get(self, segment: Segment) -> CatalogEntry | None:
        """Return the entry of a segment; None for one on tape, or that was not part of an update."""
        return None if segment.on_tape else self._entries.get(segment.number)

    def section(self, number: int) -> InitSection | None:
        """Return the init section of a number."""
        found = (e.section for e in self._entries.values() if e.section.number == number)
        return next(found, None)

    def update(self, segments: Sequence[Segment]) -> None:
        """Add segments, which are all that the ring holds or that were promised, oldest first."""
        held = {segment.number for segment in segments}
        for number in self._entries.keys() - held:
            del self._entries[number]
        for segment, before in zip(segments, (None, *segments[:-1]), strict=False):
            if segment.number not in self._entries:
                self._entries[segment.number] = self._last = self._entry(segment, before)
            timing = segment.timings[-1]
            shifted = timing.media_start + self._entries[segment.number].shift
            self._end = max(self._end, shifted + timing.duration / timing.rate)
            if segment.complete:
                self.target = max(self.target, math.ceil(round(segment.duration, 3)))
            for timing in tuple(segment.timings):
                self.part_target = max(self.part_target, math.ceil(timing.duration * 1000) / 1000)

    def _entry(self, segment: Segment, before: Segment | None) -> CatalogEntry:
        last = self._last
        count = last.discontinuities + last.discontinuity if last else self._discontinuities_before
        if last is None and segment.number == 0:
            # Before it is what an earlier ring has left on tape.
            leaps = segment.discontinuity or self._taped()
        else:
            leaps = segment.discontinuity or (
                before is not None
                and (before.number != segment.number - 1 or _leaps(before, segment))
            )
        if last is None or segment.discontinuity or segment.tracks != last.section.tracks:
            section = InitSection(segment.number, segment.init, segment.tracks)
        else:
            section = last.section
        shift = self._shift(segment) if last is None or leaps else last.shift
        return CatalogEntry(leaps, count, section, lead_of(segment), shift)

    @property
    def _discontinuities_before(self) -> int:
        return _DISCONTINUITIES_BEFORE if self._taped() else 0

    def _shift(self, segment: Segment) -> float:
        first = segment.timings[0]
        if self._origin is None:
            self._origin = first.base - (_BEFORE if self._taped() else 0.0)
        return max(first.base - self._origin, self._end - first.media_start)


def _leaps(before: Segment, segment: Segment) -> bool:
    """Return whether the timestamps of a segment do not continue those before, in either direction."""
    last, first = before.timings[-1], segment.timings[0]
    if not (last.frames and first.frames):
        return False
    return abs(first.media_start - last.media_start - last.duration / last.rate) > _LEAP


def lead_of(segment: Segment) -> float:
    """Return how long after its start a segment shows its first frame, in seconds."""
    if (video := segment.video) is None:
        return 0.0
    try:
        first = next(samples(segment.parts[0].data, video), None)
    except FragmentError:
        return 0.0
    return max(0.0, first.cts / video.timescale) if first is not None else 0.0
