"""Fixtures that more than one test module uses."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

from homeassistant.components.http import ban
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.retrocam.cameras import CameraInstance
from custom_components.retrocam.cameras.generated import DrawnInstance
from custom_components.retrocam.cameras.lookups import LOOKUP_SERVER
from custom_components.retrocam.cameras.player import PlayerInstance
from custom_components.retrocam.const import CONF_KIND, DOMAIN, KIND_DEMO

from .core.player.clips import clip
from .core.player.lookups import SERVER
from .core.player.server import MediaServer, Page, serving
from .leaks import own_tasks, own_threads
from .rtsp import RtspServer, rtsp_server  # noqa: F401  # a fixture
from .viewers import QUIET

type LoadEntry = Callable[..., Awaitable[MockConfigEntry]]


@pytest.fixture(autouse=True)
def _find_retrocam(request: pytest.FixtureRequest) -> None:
    """Let Home Assistant load custom integrations, in the tests that have one."""
    if "recorder_mock" in request.fixturenames:
        # It must be there before `hass` is.
        request.getfixturevalue("recorder_mock")
    if "hass" in request.fixturenames:
        request.getfixturevalue("enable_custom_integrations")


@pytest.fixture(autouse=True)
def _own_bans(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the test a file of banned addresses of its own.

    The configuration directory is the same for all tests on the machine: an address that one test bans
    gets 403 from the Home Assistant of each test that starts meanwhile, the stream worker's, too.
    """
    if "hass" in request.fixturenames:
        directory: Path = request.getfixturevalue("tmp_path")
        path = directory.with_name(f"{directory.name}-{ban.IP_BANS_FILE}")
        monkeypatch.setattr(ban, "IP_BANS_FILE", str(path))


@pytest.fixture
def media_directory(hass: HomeAssistant, tmp_path: Path) -> Path:
    """The local media directory, for this test alone."""
    hass.config.media_dirs = {"local": str(tmp_path)}
    return tmp_path


@pytest.fixture
async def short_segments(hass: HomeAssistant) -> None:
    """HLS segments of 2 s instead of 6, to be asked for before `home`."""
    assert await async_setup_component(hass, "stream", {"stream": {"segment_duration": 2}})


@pytest.fixture
async def home(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, media_directory: Path
) -> HomeAssistant:
    """A Home Assistant whose HTTP server listens, so that its stream worker can read from it."""
    hass.data[LOOKUP_SERVER] = SERVER
    for component in ("camera", "image", "repairs", "stream", "media_source", DOMAIN):
        assert await async_setup_component(hass, component, {})
    client = await hass_client()
    assert hass.config.api is not None
    assert client.port is not None
    hass.config.api.port = client.port
    return hass


@pytest.fixture
async def load(home: HomeAssistant) -> AsyncIterator[LoadEntry]:
    """Make an entry of data and options, and load it; all are unloaded at the end.

    No history is kept unless the options say so: it wakes the camera by itself.
    """

    async def load_entry(
        data: dict[str, Any],
        *,
        title: str = "Porch",
        options: dict[str, Any] | None = None,
        entry_id: str | None = None,
    ) -> MockConfigEntry:
        options = {"history": {"history_enabled": False}, **(options or {})}
        entry = MockConfigEntry(
            domain=DOMAIN, title=title, data=data, options=options, entry_id=entry_id
        )
        entry.add_to_hass(home)
        assert await home.config_entries.async_setup(entry.entry_id)
        await home.async_block_till_done()
        return entry

    yield load_entry
    for entry in home.config_entries.async_loaded_entries(DOMAIN):
        assert await home.config_entries.async_unload(entry.entry_id)
    assert own_threads() == []
    assert own_tasks() == []


@pytest.fixture
async def demo(load: LoadEntry) -> CameraInstance:
    """A loaded demo camera."""
    entry = await load({CONF_KIND: KIND_DEMO, "name": "Porch"})
    instance: CameraInstance = entry.runtime_data
    return instance


@pytest.fixture
async def quiet_demo(load: LoadEntry) -> DrawnInstance:
    """A demo camera that runs nothing for itself."""
    entry = await load({"kind": "demo", "name": "Porch"}, options=QUIET)
    instance: DrawnInstance = entry.runtime_data
    return instance


@pytest.fixture
async def quiet_url_camera(
    load: LoadEntry,
    rtsp_server: RtspServer,  # noqa: F811  # the fixture
) -> CameraInstance:
    """A camera by URL that runs nothing for itself."""
    mount = rtsp_server.mount("/porch", fps=25)
    entry = await load({"kind": "camera_url", "url": mount.url}, options=QUIET)
    instance: CameraInstance = entry.runtime_data
    return instance


@pytest.fixture
def server(socket_enabled: None) -> Iterator[MediaServer]:
    with serving() as running:
        yield running


@pytest.fixture
async def player(load: LoadEntry, home: HomeAssistant, server: MediaServer) -> PlayerInstance:
    """A loaded player that may reach the server."""
    home.config.allowlist_external_urls = {server.root + "/"}
    entry = await load({"kind": "ascii_player", "name": "Screen"}, title="Screen", options=QUIET)
    instance: PlayerInstance = entry.runtime_data
    return instance


@pytest.fixture
def film(server: MediaServer) -> str:
    """The URL of a clip that flashes and beeps with each second."""
    return server.add("/film.mp4", Page(clip(20.0), "video/mp4"))
