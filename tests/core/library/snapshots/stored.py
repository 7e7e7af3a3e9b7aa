"""The content of a store's directory, and of its index."""

from dataclasses import dataclass

from custom_components.retrocam.core.library.folder import TICK
from custom_components.retrocam.core.library.retention import Limits
from custom_components.retrocam.core.library.snapshots import snapshot_library
from custom_components.retrocam.core.library.store import MediaLibrary

from ...frames.stills import NOW, jpeg, listing

NAME = "20260102T030405.000Z.jpg"
JPEG = jpeg(1, 160, 90)


@dataclass(slots=True)
class Clock:
    """An adjustable monotonic clock."""

    now: float = 0.0
    step: float = 0.0
    """Seconds that pass with each call."""

    def __call__(self) -> float:
        """Return the time in seconds."""
        self.now += self.step
        return self.now


def settle(store: MediaLibrary, clock: Clock) -> None:
    """Advance the clock until the time stamp of the directory is trusted."""
    clock.now += TICK
    assert store.refresh() is True
    assert store.refresh() is False


def files(store: MediaLibrary) -> list[str]:
    """Return the files in the directory, sorted."""
    return sorted(name for name in listing(store.directory) if not name.startswith("."))


def names(store: MediaLibrary) -> list[str]:
    """Return the names in the index, newest first."""
    return [item.name for item in store.page(1000)]


def reloaded(store: MediaLibrary, limits: Limits | None = None) -> MediaLibrary:
    """Return another store of the same directory, as after a restart."""
    again = snapshot_library(store.directory, limits=limits, clock=lambda: NOW)
    again.load()
    return again
