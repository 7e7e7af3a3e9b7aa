"""A store of snapshots, and what it tells."""

from pathlib import Path

import pytest

from custom_components.retrocam.core.library.reader import MediaChange
from custom_components.retrocam.core.library.snapshots import SnapshotStore

from ...frames.stills import NOW


@pytest.fixture
def store(tmp_path: Path) -> SnapshotStore:
    store = SnapshotStore(tmp_path / "garden" / "snapshots", clock=lambda: NOW)
    store.load()
    return store


@pytest.fixture
def changes(store: SnapshotStore) -> list[MediaChange]:
    told: list[MediaChange] = []
    store.subscribe(told.append)
    return told
