"""Status of a player."""

from dataclasses import dataclass

from ..errors import PlayError
from .machine import Phase


@dataclass(frozen=True, slots=True)
class Status:
    """State and media of a player, for users."""

    state: Phase = Phase.IDLE
    session: int = 0
    """Number of the play."""
    epoch: int = 0
    """Of video and audio; incremented by each play and seek."""
    title: str | None = None
    page: str | None = None
    thumbnail: str | None = None
    duration: float | None = None
    is_live: bool = False
    has_audio: bool = False
    can_seek: bool = False
    position: float = 0.0
    """Seconds, at `position_at`."""
    position_at: float = 0.0
    """UNIX time."""
    error: PlayError | None = None
    needs_javascript: bool = False
