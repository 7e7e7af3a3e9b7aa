"""Footage of disk and memory as one.

The newest segments are in memory: in the ring, on their way to the disk, or kept for readers. From the
oldest of them on memory counts, and before it the tape. Segments of the present ring are told apart by
their numbers, so that none is missing and none appears twice, however far behind the disk is.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
import logging
import math
from typing import Final

from ..errors import FragmentError, StorageError
from ..segments.ring import SegmentRing
from ..segments.segment import Segment
from ..tape.file_reader import TapeFile
from ..tape.indexes import TapeIndexes
from ..tape.store import TapeStore
from .held import HeldFootage, HeldSegment, Span, Where, timed

_LOGGER = logging.getLogger(__name__)

SEAM: Final = 0.25
"""Seconds by which the starts of one segment in memory and on tape may differ.

The system's clock is read again with each segment, and is slewed by up to 500 ppm (adjtimex(2)): 0.15 s
in five minutes of lookback.
"""


class TapeFootage:
    """What a tape holds. A FootageSource."""

    where = Where.TAPE

    def __init__(self, store: TapeStore) -> None:
        self._store = store
        self._indexes = TapeIndexes()

    def held(
        self, start: float = -math.inf, end: float = math.inf, *, below: int = 1 << 62
    ) -> HeldFootage:
        """Return the segments with parts from `start` to `end`; blocks.

        Of the present ring only those with numbers `below`; others have negative numbers. Files that
        cannot be read are left out.
        """
        found = list[HeldSegment]()
        for file, until in self._store.files(start, end):
            try:
                found += self._of_file(file, start, min(end, until), below)
            except (StorageError, FragmentError) as err:
                _LOGGER.debug("No footage of %s: %s", file.path, err)
        return HeldFootage(_in_order(found, end))

    @property
    def empty(self) -> bool:
        """Whether no file is known."""
        return not self._store.total_bytes

    def holds(self, start: float, end: float) -> bool:
        """Return whether there is a file with parts from `start` to `end`. Does not block."""
        return self._store.has_files(start, end)

    def last_before(self, time: float) -> float:
        """Return the end of what is held before a time, at most that time (UNIX s); -inf without any.

        Does not block, nor take longer for many files; `first_after` neither.
        """
        return self._store.last_before(time)

    def first_after(self, time: float) -> float:
        """Return the start of what is held after a time, at least that time (UNIX s); inf without."""
        return self._store.first_after(time)

    @property
    def start(self) -> float:
        """UNIX time of the start of its oldest file, s; infinite without files."""
        return self._store.since

    @property
    def end(self) -> float:
        """UNIX time of the end of its newest file, s; -inf without files."""
        return self._store.until

    def spans(
        self, after: float = -math.inf, before: float = math.inf, newest: int | None = None
    ) -> list[Span]:
        """Return the spans without gaps, oldest first, within two times. Does not block.

        Only the `newest` of them, if given.
        """
        return [Span(*span, Where.TAPE) for span in self._store.spans(after, before, newest)]

    def overview(self, before: float, most: int) -> list[Span]:
        """Return the spans up to a time, as `most` at most: the shortest gaps between them are closed.

        Does not block.
        """
        found = self._store.spans(-math.inf, before, most=most)
        return [Span(*span, Where.TAPE) for span in found]

    def _of_file(self, file: TapeFile, start: float, end: float, below: int) -> list[HeldSegment]:
        segments = self._indexes.read(file).between(start, end, self._store.session, below)
        return [
            HeldSegment(
                segment,
                segment.lag + segment.wall_ahead,
                segment.wall(segment.start),
                min(segment.wall(segment.end), end),
                joined=not segment.discontinuity,
            )
            for segment in segments
        ]


def _before_memory(taped: list[Span], begin: float) -> list[Span]:
    """Leave out a moment before memory begins (UNIX time, s): memory has that segment, too."""
    if taped and taped[-1].start > begin - SEAM:
        return taped[:-1]
    return taped


def _in_order(found: list[HeldSegment], end: float) -> list[HeldSegment]:
    """Let the start of a segment end the one before, and number those of earlier rings."""
    earlier = sum(held.segment.number < 0 for held in found)
    ordered = list[HeldSegment]()
    for index, held in enumerate(found):
        if held.segment.number < 0:
            held.segment.number = index - earlier
        later = found[index + 1].start if index + 1 < len(found) else end
        # Before a keyframe of another file, only frames of the same format can be needed.
        joined = held.joined and bool(ordered) and ordered[-1].segment.tracks == held.segment.tracks
        ordered.append(replace(held, end=max(held.start, min(held.end, later)), joined=joined))
    return ordered


class Footage:
    """The footage of one ring, with what its tape holds. A FootageSource, of both."""

    where = Where.MEMORY

    def __init__(self, ring: SegmentRing, kept: Callable[[], Iterable[Segment]] = tuple) -> None:
        """`kept` returns segments that are, or were, in the ring, and are kept for readers."""
        self._ring = ring
        self._kept = kept
        self.tape: TapeFootage | None = None
        self.recorded = False
        """Whether a tape was to be written at the start."""
        self.unwritten: Callable[[], Iterable[Segment]] = tuple
        """Returns the segments that are not on tape yet."""

    def on_tape(self, time: float, until: float = -math.inf) -> bool:
        """Return whether a file has a time, or one after it and before `until`. Does not block."""
        end = max(until, math.nextafter(time, math.inf))
        return self.tape is not None and self.tape.holds(time, end)

    def _segments(self, *others: Callable[[], Iterable[Segment]]) -> list[Segment]:
        """Return the segments of the ring and others, oldest first."""
        # The ring last: what leaves it meanwhile is among the others, or on disk.
        found = {segment.number: segment for other in others for segment in other()}
        found |= {segment.number: segment for segment in self._ring.segments}
        return [found[number] for number in sorted(found)]

    def in_memory(self) -> HeldFootage:
        """Return what is in memory. Any thread; does not block."""
        return HeldFootage(list(timed(self._segments(self.unwritten, self._kept))))

    @property
    def reaches_back(self) -> bool:
        """Whether there may be something from before the ring."""
        return self.recorded or (self.tape is not None and not self.tape.empty)

    @property
    def memory_begin(self) -> float:
        """UNIX time before which only the tape may have something; does not block."""
        kept = self.in_memory().segments
        return kept[_without_holes(kept)].start if kept else math.inf

    def held(self, start: float = -math.inf, end: float = math.inf) -> HeldFootage:
        """Return the segments in memory, and those on disk from `start` to `end`; blocks."""
        kept = self.in_memory().segments
        if self.tape is None or (kept and start >= kept[_without_holes(kept)].start):
            return HeldFootage(kept)
        # Before a hole are segments that a reader keeps, and that the tape has, mostly.
        hole = _without_holes(kept)
        kept, memory = kept[:hole], kept[hole:]
        begin = memory[0].start if memory else math.inf
        below = memory[0].segment.number if memory else 1 << 62
        before = self.tape.held(start, min(end, begin), below=below).segments
        taped = {held.segment.number for held in before}
        if lacking := [held for held in kept if held.segment.number not in taped]:
            before = sorted([*before, *lacking], key=lambda held: held.start)
        if memory and before and before[-1].segment.number == below - 1:
            first = memory[0]
            memory = [replace(first, joined=not first.segment.discontinuity), *memory[1:]]
        return HeldFootage([*before, *memory])

    def spans(
        self, after: float = -math.inf, before: float = math.inf, newest: int | None = None
    ) -> list[Span]:
        """Return the spans without gaps, oldest first, within two times. Does not block.

        Only as many of the newest as `newest` says, if given. Without segments that are only kept.
        """
        memory = HeldFootage(list(timed(self._segments(self.unwritten))))
        begin = memory.segments[0].start if memory.segments else math.inf
        end = min(before, begin)
        taped = self.tape.spans(after, end, newest) if self.tape is not None else []
        taped = _before_memory(taped, begin)
        found = [*taped, *memory.spans(Where.MEMORY, after, before)]
        return found if newest is None else found[-newest:]

    def overview(self, most: int) -> list[Span]:
        """Return all spans, of the tape `most` at most; see `TapeFootage.overview`. Does not block."""
        memory = HeldFootage(list(timed(self._segments(self.unwritten))))
        begin = memory.segments[0].start if memory.segments else math.inf
        taped = self.tape.overview(begin, most) if self.tape is not None else []
        return [*_before_memory(taped, begin), *memory.spans(Where.MEMORY)]

    def holds(self, start: float, end: float) -> bool:
        """Return whether there is anything between two times (UNIX s). Does not block."""
        memory = HeldFootage(list(timed(self._segments(self.unwritten))))
        begin = memory.segments[0].start if memory.segments else math.inf
        if self.tape is not None and self.tape.last_before(min(end, begin)) > start:
            return True
        return any(memory.spans(Where.MEMORY, start, end))

    def reach(self) -> tuple[float, float] | None:
        """Return the first and the last time (UNIX s) of all spans; None without. Does not block."""
        memory = HeldFootage(list(timed(self._segments(self.unwritten))))
        spans = list(memory.spans(Where.MEMORY))
        start, end = (spans[0].start, spans[-1].end) if spans else (math.inf, -math.inf)
        if self.tape is not None:
            start, end = min(start, self.tape.start), max(end, self.tape.end)
        return (start, end) if start < end else None

    def on_timeline(self, start: float, end: float, shift: float) -> HeldFootage:
        """Return what is held from `start` to `end` on the ring's timeline; blocks.

        `shift` is added to a position for the UNIX time: segments of earlier rings get positions by it.
        """
        held = self.held(start, end).between(start, end)
        return HeldFootage([_moved(one, shift) if one.segment.number < 0 else one for one in held])

    def dropped(self, held: HeldFootage) -> list[Segment]:
        """Return the segments that the ring does not hold, oldest first."""
        oldest = self._ring.segments[:1]
        found = [one.segment for one in held.segments]
        return [one for one in found if not oldest or one.number < oldest[0].number]


def _without_holes(segments: Sequence[HeldSegment]) -> int:
    """Return the index from which on no number is missing."""
    index = max(0, len(segments) - 1)
    while index and segments[index - 1].segment.number == segments[index].segment.number - 1:
        index -= 1
    return index


def _moved(held: HeldSegment, shift: float) -> HeldSegment:
    """Return a segment with positions to which `shift` is added for the UNIX time."""
    seconds, segment = held.shift - shift, held.segment
    moved = replace(
        segment,
        start=segment.start + seconds,
        timings=[timing.shift(seconds) for timing in segment.timings],
        wall_ahead=segment.wall_ahead - seconds,
    )
    return replace(held, segment=moved, shift=shift)
