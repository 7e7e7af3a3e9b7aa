"""One Home Assistant with one demo camera, for all tests with other software."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
import time
from typing import Any, Final

import pytest
import pytest_asyncio
import pytest_socket

from demo.client import Client
from demo.jobs import frame_number
from demo.server import free_port, running
from demo.sharing import SharedPage, share

FPS: Final = 15
SHAPE: Final = {"width": 320, "height": 180, "fps": FPS}


@dataclass(frozen=True)
class Home:
    """A Home Assistant with a camera whose frames carry their numbers."""

    client: Client
    entry_id: str
    camera: str
    """Entity id."""
    shared: SharedPage

    async def url(self, name: str, query: str = "") -> str:
        """Return a signed URL as cards get it, with more parameters."""
        urls = await self.client.command("retrocam/urls", entry_id=self.entry_id)
        return f"{self.client.url}{urls[name]}{query}"

    async def act(self, action: str, **data: Any) -> dict[str, Any]:
        """Call an action of the camera, and return its answer."""
        data = {"entity_id": self.camera, **data}
        answer: dict[str, Any] = await self.client.call_action("retrocam", action, data)
        said: dict[str, Any] = answer[self.camera]
        return said

    async def number_at(self, moment: float) -> int:
        """Return the number of the frame that was shown at a UNIX time."""
        path = f"/api/retrocam/footage/{self.entry_id}/frame?at={moment:.3f}"
        return frame_number(await self.client.get_bytes(path))

    async def held_for(self, seconds: float) -> float:
        """Wait until the lookback is as long, and return the present in UNIX s."""
        await self.client.wait_for_lookback(self.entry_id, seconds)
        return time.time()


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def running_home(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Home]:
    """The camera, shared with guests."""
    pytest_socket.enable_socket()
    async with (
        running(tmp_path_factory.mktemp("peers"), free_port()) as server,
        Client.logged_in(server.url) as client,
    ):
        steps = ("demo", {"name": "Porch", "advanced": SHAPE})
        entry_id = (await client.add_entry(steps))["entry_id"]
        shared = await share(client, entry_id)
        await client.wait_until_loaded()
        camera = await client.entity_id(entry_id, "camera")
        await client.wait_for_state(camera)
        yield Home(client, entry_id, camera, shared)


@pytest.fixture
def home(running_home: Home, socket_enabled: None) -> Home:
    return running_home
