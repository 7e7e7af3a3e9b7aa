"""Files, progress and result of a clip."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Self

from ..errors import RetrocamError
from ..library.index import MediaItem


@dataclass(frozen=True, slots=True)
class ClipFile:
    """One file of a clip; a clip has several if the camera's format changed, or after a long gap."""

    path: Path
    start: float
    """UNIX time of its first frame."""
    duration: float
    """Seconds."""
    size: int
    """Bytes."""
    codec: str
    """Name of the video codec, as FFmpeg's."""
    item: MediaItem | None = None
    """Its entry in the library; None in another location."""


class ClipReason(StrEnum):
    """Why a clip is incomplete; a storage error has its own code instead."""

    SOURCE_GONE = "source_gone"
    """The source stopped before the end of the clip."""
    INTERRUPTED = "interrupted"
    """The source was interrupted; the gap is in the clip as time."""
    STOPPED = "stopped"
    """It was ended at once, with the parts received."""
    CLOSED = "closed"
    """The ring was closed."""
    EMPTY = "clip_empty"
    """No frame between its start and its end."""


@dataclass(frozen=True, slots=True)
class ClipResult:
    """Result of a clip."""

    parts: tuple[ClipFile, ...]
    """Its files in order; may be empty."""
    lookback: float
    """Seconds before the trigger that it contains."""
    requested_lookback: float
    missing: float
    """Seconds of gaps between its frames."""
    reason: str | None
    """Why it is incomplete: a ClipReason, or the code of `error`; None if complete."""
    error: RetrocamError | None
    wrong_location: bool = False
    """Whether `error` concerns the requested location, not the library."""
    refreshes: bool = False
    """Whether players show nothing of the first frames, which a gradual refresh needs."""

    @classmethod
    def failed(cls, error: RetrocamError) -> Self:
        """Return the result of a clip without a file."""
        return cls((), 0.0, 0.0, 0.0, error.code, error)

    @property
    def complete(self) -> bool:
        """Whether nothing is missing up to the requested end."""
        return self.reason is None

    @property
    def path(self) -> Path | None:
        """Path of the first file."""
        return self.parts[0].path if self.parts else None

    @property
    def duration(self) -> float:
        """Seconds of all files."""
        return sum(part.duration for part in self.parts)

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(part.size for part in self.parts)
