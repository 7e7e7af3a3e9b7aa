"""What others get to read a camera from: go2rtc on this machine and on another one."""

import asyncio

from aiohttp.test_utils import TestServer
from homeassistant.components.camera.helper import get_camera_from_entity_id
from homeassistant.core import HomeAssistant
import pytest
from yarl import URL

from custom_components.retrocam.cameras.generated import GeneratedCamera

from ..network_namespace import other_machine
from ..waiting import until

CAMERA = "camera.porch"


class Go2RtcConfig:
    """What Home Assistant's integration stores, of a server that tests do not have."""

    def __init__(self, url: str) -> None:
        self.url = url


async def source_of(hass: HomeAssistant) -> URL:
    """Return what go2rtc and other integrations get."""
    return URL(await get_camera_from_entity_id(hass, CAMERA).stream_source() or "")


async def test_reader_on_another_machine_gets_the_pictures(
    home: HomeAssistant, quiet_demo: GeneratedCamera, socket_enabled: None
) -> None:
    assert home.config.api is not None
    with other_machine() as machine:
        async with TestServer(home.http.app, host=machine.home) as server:
            home.config.internal_url = f"http://{machine.home}:{server.port}"
            source = await source_of(home)
            assert source.host == machine.home
            probe = [
                "ffprobe",
                "-v",
                "error",
                "-of",
                "csv=p=0",
                "-show_entries",
                "stream=codec_name",
            ]
            read = await asyncio.to_thread(machine.run, *probe, str(source))
            assert set(read.stdout.split()) == {"h264", "aac"}, read.stderr
            # The stream worker's own address leads nowhere from there.
            local = source.with_host("127.0.0.1").with_port(home.config.api.port)
            refused = await asyncio.to_thread(machine.run, *probe, str(local))
            assert "Connection refused" in refused.stderr
            wrong = await asyncio.to_thread(machine.run, *probe, str(source.with_query(auth="x")))
            assert "403" in wrong.stderr
    await until(lambda: not quiet_demo.publisher.running)


READERS = [
    (None, "http://ha.internal:8123", "ha.internal"),
    ("http://192.0.2.9:1984/", "http://ha.internal:8123", "ha.internal"),
    ("http://go2rtc:1984/", "https://ha.internal", "ha.internal"),
    ("http://localhost:11984/", "http://ha.internal:8123", "127.0.0.1"),
    ("http://127.0.0.1:1984/", "http://ha.internal:8123", "127.0.0.1"),
    ("http://[::1]:1984/", "http://ha.internal:8123", "127.0.0.1"),
    ("http://192.0.2.9:1984/", None, "127.0.0.1"),
]


@pytest.mark.parametrize(("server", "internal", "host"), READERS)
async def test_address_for_readers(
    home: HomeAssistant,
    quiet_demo: GeneratedCamera,
    server: str | None,
    internal: str | None,
    host: str,
) -> None:
    if server is not None:
        home.data["go2rtc"] = Go2RtcConfig(server)
    home.config.internal_url = internal
    source = await source_of(home)
    assert source.host == host
    assert source.scheme == ("https" if internal and internal.startswith("https") else "http")
    # Home Assistant's own worker reads over the loopback, whatever others get.
    stream = await quiet_demo.async_stream()
    assert stream is not None
    assert URL(stream.source).host == "127.0.0.1"
    assert source.query == URL(stream.source).query
