"""Playlists and media of footage that is on tape; all functions block."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
import math
from typing import Final, NamedTuple

from ..errors import DroppedError
from ..mp4.player_init import player_init
from ..mp4.shift import Piece
from ..segments.segment import MediaPart, Segment
from ..tape.file_reader import TapeFile, TapePart
from .catalog import lead_of
from .held import HeldFootage, HeldSegment, as_named
from .joined import Footage, TapeFootage
from .media import part_pieces, segment_pieces
from .media_names import InitName, PartName, SegmentName, TapeInitName, TapeSegmentName
from .placements import Placed, tape_time
from .window import Window, window_of

_AROUND: Final = 30.0
"""Seconds of tape read for a segment: its time may differ from what it was when it was named."""

_REORDER: Final = 1.0
"""Seconds by which a frame may precede, in decoding order, those shown before it."""


@dataclass(frozen=True, slots=True)
class _LoadedPart:
    """A part whose bytes have been read. A MediaPart."""

    data: bytes
    duration: float


def loaded(footage: Footage, time: float) -> HeldFootage:
    """Return what a frame at a time is decoded from, with the bytes of its segment up to there.

    Raises NotHeldError, StorageError.
    """
    held = footage.held(time - _AROUND, time + _AROUND)
    index = held.at(time)
    one = held.segments[index]
    until = time - one.shift + _REORDER
    parts: list[MediaPart] = [
        _LoadedPart(part.data, part.duration) if timing.start <= until else part
        for part, timing in zip(one.segment.parts, tuple(one.segment.timings), strict=False)
    ]
    segments = list(held.segments)
    segments[index] = replace(one, segment=replace(one.segment, parts=parts))
    return HeldFootage(segments)


class FoundMedia(NamedTuple):
    """What a playlist names."""

    pieces: Sequence[Piece]
    held: HeldSegment
    """The segment that it is of."""


def taped_window(footage: Footage, start: float, end: float | None, *, final: bool) -> Window:
    """Return the window of a playlist over tape and memory; see `window_of`.

    Raises NotHeldError, StorageError.
    """
    held = footage.held(start, math.inf if end is None else end)
    window = window_of(held, start, end, final=final)
    leads, leads_of_files = list[float](), dict[TapeFile, float]()
    for segment in (one.segment for one in window.segments):
        if (file := file_of(segment)) is None:
            leads.append(lead_of(segment))
            continue
        if file not in leads_of_files:
            leads_of_files[file] = lead_of(segment)
        leads.append(leads_of_files[file])
    return Window(
        segments=window.segments,
        cut=window.cut,
        start=window.start,
        parts=window.parts,
        closed=window.closed,
        leads=leads,
    )


def file_of(segment: Segment) -> TapeFile | None:
    """Return the file that a segment is in; None for one in memory."""
    part = segment.parts[0]
    return part.file if isinstance(part, TapePart) else None


def taped_media(tape: TapeFootage, name: TapeInitName | TapeSegmentName) -> FoundMedia:
    """Return media by the time of its segment. Raises DroppedError, NotHeldError, FragmentError."""
    time = name.file if isinstance(name, TapeInitName) else name.time
    for held in tape.held(time / 1000 - _AROUND, time / 1000 + _AROUND).segments:
        segment = held.segment
        if isinstance(name, TapeInitName):
            file = file_of(segment)
            if file is not None and round(file.start * 1000) == time:
                init = player_init(segment.init, segment.tracks, name.orientation)
                return FoundMedia([init], held)
        elif abs(tape_time(held) - time) <= 1:
            shift = name.shift / 1e6
            pieces = segment_pieces(segment, name.cut, name.parts, shift)
            return FoundMedia(pieces, as_named(held, time / 1000))
    raise DroppedError("the segment is not on tape")


def dropped_media(
    footage: Footage, name: InitName | SegmentName | PartName, placed: Placed
) -> FoundMedia:
    """Return media of a segment that memory no longer has for playlists. Raises as `taped_media`."""
    held = as_named(_find(footage, name.number, placed.time), placed.time)
    segment = held.segment
    if isinstance(name, InitName):
        return FoundMedia([player_init(segment.init, segment.tracks, name.orientation)], held)
    shift = placed.start - segment.timings[0].media_start
    if isinstance(name, PartName):
        return FoundMedia(part_pieces(segment, name, shift), held)
    return FoundMedia(segment_pieces(segment, name.cut, name.parts, shift), held)


def _find(footage: Footage, number: int, time: float) -> HeldSegment:
    """Return a segment of the present ring by its number. Raises DroppedError."""
    found = footage.in_memory().segments
    if footage.tape is not None:
        found = [*found, *footage.tape.held(time - _AROUND, time + _AROUND).segments]
    for held in found:
        if held.segment.number == number:
            return held
    raise DroppedError("the segment is no longer held")
