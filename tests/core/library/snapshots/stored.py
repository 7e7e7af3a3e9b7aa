"""What a user finds in the directory of a store, and in its list."""

from custom_components.retrocam.core.library.retention import Limits
from custom_components.retrocam.core.library.snapshots import SnapshotStore

from ...frames.stills import NOW, jpeg, listing

NAME = "20260102T030405.000Z.jpg"
JPEG = jpeg(1, 160, 90)


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
