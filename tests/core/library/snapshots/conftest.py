"""A store of snapshots, and what it tells."""

from pathlib import Path

import pytest

from custom_components.retrocam.core.library.reader import MediaChange
from custom_components.retrocam.core.library.snapshots import SnapshotStore

from ...frames.stills import NOW
from .stored import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> SnapshotStore:
    directory = tmp_path / "garden" / "snapshots"
    store = SnapshotStore(directory, clock=lambda: NOW, monotonic=clock)
    store.load()
    return store


@pytest.fixture
def changes(store: SnapshotStore) -> list[MediaChange]:
    told: list[MediaChange] = []
    store.subscribe(told.append)
    return told
