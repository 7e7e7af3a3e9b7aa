"""Where playlists put the media of segments: in which order, and with which timestamps.

Segments of memory are placed by the catalog. Those of a tape are placed before them, or one after
another without any, so that timestamps rise through files, restarts and the seam. What was said of a
segment is remembered when it leaves memory: an open playlist goes on with it, from the tape.
"""

from collections.abc import Iterator, Sequence
import math
from typing import Final, NamedTuple

from ..segments.segment import Segment
from ..tape.file_reader import TapePart
from .catalog import Catalog, CatalogEntry, InitSection
from .held import HeldSegment
from .listing import Listing
from .window import Window

_MOST: Final = 4096
"""Segments remembered."""
_BEGIN: Final = 10.0
"""Media time, in s, of the first segment of a playlist that lists none of memory."""


class Placed(NamedTuple):
    """What was said of a segment."""

    start: float
    """Media time of its first frame, s."""
    time: float
    """UNIX time of its start then."""
    discontinuity: bool


class Placements:
    """What playlists of one ring have said of its segments. Used in one thread."""

    def __init__(self) -> None:
        self._placed: dict[int, Placed] = {}

    def get(self, number: int) -> Placed | None:
        """Return what was said of a segment of the ring."""
        return self._placed.get(number)

    def keep(self, window: Window, listing: Listing) -> None:
        """Remember what a playlist says."""
        for held, entry in zip(window.segments, listing.entries, strict=True):
            start = _first(held) + entry.shift
            self._placed[_key(held)] = Placed(start, held.start, entry.discontinuity)
        while len(self._placed) > _MOST:
            del self._placed[next(iter(self._placed))]

    def listing(self, window: Window, catalog: Catalog, *, offset: int) -> Listing:
        """Return the listing of a window that reaches the tape.

        `offset` is added to the numbers of segments: those of earlier rings are below 0.
        """
        entries = [catalog.get(held.segment) for held in window.segments]
        known = [
            Placed(_first(held) + entry.shift, held.start, entry.discontinuity)
            if entry is not None
            else self._placed.get(_key(held))
            for held, entry in zip(window.segments, entries, strict=True)
        ]
        breaks = list(_breaks(window.segments, known))
        starts = _starts(window.segments, known, breaks)
        found = list(_entries(window, entries, starts, breaks))
        return _numbered(window, catalog, entries, found, offset)


def _numbered(
    window: Window,
    catalog: Catalog,
    of_memory: Sequence[CatalogEntry | None],
    entries: Sequence[CatalogEntry],
    offset: int,
) -> Listing:
    """Return the listing of entries: its numbers are told by the first one in memory."""
    segments = [held.segment for held in window.segments]
    anchor = next((i for i, entry in enumerate(of_memory) if entry is not None), len(segments) - 1)
    before = sum(entry.discontinuity for entry in entries[:anchor])
    longest = max(segment.duration for segment in segments)
    return Listing(
        entries=entries,
        sequence=0 if window.closed else max(0, offset + segments[anchor].number - anchor),
        discontinuities=max(0, entries[anchor].discontinuities - before),
        target=max(catalog.target, math.ceil(round(longest, 3))),
        part_target=catalog.part_target,
    )


def _entries(
    window: Window,
    of_memory: Sequence[CatalogEntry | None],
    starts: Sequence[float],
    breaks: Sequence[bool],
) -> Iterator[CatalogEntry]:
    section: InitSection | None = None
    count = 0
    for index, held in enumerate(window.segments):
        segment, entry = held.segment, of_memory[index]
        if entry is None:
            section = _section(segment, section)
            # Numbers of an open playlist are those of the ring, wherever its segments are by then.
            by_time = segment.on_tape and (window.closed or segment.number < 0)
            entry = CatalogEntry(
                breaks[index],
                count,
                section,
                window.leads[index],
                starts[index] - _first(held),
                tape_time(held) if by_time else None,
            )
        elif breaks[index] != entry.discontinuity:
            entry = CatalogEntry(
                breaks[index], entry.discontinuities, entry.section, entry.lead, entry.shift
            )
        section = entry.section
        count = entry.discontinuities + entry.discontinuity
        yield entry


def _section(segment: Segment, before: InitSection | None) -> InitSection:
    """Return the init section of a segment that is not in the catalog, one for each file."""
    file = _file(segment)
    if before is not None and before.file == file and before.tracks == segment.tracks:
        return before
    return InitSection(segment.number, segment.init, segment.tracks, file)


def tape_time(held: HeldSegment) -> int:
    """Return the time that names a segment on tape, UNIX ms: its start when its file was begun.

    The lag of the stream may fall afterwards, and with it the times in the file.
    """
    return round((held.start - held.segment.lag) * 1000)


def _key(held: HeldSegment) -> int:
    """Return the number of a segment of the present ring, or what tells apart one of earlier ones."""
    return held.segment.number if held.segment.number >= 0 else -tape_time(held)


def _file(segment: Segment) -> int | None:
    """Return the time of the tape file that a segment is in, UNIX ms."""
    part = segment.parts[0]
    return round(part.file.start * 1000) if isinstance(part, TapePart) else None


def _first(held: HeldSegment) -> float:
    """Return the media time of the first frame."""
    return held.segment.timings[0].media_start


def _seconds(held: HeldSegment) -> float:
    """Return how long it is, in media time."""
    last = held.segment.timings[-1]
    return last.media_start + last.duration / last.rate - _first(held)


def _breaks(segments: Sequence[HeldSegment], known: Sequence[Placed | None]) -> Iterator[bool]:
    """Yield for each segment whether it does not continue the one before it."""
    for index, held in enumerate(segments):
        placed = known[index]
        flag = held.segment.discontinuity if placed is None else placed.discontinuity
        if index == 0 or (placed is not None and known[index - 1] is not None):
            yield flag
        else:
            yield flag or not _continues(segments[index - 1], held)


def _continues(before: HeldSegment, held: HeldSegment) -> bool:
    one, other = before.segment, held.segment
    follows = other.number == one.number + 1 and (one.number < 0) == (other.number < 0)
    no_gap = held.start - before.end <= before.gap
    return follows and no_gap and not other.discontinuity and one.tracks == other.tracks


def _starts(
    segments: Sequence[HeldSegment], known: Sequence[Placed | None], breaks: list[bool]
) -> list[float]:
    """Return the media time at which each segment is put, s."""
    anchor = next((i for i, placed in enumerate(known) if placed is not None), 0)
    placed = known[anchor]
    starts = [0.0] * len(segments)
    starts[anchor] = _BEGIN if placed is None else placed.start
    for index in range(anchor, 0, -1):
        starts[index - 1] = starts[index] - _step(segments[index - 1], segments[index])
    if starts[0] < 0:
        # Media of memory begins too early for what comes before it: players are told.
        starts[:anchor] = [start - starts[0] for start in starts[:anchor]]
        breaks[anchor] = True
    for index in range(anchor + 1, len(segments)):
        placed = known[index]
        follows = starts[index - 1] + _step(segments[index - 1], segments[index])
        starts[index] = follows if placed is None else placed.start
    return starts


def _step(before: HeldSegment, held: HeldSegment) -> float:
    """Return the media time between the starts of two consecutive segments."""
    file = _file(before.segment)
    if file is not None and file == _file(held.segment):
        return _first(held) - _first(before)
    return _seconds(before)
