"""A camera to record."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from .clip_checks import Camera


@pytest.fixture
def camera(tmp_path: Path) -> Iterator[Camera]:
    with Camera(tmp_path / "recordings") as camera:
        yield camera
