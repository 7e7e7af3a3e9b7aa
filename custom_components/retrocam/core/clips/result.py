"""What is told of a clip: its files, how far it is, and what became of it."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from ..errors import RetrocamError
from ..library.index import MediaItem


@dataclass(frozen=True, slots=True)
class ClipPart:
    """One file of a clip: the only one, unless the camera's format changed in its midst."""

    path: Path
    item: MediaItem | None
    """What the library has of it; None if it was written to another place."""
    start: float
    """When its first picture was taken, UNIX time."""
    duration: float
    """Seconds."""
    size: int
    """Bytes."""
    fast_start: bool
    """False if it is still in fragments, since there was no room for a copy: it plays all the same,
    but some players read all of it first."""


class ClipReason(StrEnum):
    """Why a clip is not as it was asked for; a fault of the disk has the code of its error."""

    SOURCE_GONE = "source_gone"
    """No pictures came up to its end."""
    INTERRUPTED = "interrupted"
    """The camera was away in its midst; the gap is there as time."""
    STOPPED = "stopped"
    """It was ended at once, with what had come."""
    CLOSED = "closed"
    """The ring was closed under it."""
    EMPTY = "clip_empty"
    """No picture came between its ends."""


@dataclass(frozen=True, slots=True)
class ClipProgress:
    """What a clip holds up to now."""

    start: float
    """When its first picture was taken, UNIX time."""
    duration: float
    """Seconds."""
    size: int
    """Bytes in the file that is being written."""


@dataclass(frozen=True, slots=True)
class ClipResult:
    """What became of a clip."""

    parts: tuple[ClipPart, ...]
    """Its files in order, one for each format that the camera had; empty if there is none."""
    lookback: float
    """Seconds before the trigger that are really in it."""
    requested_lookback: float
    missing: float
    """Seconds without pictures in its midst."""
    reason: str | None
    """Why it is not complete: a ClipReason, or the code of `error`."""
    error: RetrocamError | None
    """What went wrong with the disk, if something did."""
    elsewhere: bool = False
    """Whether that is the fault of the place that was asked for, and not of the library."""

    @property
    def complete(self) -> bool:
        """Whether all is there, from the first picture to the end that was asked for."""
        return self.reason is None

    @property
    def path(self) -> Path | None:
        """The first file."""
        return self.parts[0].path if self.parts else None

    @property
    def start(self) -> float | None:
        """When its first picture was taken, UNIX time."""
        return self.parts[0].start if self.parts else None

    @property
    def duration(self) -> float:
        """Seconds of all files."""
        return sum(part.duration for part in self.parts)

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(part.size for part in self.parts)
