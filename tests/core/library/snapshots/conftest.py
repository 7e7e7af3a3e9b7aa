"""A snapshot store and its changes."""

from pathlib import Path

import pytest

from custom_components.retrocam.core.library.reader import MediaChange
from custom_components.retrocam.core.library.snapshots import snapshot_library
from custom_components.retrocam.core.library.store import MediaLibrary

from ...frames.stills import NOW
from .stored import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> MediaLibrary:
    directory = tmp_path / "garden" / "snapshots"
    store = snapshot_library(directory, clock=lambda: NOW, monotonic=clock)
    store.load()
    return store


@pytest.fixture
def changes(store: MediaLibrary) -> list[MediaChange]:
    received: list[MediaChange] = []
    store.listeners.add(received.append)
    return received
