"""What a user finds in the directory of a store, and in its list."""

from dataclasses import dataclass

from custom_components.retrocam.core.library.folder import TICK
from custom_components.retrocam.core.library.retention import Limits
from custom_components.retrocam.core.library.snapshots import SnapshotStore

from ...frames.stills import NOW, jpeg, listing

NAME = "20260102T030405.000Z.jpg"
JPEG = jpeg(1, 160, 90)


@dataclass(slots=True)
class Clock:
    """A monotonic clock that a test turns."""

    now: float = 0.0
    step: float = 0.0
    """Seconds that go by whenever somebody looks."""

    def __call__(self) -> float:
        """Return the time in seconds."""
        self.now += self.step
        return self.now


def settle(store: SnapshotStore, clock: Clock) -> None:
    """Let a time stamp of the directory become old enough to be trusted."""
    clock.now += TICK
    assert store.refresh() is True
    assert store.refresh() is False


def files(store: SnapshotStore) -> list[str]:
    """Return what is in the directory, sorted."""
    return sorted(name for name in listing(store.directory) if not name.startswith("."))


def names(store: SnapshotStore) -> list[str]:
    """Return what is listed, newest first."""
    return [item.name for item in store.latest(1000)]


def reloaded(store: SnapshotStore, limits: Limits | None = None) -> SnapshotStore:
    """Return another store of the same directory, as after a restart."""
    again = SnapshotStore(store.directory, limits=limits, clock=lambda: NOW)
    again.load()
    return again
