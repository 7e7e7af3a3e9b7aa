"""Home Assistant's Marketplace, which 2026.11 has instead of HACS, installs what a release contains.

It gets our files from a server of the test's instead of GitHub and the catalog.
"""

from collections.abc import AsyncIterator
from importlib import import_module
from importlib.util import find_spec
import json
from pathlib import Path
import subprocess
import sys
from typing import Any, Final
import zipfile

from aiohttp import web
from aiohttp.test_utils import TestServer
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from .house import MANIFEST, ROOT

if find_spec("homeassistant.components.marketplace") is None:
    pytest.skip("Home Assistant before 2026.11 has no Marketplace", allow_module_level=True)

REPOSITORY: Final = "retrocam/retrocam"
TAG: Final = "v1.2.3"
RAW: Final = f"/{REPOSITORY}/{TAG}"


def _catalog() -> dict[str, Any]:
    return {
        "1": {
            "description": "",
            "domain": MANIFEST["domain"],
            "etag_repository": "1",
            "full_name": REPOSITORY,
            "last_fetched": 0,
            "last_updated": "2026-11-30T00:00:00Z",
            "last_version": TAG,
            "manifest": {"name": MANIFEST["name"]},
            "manifest_name": MANIFEST["name"],
        }
    }


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """The archive of our release."""
    archive = tmp_path / "retrocam.zip"
    subprocess.run(
        [sys.executable, ROOT / "scripts" / "package", TAG[1:], archive],
        check=True,
        capture_output=True,
    )
    return archive


@pytest.fixture
async def github(release: Path, socket_enabled: None) -> AsyncIterator[TestServer]:
    """The catalog, the files of our tag, and its release."""

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path == "/integration/data.json":
            return web.json_response(_catalog())
        if request.path in ("/removed/data.json", "/critical/data.json"):
            return web.json_response([])
        if request.path.endswith("/data.json"):
            return web.json_response({})
        if request.path.startswith(RAW) and (ROOT / request.path[len(RAW) + 1 :]).is_file():
            return web.FileResponse(ROOT / request.path[len(RAW) + 1 :])
        if request.path == f"/{REPOSITORY}/releases/download/{TAG}/retrocam.zip":
            return web.FileResponse(release)
        return web.Response(status=404)

    application = web.Application()
    application.router.add_get("/{path:.*}", answer)
    server = TestServer(application)
    async with server:
        yield server


@pytest.fixture
async def marketplace(
    hass: HomeAssistant, github: TestServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[MockConfigEntry]:
    """The Marketplace of a Home Assistant whose configuration directory is empty."""
    profiles = import_module("homeassistant.components.marketplace.profiles")
    url = str(github.make_url("")).rstrip("/")
    here = profiles.DownloadProfile(
        id="here", operator="the test", api=url, github=url, raw=url, catalog=url
    )
    monkeypatch.setitem(profiles.PROFILES, "here", here)
    hass.config.config_dir = str(tmp_path / "config")
    entry = MockConfigEntry(domain="marketplace", options={"profile": "here"})
    entry.add_to_hass(hass)
    assert await async_setup_component(hass, "marketplace", {})
    await hass.async_block_till_done(wait_background_tasks=True)
    yield entry
    assert await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.usefixtures("marketplace")
async def test_marketplace_installs_the_release(
    hass: HomeAssistant, hass_ws_client: WebSocketGenerator, release: Path
) -> None:
    client = await hass_ws_client(hass)

    async def call(**command: Any) -> Any:
        await client.send_json_auto_id(command)
        answer = await client.receive_json()
        assert answer["success"], answer
        return answer["result"]

    await call(type="marketplace/warning/accept")
    (offered,) = await call(type="marketplace/repositories/list")
    assert offered["full_name"] == REPOSITORY
    await call(type="marketplace/repository/install", repository=offered["id"])

    installed = Path(hass.config.config_dir, "custom_components", MANIFEST["domain"])
    assert json.loads((installed / "manifest.json").read_bytes())["version"] == TAG[1:]
    with zipfile.ZipFile(release) as archive:
        assert {
            path.relative_to(installed).as_posix()
            for path in installed.rglob("*")
            if path.is_file()
        } == set(archive.namelist())
    (offered,) = await call(type="marketplace/repositories/list")
    assert offered["installed"]
    assert offered["installed_version"] == TAG
