"""Footage as HLS: playlists, and the media that they name. Nothing is decoded."""

from collections.abc import Callable, Sequence
from typing import Final

from ..errors import DroppedError, NotHeldError
from ..mp4.player_init import player_init
from ..mp4.shift import Piece
from ..segments.ring import SegmentRing
from ..segments.segment import Segment
from .catalog import Catalog
from .held import HeldFootage, HeldSegment, timed
from .listing import Listing
from .media import part_pieces, segment_pieces
from .media_names import InitName, PartName, SegmentName
from .placements import Placed, Placements
from .playlist import Links, render, render_master
from .promises import Promises
from .window import Window, window_of

_LIVE: Final = 6
"""Newest segments in a playlist of the present alone. Home Assistant's have 3; players that stay behind
by whole segments need some more."""


class FootageStream:
    """The HLS streams of one ring, for any number of readers. Used in one thread."""

    def __init__(
        self,
        ring: SegmentRing,
        allowance: Callable[[], int],
        taped: Callable[[], bool] = lambda: False,
    ) -> None:
        """Read from `ring`; `allowance` returns the bytes that may be kept for readers beside it.

        `taped` returns whether there may be windows that begin before the ring.
        """
        self._ring = ring
        self._catalog = Catalog(taped=taped)
        self._placements = Placements()
        self._promises = Promises(ring.clock, allowance)

    @property
    def part_target(self) -> float:
        """Seconds of the longest part so far."""
        return self._catalog.part_target

    @property
    def target(self) -> int:
        """Seconds of the longest segment so far, rounded up."""
        return self._catalog.target

    @property
    def dropped(self) -> Sequence[Segment]:
        """Segments that the ring has dropped and readers were promised, oldest first."""
        oldest = self._oldest
        return [s for s in self._promises.segments if oldest is None or s.number < oldest]

    def expire(self) -> bool:
        """Drop what was promised for long enough, or exceeds the limit; return whether any is left."""
        self._promises.expire(self._oldest)
        self._catalog.update(self._all())
        return bool(self._promises.segments)

    def clear(self) -> None:
        """Drop all promises."""
        self._promises.clear()

    @property
    def kept_size(self) -> int:
        """Bytes of segments that only readers hold."""
        segments = self._ring.segments
        return self._promises.size(segments[0].number if segments else 1 << 60)

    def window(
        self, start: float | None, end: float | None, *, final: bool, live: bool = False
    ) -> Window:
        """Return the window of a playlist; see `window_of`. Raises NotHeldError.

        With `live` it begins shortly before the present, and moves on with it.
        """
        segments = self._ring.segments[-_LIVE:] if live else self._ring.segments
        return window_of(HeldFootage(list(timed(segments))), start, end, final=final)

    def promise_oldest(self) -> None:
        """Keep the oldest segment for a reader who has just been told of it."""
        self._promises.promise(self._ring.segments[:1])

    def playlist(
        self,
        window: Window,
        links: Links,
        orientation: int,
        *,
        from_start: bool,
        offset: int = 0,
    ) -> str:
        """Return the media playlist of a window; what it names is kept from now on.

        `offset` is added to the numbers of segments.
        """
        self._catalog.update(self._all())
        if window.taped:
            listing = self._placements.listing(window, self._catalog, offset=offset)
        else:
            listing = Listing.of_memory(window, self._catalog, offset)
        self._placements.keep(window, listing)
        named = [held.segment for held in window.segments]
        self._promises.promise(one for one in named if self._catalog.get(one) is not None)
        self._promises.expire(self._oldest)
        return render(window, listing, links, orientation=orientation, from_start=from_start)

    def placed(self, number: int) -> Placed | None:
        """Return what a playlist has said of a segment of the ring; None for none of late."""
        return self._placements.get(number)

    def master(self, window: Window, playlist: str, orientation: int) -> str:
        """Return the multivariant playlist whose only variant is at `playlist`."""
        complete = [held.segment for held in window.segments if held.segment.complete]
        newest = window.segments[-1].segment
        return render_master(playlist, complete[-1] if complete else newest, orientation)

    def init(self, name: InitName) -> bytes:
        """Return an init for players. Raises DroppedError, FragmentError for a damaged one."""
        if (section := self._catalog.section(name.number)) is None:
            raise DroppedError("the segments of this init are no longer held")
        return player_init(section.init, section.tracks, name.orientation)

    def find(self, number: int) -> HeldSegment:
        """Return a segment. Raises DroppedError for one that is gone, NotHeldError for one to come."""
        segments = self._all()
        self._catalog.update(segments)
        for held in timed(segments):
            if held.segment.number == number:
                return held
        if segments and number > segments[-1].number:
            raise NotHeldError("the segment has not come yet")
        raise DroppedError("the segment is no longer held")

    def segment(self, name: SegmentName) -> list[Piece]:
        """Return the bytes of a segment, in pieces.

        Raises as `find`, and NotHeldError for a part that it does not have.
        """
        segment = self.find(name.number).segment
        return segment_pieces(segment, name.cut, name.parts, self._catalog[segment].shift)

    def part(self, name: PartName) -> list[Piece]:
        """Return the bytes of a part, in pieces. Raises as `segment`."""
        segment = self.find(name.number).segment
        return part_pieces(segment, name, self._catalog[segment].shift)

    @property
    def _oldest(self) -> int | None:
        segments = self._ring.segments
        return segments[0].number if segments else None

    def _all(self) -> list[Segment]:
        return [*self.dropped, *self._ring.segments]
