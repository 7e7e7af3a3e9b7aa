"""Limits of the tests with processes of their own."""

from pathlib import Path
from typing import Final

import pytest

HANG: Final = 300
"""Seconds after which such a test hangs: a Home Assistant may take two minutes to start."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        within = Path(__file__).parent in item.path.parents
        if within and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(HANG))
