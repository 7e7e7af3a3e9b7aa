"""Fixture of a publisher."""

from collections.abc import AsyncIterator

import pytest

from custom_components.retrocam.core.threads import run_in_thread

from .publisher_harness import PublisherHarness


@pytest.fixture
async def harness() -> AsyncIterator[PublisherHarness]:
    harness = PublisherHarness()
    yield harness
    await run_in_thread("closing", harness.close)
