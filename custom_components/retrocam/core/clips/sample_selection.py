"""Choosing the samples of a clip from the parts of a ring, and laying them on the clip's time line.

Pure: no thread, no file, no clock. Positions are those of the ring, in seconds; ticks are those of
a track, counted from the first picture of the clip's file.

A clip begins with the keyframe at or before the position that was asked for, and ends with the
last picture before its end; pictures after it stay in only as far as those before are predicted
from them, and then without a hole. Sound is cut at the same positions, to a packet. Where the
camera was away the time line has a gap, which is there as time: no time stamp is bent to hide it.
Only where it was away as the clip was to begin, the clip begins with what came after. After a gap
of many hours the clip goes on in another file.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
import math
from typing import Final, NamedTuple

from ..mp4.fragment_reader import Sample
from ..mp4.fragment_writer import KEYFRAME, NO_KEYFRAME, Run
from ..segments.cursors import ReadPart
from ..segments.segment import Segment
from ..segments.timestamps import Format, TimedPart, TimedSegments

AHEAD: Final = 1.0
"""Seconds by which sound may lie in front of the pictures of its time in the stream; a cursor must
begin so long before the clip."""
_SAME: Final = 1e-4
"""Seconds below which two positions are the same."""
_GAP: Final = 1.0
"""Seconds without a new picture that are a gap, unless three pictures take longer."""
_LONGEST_GAP: Final = 0.9 * (1 << 31)
"""Ticks of a gap within a file. A sample lasts until the next one, and its duration has 32 bits, of
which some readers take the highest for a sign; at 90 kHz, these are 6 hours."""
_LATE: Final = 10.0
"""Seconds that the last pictures may be older than a clip that gets no others: a source that fails
takes with it the part that was not yet whole, of up to six seconds."""


class Fragment(NamedTuple):
    """Samples that are to be written next."""

    opens: Segment | None
    """The segment in which a file begins whose first samples these are; else None."""
    origin: float
    """Position of the first picture of the file."""
    runs: tuple[Run, ...]
    data: tuple[memoryview, ...]
    """The bytes of all samples, run after run; those of the ring's parts, not copies."""


class _Item(NamedTuple):
    """A sample on the file's time line, in ticks."""

    dts: int
    pts: int
    duration: int
    keyframe: bool
    data: bytes
    offset: int
    size: int


@dataclass(slots=True)
class _Lane:
    """One track of the file that is being made."""

    timescale: int
    pending: list[_Item] = field(default_factory=list)
    """Samples not yet given out: the clip may have to end before them."""
    last: int = -1
    """When the last sample is decoded."""
    reorder: int = 0
    """How much later than it is shown, by its numbers, a picture is decoded at most."""
    top: int = -1
    """When the last picture that was given out is shown."""
    until: int = 0
    """When all that was given out has been shown."""
    gaps: int = 0

    def limit(self, seconds: float) -> int:
        """Return the first tick that is not before this time."""
        return math.ceil((seconds - _SAME) * self.timescale)

    def add(self, sample: Sample, data: bytes, dts: int, pts: int) -> None:
        """Take in the next sample."""
        self.last = dts
        self.reorder = max(self.reorder, dts - pts)
        duration = max(1, sample.duration)
        self.pending.append(
            _Item(dts, pts, duration, sample.keyframe, data, sample.offset, sample.size)
        )

    def take(self, limit: int) -> list[_Item]:
        """Take all that must be there for everything before `limit` to be shown."""
        count, needed, top = 0, max(limit, self.top), self.top
        for index, item in enumerate(self.pending, start=1):
            top = max(top, item.pts)
            if item.pts < needed:
                count, self.top = index, top
                needed = max(limit, top)
        taken, self.pending = self.pending[:count], self.pending[count:]
        for item in taken:
            if item.pts - self.until > max(_GAP * self.timescale, 3 * item.duration):
                self.gaps += item.pts - self.until
            self.until = max(self.until, item.pts + item.duration)
        return taken

    def over(self, limit: int) -> bool:
        """Tell whether nothing before `limit` can come any more."""
        end = max(limit, self.until) + self.reorder
        return any(item.dts >= end for item in self.pending)


class ClipCut:
    """Takes parts, gives fragments. For one thread."""

    def __init__(self, since: float, until: float) -> None:
        """Take the positions between which the clip is to be."""
        self.until = until
        """May be changed until it is `done`."""
        self.done = False
        """Whether all up to the end is given out."""
        self.first: float | None = None
        """Position of the first picture of the clip, once there is one."""
        self.end = since
        """Position of the end of the pictures that were given out."""
        self._since = since
        self._segments = TimedSegments()
        self._held: list[TimedPart] = []
        self._start: tuple[TimedPart, float] | None = None
        self._format: Format | None = None
        self._lanes: tuple[_Lane, ...] = ()
        self._opens: Segment | None = None
        self._origin = since
        self._synced = False
        self._floor = 0
        self._waited = False
        self._missing = 0.0

    @property
    def missing(self) -> float:
        """Seconds in the midst of the clip in which there are no pictures."""
        return self._missing + sum(lane.gaps / lane.timescale for lane in self._lanes[:1])

    def feed(self, read: ReadPart) -> list[Fragment]:
        """Take in the next part, and give what can be written now."""
        if self.done or (part := self._segments.read(read)) is None:
            return []
        found: list[Fragment] = []
        if self._format not in (None, part.format) or self._is_too_far(part):
            found = self._leave_file()
            self.done |= part.segment.start >= self.until
            if self.done:
                return found
        if self._format is None:
            self._held.append(part)
            return found + self._begin()
        self._lay(part)
        return found + self._give()

    def _is_too_far(self, part: TimedPart) -> bool:
        """Return whether the gap before a part is longer than one sample of a file can last."""
        gap = part.segment.start - self.end
        return any(gap * lane.timescale > _LONGEST_GAP for lane in self._lanes)

    def flush(self) -> list[Fragment]:
        """Give what is still held back, up to the end, and be done: no more parts come."""
        if self.done:
            return []
        found = self._begin(final=True) or self._give()
        self.done = True
        return found

    # Where a file begins

    def _begin(self, *, final: bool = False) -> list[Fragment]:
        """Begin a file, and give what is held of it, once it is clear where."""
        clear = self._choose(final=final)
        if self._start is None or not (clear or final):
            return []
        (part, self._origin), held = self._start, self._held
        self._start, self._held = None, []
        self._format = part.format
        self._lanes = tuple(_Lane(track.timescale) for track in part.format)
        self._synced, self._opens = False, part.segment
        if self.first is None:
            self.first = self.end = self._origin
        elif self._origin - self.end > _GAP:
            self._missing += self._origin - self.end
        for one in held:
            if one.format == self._format:
                self._lay(one)
        return self._give()

    def _choose(self, *, final: bool) -> bool:
        """Find the keyframe to begin with in what is held; tell whether no better one can come."""
        clear, sought, until = False, self._since + _SAME, -math.inf
        self._start = None
        for part in self._held:
            for picture in part.tracks[0]:
                position = part.position(picture)
                if position > sought and until < self._since:
                    # The camera was away when the clip is to begin: what was before is none of it.
                    self._start = None
                clear |= position > sought
                if picture.keyframe and (self._start is None or position <= sought):
                    self._start = part, position
                length = picture.duration / part.format[0].timescale
                until = max(until, position + length + max(_GAP, 3 * length))
        if final and until < self._since - _LATE:
            self._start = None
        if self._start is None:
            # Of what lies before the first keyframe, only the sound close to it can be of use.
            del self._held[:-2]
        return clear

    def _leave_file(self) -> list[Fragment]:
        """Give the rest of a file; the next one begins with the first keyframe that comes."""
        found = self._give()
        self._missing = self.missing
        self._lanes, self._format, self._since = (), None, -math.inf
        return found

    # The time line

    def _lay(self, part: TimedPart) -> None:
        """Lay the samples of a part on the file's time line, as far as they can be used."""
        self._synced &= not part.broken
        for lane, samples in zip(self._lanes, part.tracks, strict=True):
            shift = round((part.base - self._origin) * lane.timescale)
            if lane is self._lanes[0]:
                for picture in self._usable(samples, shift):
                    # Decoding begins at 0 and always rises, whatever the source says.
                    dts = max(picture.dts + shift, lane.last + 1) if lane.last >= 0 else 0
                    lane.add(picture, part.data, dts, picture.pts + shift)
            else:
                for sample in samples:
                    if sample.pts + shift >= 0:
                        pts = max(sample.pts + shift, lane.last + 1)
                        lane.add(sample, part.data, pts, pts)

    def _usable(self, pictures: Iterable[Sample], shift: int) -> Iterator[Sample]:
        """Leave out what comes before the file, and what needs pictures that are not there."""
        for picture in pictures:
            pts = picture.pts + shift
            if not self._synced and picture.keyframe and pts >= 0:
                self._synced, self._floor = True, pts
            if self._synced and pts >= self._floor:
                yield picture

    # What comes out

    def _give(self) -> list[Fragment]:
        """Give all that is before the end."""
        if not self._lanes:
            return []
        video, seconds = self._lanes[0], self.until - self._origin
        limits = [lane.limit(seconds) for lane in self._lanes]
        taken = [lane.take(limit) for lane, limit in zip(self._lanes, limits, strict=True)]
        self.end = max(self.end, self._origin + video.until / video.timescale)
        over = [lane.over(limit) for lane, limit in zip(self._lanes, limits, strict=True)]
        # Sound that lags behind the pictures has one more part to come in.
        self.done = over[0] and (all(over) or self._waited)
        self._waited = over[0]
        runs = tuple(
            _run(index, lane, items)
            for index, (lane, items) in enumerate(zip(self._lanes, taken, strict=True))
            if items
        )
        if not runs:
            return []
        data = tuple(piece for items in taken for piece in _slices(items))
        opens, self._opens = self._opens, None
        return [Fragment(opens, self._origin, runs, data)]


def _run(index: int, lane: _Lane, items: list[_Item]) -> Run:
    """Make the numbers of a run; how long the last one takes is known once the next has come."""
    after = lane.pending[0].dts if lane.pending else items[-1].dts + items[-1].duration
    rows: list[int] = []
    ends = [item.dts for item in items[1:]] + [after]
    for item, end in zip(items, ends, strict=True):
        flags = KEYFRAME if item.keyframe else NO_KEYFRAME
        rows += (end - item.dts, item.size, flags, item.pts - item.dts)
    return Run(index, items[0].dts, rows, sum(item.size for item in items))


def _slices(items: Iterable[_Item]) -> Iterator[memoryview]:
    """Return the bytes of samples, in as few pieces as they lie in."""
    data, start, end = b"", 0, 0
    for item in items:
        if item.data is data and item.offset == end:
            end += item.size
            continue
        if end > start:
            yield memoryview(data)[start:end]
        data, start, end = item.data, item.offset, item.offset + item.size
    if end > start:
        yield memoryview(data)[start:end]
