"""A shared player whose guests may control it, and a guest of it."""

from collections.abc import AsyncIterator

from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from ...conftest import LoadEntry
from ...core.player.server import MediaServer
from ..guests import Browser, page_path, sharing


@pytest.fixture
async def screen(load: LoadEntry, home: HomeAssistant, server: MediaServer) -> MockConfigEntry:
    """A shared player that may play from the server."""
    home.config.allowlist_external_urls = {server.root + "/"}
    return await load(
        {"kind": "ascii_player", "name": "Screen"},
        title="Screen",
        options=sharing(share_control=True),
    )


@pytest.fixture
async def guest(home: HomeAssistant, screen: MockConfigEntry) -> AsyncIterator[Browser]:
    """A browser that has entered the PIN."""
    async with Browser.at(home, page_path(screen)) as browser:
        assert (await browser.unlock()).status == 204
        yield browser
