"""A publisher that ends with its test."""

from collections.abc import AsyncIterator

import pytest

from custom_components.retrocam.core.threads import run_in_thread

from .studio import Studio


@pytest.fixture
async def studio() -> AsyncIterator[Studio]:
    studio = Studio()
    yield studio
    await run_in_thread("closing", studio.close)
