"""A banned address blocks Retrocam's own streams, in the current test only."""

from http import HTTPStatus
from pathlib import Path

from homeassistant.components.http.ban import KEY_BAN_MANAGER
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest

from .conftest import LoadEntry
from .security.people import Person
from .waiting import until


@pytest.fixture
async def strict(hass: HomeAssistant) -> None:
    """Configure Home Assistant to ban an address at the first wrong login."""
    http = {"ip_ban_enabled": True, "login_attempts_threshold": 1}
    assert await async_setup_component(hass, "http", {"http": http})


async def test_ban_blocks_stream_worker_in_this_test_only(
    strict: None, home: HomeAssistant, load: LoadEntry, caplog: pytest.LogCaptureFixture
) -> None:
    file = Path(home.http.app[KEY_BAN_MANAGER].path)
    # Check before writing: all tests on the machine share the configuration directory.
    assert not file.is_relative_to(home.config.config_dir)
    async with Person.at(home, "wrong") as stranger:
        assert await stranger.http("GET", "/api/retrocam/mjpeg/none") == HTTPStatus.UNAUTHORIZED
        assert await stranger.http("GET", "/api/retrocam/mjpeg/none") == HTTPStatus.FORBIDDEN
    assert "127.0.0.1" in file.read_text()
    entry = await load({"kind": "demo", "name": "Porch"})
    await until(lambda: "403 Forbidden" in caplog.text)
    assert entry.runtime_data.ring.available == 0
