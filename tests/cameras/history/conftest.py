"""Fixtures for cameras with a snapshot history."""

from collections.abc import Callable
from typing import Any, Final

from homeassistant.core import HomeAssistant
import pytest

from custom_components.retrocam.cameras import CameraInstance

from ...conftest import LoadEntry
from ...foreign import StillCamera, add
from ...rtsp import Mount, RtspServer
from ...viewers import SMALL
from ...waiting import until
from .taking import EARLY, options

FPS: Final = 25


@pytest.fixture
async def source(home: HomeAssistant) -> StillCamera:
    return await add(home, StillCamera())


@pytest.fixture
async def still_camera(source: StillCamera, load: LoadEntry) -> CameraInstance:
    """A wrapped camera without a stream, with its history disabled."""
    entry = await load(
        {"kind": "camera_entity", "entity_id": "camera.source"},
        options=options(history_enabled=False),
        entry_id=EARLY,
    )
    instance: CameraInstance = entry.runtime_data
    await until(lambda: instance.media.loaded)
    return instance


@pytest.fixture
def mount(rtsp_server: RtspServer) -> Mount:
    return rtsp_server.mount("/porch", fps=FPS)


@pytest.fixture
async def rtsp_camera(mount: Mount, load: LoadEntry) -> Callable[..., Any]:
    async def load_camera(**settings: Any) -> CameraInstance:
        entry = await load(
            {"kind": "camera_url", "url": mount.url, "rtsp_transport": "tcp"},
            options=options(**settings),
            entry_id=EARLY,
        )
        instance: CameraInstance = entry.runtime_data
        return instance

    return load_camera


@pytest.fixture
async def demo_camera(load: LoadEntry) -> CameraInstance:
    entry = await load(
        {"kind": "demo", "name": "Porch", "advanced": SMALL},
        options=options(interval_sec=1),
        entry_id=EARLY,
    )
    instance: CameraInstance = entry.runtime_data
    await until(lambda: instance.media.snapshots.total)
    return instance
