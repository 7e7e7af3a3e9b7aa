"""From the worker's parts to those of a ring: without replays, each of one format."""

from collections.abc import Iterator
from typing import NamedTuple

from .formats import FormatFollower, StreamFormat, read_format
from .replay import ArrivedPart, BegunSegment, ReplayFilter
from .segment import MediaPart, Segment


class NewPart(NamedTuple):
    """A part to add to a ring."""

    part: MediaPart
    arrived: float
    """Monotonic time."""
    format: StreamFormat
    opens: int | None
    """Run of the segment that it begins; None if the worker did not begin one."""


class PartIntake:
    """Filters replayed parts, and cuts parts in which the format changes. The ring locks it."""

    def __init__(self) -> None:
        self._formats = FormatFollower()
        self._replay = ReplayFilter()
        self._next: BegunSegment | None = None
        self._opened: BegunSegment | None = None
        """The newest one that is in the ring."""

    @property
    def awaits_first_part(self) -> bool:
        """Whether a segment was begun that is not in the ring yet."""
        return self._next is not None

    def begin(self, run: int, init: bytes, last: Segment | None) -> None:
        """Begin a segment; `last` is the newest in the ring."""
        if last is not None and run != last.run:
            self._formats.forget_keyframes()
        header = self._formats.header
        if init != header.init:
            header = read_format(init)
        self._next = BegunSegment(run, header)

    def cancel(self) -> None:
        """Continue the newest segment: the writer begins it a second time."""
        self._next = None

    def note_keyframe(self, pts: int, head: bytes) -> None:
        """Take the start of a keyframe as the source sent it; see `SegmentRing.note_keyframe`."""
        self._formats.note_keyframe(pts, head)

    def admit(self, part: MediaPart, arrived: float, last: Segment | None) -> Iterator[NewPart]:
        """Yield the parts to add now; `last` is the newest segment in the ring.

        Raises RuntimeError if no segment was begun.
        """
        if self._next is not None:
            run, header = self._next
        elif last is not None and not last.complete:
            run, header = last.run, self._formats.header
        else:
            raise RuntimeError("part without a segment")
        new = ArrivedPart(part, arrived, self._next)
        for admitted in self._replay.admit(run, header.video, new):
            yield from self._pieces(admitted)

    def _pieces(self, new: ArrivedPart) -> Iterator[NewPart]:
        opens = None
        if new.begun is not None and new.begun is not self._opened:
            self._formats.begin(*new.begun)
            self._opened, opens = new.begun, new.begun.run
        if self._opened is self._next:
            self._next = None
        for piece, format_ in self._formats.pieces(new.part):
            yield NewPart(piece, new.arrived, format_, opens)
            opens = None
