"""What a pipeline tells its owner."""

from dataclasses import dataclass
from typing import Protocol

from ..errors import PlayError


@dataclass(frozen=True, slots=True)
class Opened:
    """What opening a medium told about it."""

    has_video: bool
    has_audio: bool
    is_live: bool
    duration: float | None
    """Seconds, where it has an end."""


class Reports(Protocol):
    """Called in the pipeline's threads; must neither wait nor call the pipeline."""

    def opened(self, info: Opened) -> None:
        """Tell that all inputs are open."""

    def ready(self) -> None:
        """Tell that there is enough to play."""

    def starved(self) -> None:
        """Tell that nothing is left; the clock stands still until `ready` is called again."""

    def ended(self) -> None:
        """Tell that everything was shown."""

    def failed(self, error: PlayError, position: float) -> None:
        """Tell that it cannot go on; `position` in s is where it was. Called once at most."""

    def finished(self) -> None:
        """Tell that the last thread is about to end. Called last, and always once."""
