"""Shared cameras, their guests and strangers."""

from collections.abc import AsyncIterator

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.retrocam.cameras.share_auth import SHARE_AUTH

from ..conftest import LoadEntry
from ..core.media import Clock
from ..viewers import SMALL
from .guests import Browser, page_path, sharing


@pytest.fixture
async def clock(home: HomeAssistant) -> Clock:
    """The wall clock of ShareAuth."""
    clock = home.data[SHARE_AUTH].clock = Clock(1_800_000_000.0)
    return clock


@pytest.fixture
async def porch(load: LoadEntry, clock: Clock) -> MockConfigEntry:
    """A shared camera without background work."""
    return await load({"kind": "demo", "name": "Porch", "advanced": SMALL}, options=sharing())


@pytest.fixture
async def stranger(home: HomeAssistant, porch: MockConfigEntry) -> AsyncIterator[Browser]:
    async with Browser.at(home, page_path(porch)) as browser:
        yield browser


@pytest.fixture
async def guest(stranger: Browser) -> Browser:
    """A browser that has entered the PIN."""
    assert (await stranger.unlock()).status == 204
    return stranger


@pytest.fixture
async def behind_a_proxy(hass: HomeAssistant) -> None:
    """Home Assistant behind a local proxy that terminates https, with a limit of wrong logins."""
    http = {
        "use_x_forwarded_for": True,
        "trusted_proxies": ["127.0.0.1"],
        "ip_ban_enabled": True,
        "login_attempts_threshold": 1000,
    }
    assert await async_setup_component(hass, "http", {"http": http})
