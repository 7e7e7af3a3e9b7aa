"""What a playlist says of the segments of its window."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from .catalog import Catalog, CatalogEntry
from .window import Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The entries of a window, and the numbers at the head of its playlist."""

    entries: Sequence[CatalogEntry]
    """One for each segment."""
    sequence: int
    """EXT-X-MEDIA-SEQUENCE."""
    discontinuities: int
    """EXT-X-DISCONTINUITY-SEQUENCE."""
    target: int
    """EXT-X-TARGETDURATION, s."""
    part_target: float
    """PART-TARGET, s."""

    @classmethod
    def of_memory(cls, window: Window, catalog: Catalog, offset: int = 0) -> Self:
        """Return that of a window in memory; `offset` is added to the numbers of segments."""
        entries = [catalog[held.segment] for held in window.segments]
        return cls(
            entries=entries,
            sequence=offset + window.segments[0].segment.number,
            discontinuities=entries[0].discontinuities,
            target=catalog.target,
            part_target=catalog.part_target,
        )
