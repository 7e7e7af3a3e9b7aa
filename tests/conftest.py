"""Fixtures that more than one test module uses."""

import asyncio.constants
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
import signal
import threading
import traceback
from typing import Any, Final

from homeassistant.components.http import ban
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity import Entity
from homeassistant.setup import async_setup_component
from homeassistant.util import executor
from hypothesis import HealthCheck, settings
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.retrocam.cameras import CameraInstance
from custom_components.retrocam.cameras.generated import GeneratedCamera
from custom_components.retrocam.cameras.lookups import LOOKUP_SERVER
from custom_components.retrocam.cameras.player import AsciiPlayer
from custom_components.retrocam.cameras.share_auth import ShareAuth
from custom_components.retrocam.const import CONF_KIND, DOMAIN, KIND_DEMO
from custom_components.retrocam.core.share.credentials import HashCost

from .core.player.clips import clip
from .core.player.lookups import SERVER
from .core.player.server import MediaServer, Page, serving
from .leaks import own_tasks, own_threads
from .rtsp import RtspServer, rtsp_server  # noqa: F401  # a fixture
from .viewers import QUIET, SMALL

# The plugin turns on asyncio's debug mode, in which each future, task and callback keeps its stack. The
# last frames name the place; all of them would take a third of the CPU time of tests with a Home
# Assistant. Futures and tasks call `extract_stack` without a limit; their last frame is in asyncio.
vars(asyncio.constants)["DEBUG_STACK_DEPTH"] = 0
traceback.extract_stack.__defaults__ = (None, 0)

# At its end a Home Assistant interrupts each thread of its executor that has not ended within a tenth of
# this divided by their number. On a starved machine that is one which is about to end, and to wake the
# next one: all others then hang for the rest, and count as left behind.
vars(executor)["EXECUTOR_SHUTDOWN_TIMEOUT"] = 60

# By default a test fails whose example takes more than 0.2 s once, or whose data takes long to draw.
settings.register_profile(
    "any machine", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")

# `scripts/test` ends what runs beside a part that failed: the servers of a test should be ended, too.
signal.signal(signal.SIGTERM, signal.default_int_handler)

SLOWEST: Final = "test_stalls.py"
"""The module with the longest tests starts first: the other workers would wait for its end."""

type LoadEntry = Callable[..., Awaitable[MockConfigEntry]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.name != SLOWEST)


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


@pytest.fixture(autouse=True)
def _end_of_tapes() -> Iterator[None]:
    """Wait for threads that an unload no longer waits for: the next test may count threads."""
    yield
    for thread in threading.enumerate():
        if thread.name.startswith("retrocam tape"):
            thread.join(30)


@pytest.fixture(autouse=True, scope="session")
def _cheap_pin_hashes() -> Iterator[None]:
    """Hash PINs at a low cost, as the plugin does passwords: each Home Assistant hashes one at start."""
    with pytest.MonkeyPatch.context() as patch:
        defaults = ShareAuth.__init__.__kwdefaults__ or {}
        low = {**defaults, "cost": HashCost(n=4, r=1, p=1)}
        patch.setattr(ShareAuth.__init__, "__kwdefaults__", low)
        yield


@pytest.fixture
def media_directory(hass: HomeAssistant, tmp_path: Path) -> Path:
    """The local media directory, for this test alone."""
    hass.config.media_dirs = {"local": str(tmp_path)}
    return tmp_path


@pytest.fixture
def all_entities(monkeypatch: pytest.MonkeyPatch) -> None:
    """Enable the entities of new entries that are disabled by default."""
    monkeypatch.setattr(Entity, "entity_registry_enabled_default", True)


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
    # It listens nowhere else.
    hass.config.api.local_ip = "127.0.0.1"
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
    entry = await load({CONF_KIND: KIND_DEMO, "name": "Porch", "advanced": SMALL})
    instance: CameraInstance = entry.runtime_data
    return instance


@pytest.fixture
async def quiet_demo(load: LoadEntry) -> GeneratedCamera:
    """A demo camera that runs nothing for itself."""
    entry = await load({"kind": "demo", "name": "Porch", "advanced": SMALL}, options=QUIET)
    instance: GeneratedCamera = entry.runtime_data
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
async def player(load: LoadEntry, home: HomeAssistant, server: MediaServer) -> AsciiPlayer:
    """A loaded player that may reach the server."""
    home.config.allowlist_external_urls = {server.root + "/"}
    entry = await load({"kind": "ascii_player", "name": "Screen"}, title="Screen", options=QUIET)
    instance: AsciiPlayer = entry.runtime_data
    return instance


@pytest.fixture
def film(server: MediaServer) -> str:
    """The URL of a clip that flashes and beeps with each second."""
    return server.add("/film.mp4", Page(clip(20.0), "video/mp4"))
