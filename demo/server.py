"""A real Home Assistant process with a configuration of its own."""

import asyncio
from collections.abc import AsyncIterator, Mapping
import contextlib
import json
import os
from pathlib import Path
import random
import signal
import socket
import sys
from typing import Final

import aiohttp

ROOT: Final = Path(__file__).parent.parent
START_TIMEOUT: Final = 120.0
STOP_TIMEOUT: Final = 60.0
PORTS: Final = range(20_000, 32_768)
"""Below those that systems give to connections, which would take a port before its server listens."""

CONFIGURATION: Final = """\
# Written anew at each start of the demo.
homeassistant:
  name: Retrocam demo
  unit_system: metric
  country: GB
  time_zone: UTC
  media_dirs:
    local: {media}
frontend:
config:
media_source:
logger:
  default: warning
  logs:
    custom_components.retrocam: info
"""


def free_port() -> int:
    """Return a TCP port that nobody listens on, and that no connection gets meanwhile.

    Raises RuntimeError if none is found.
    """
    for _ in range(100):
        port = random.choice(PORTS)  # noqa: S311  # no secret
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise RuntimeError("no free port")


def write_configuration(directory: Path, port: int, extra: str = "") -> None:
    """Prepare `directory` as the configuration directory of a Home Assistant with Retrocam."""
    media = directory / "media"
    media.mkdir(parents=True, exist_ok=True)
    (directory / "configuration.yaml").write_text(
        CONFIGURATION.format(media=media) + extra, encoding="utf-8"
    )
    # What cannot be set in YAML any more: the port, and onboarding as done beyond the first user.
    # Its other steps would set up integrations that use the internet.
    _store(directory, "http", 2, 2, _http_settings(port))
    if not (directory / ".storage" / "onboarding").exists():
        done = ["core_config", "analytics", "integration"]
        _store(directory, "onboarding", 4, 1, {"done": done})
    link = directory / "custom_components"
    if not link.exists():
        link.symlink_to(ROOT / "custom_components", target_is_directory=True)


def add_probe(directory: Path) -> str:
    """Install the probe beside Retrocam, before the first start; return its configuration."""
    components = directory / "custom_components"
    components.mkdir(parents=True)
    for name, place in (
        ("retrocam", ROOT / "custom_components" / "retrocam"),
        ("retrocam_probe", ROOT / "demo" / "probe"),
    ):
        (components / name).symlink_to(place, target_is_directory=True)
    return "retrocam_probe:\n"


def _http_settings(port: int) -> dict[str, object]:
    settings = {
        "server_host": ["127.0.0.1"],
        "server_port": port,
        "cors_allowed_origins": [],
        "login_attempts_threshold": -1,
        "ip_ban_enabled": True,
        "ssl_profile": "modern",
        "use_x_frame_options": True,
        "created_at": "2026-01-01T00:00:00+00:00",
        "error": None,
        "error_message": None,
    }
    return {"stable": settings, "pending": None, "yaml_migration_done": True}


def _store(directory: Path, key: str, version: int, minor: int, data: dict[str, object]) -> None:
    """Write one of Home Assistant's storage files."""
    path = directory / ".storage" / key
    path.parent.mkdir(exist_ok=True)
    content = {"version": version, "minor_version": minor, "key": key, "data": data}
    path.write_text(json.dumps(content), encoding="utf-8")


class Server:
    """A running Home Assistant."""

    def __init__(self, directory: Path, port: int, process: asyncio.subprocess.Process) -> None:
        """Wrap a process that was started in `directory`."""
        self.directory = directory
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.process = process

    @property
    def log(self) -> str:
        """Home Assistant's log since its start."""
        return (self.directory / "console.log").read_text(encoding="utf-8", errors="replace")

    async def wait_until_up(self) -> None:
        """Wait until HTTP answers. Raises RuntimeError if the process ends or does not answer."""
        async with aiohttp.ClientSession() as session, asyncio.timeout(START_TIMEOUT):
            while True:
                if self.process.returncode is not None:
                    raise RuntimeError(f"Home Assistant ended by itself:\n{self.log[-3000:]}")
                with contextlib.suppress(aiohttp.ClientError):
                    async with session.get(f"{self.url}/manifest.json") as response:
                        if response.status == 200:
                            return
                await asyncio.sleep(0.2)  # polls another process

    async def stop(self) -> int:
        """Stop Home Assistant by SIGTERM; return its exit code."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                async with asyncio.timeout(STOP_TIMEOUT):
                    await self.process.wait()
            except TimeoutError:
                self.process.kill()
        return await self.process.wait()

    async def kill(self) -> None:
        """Kill Home Assistant, like a power cut."""
        self.process.kill()
        await self.process.wait()


async def start(
    directory: Path, port: int, extra: str = "", environment: Mapping[str, str] | None = None
) -> Server:
    """Start Home Assistant in `directory`, and return before it is ready."""
    write_configuration(directory, port, extra)
    with (directory / "console.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "homeassistant", "--config", str(directory), "--skip-pip",
            stdout=log, stderr=asyncio.subprocess.STDOUT, stdin=asyncio.subprocess.DEVNULL,
            # The demo handles a Ctrl-C at the terminal: it then stops Home Assistant cleanly.
            start_new_session=True,
            # Custom components are loaded from the configuration, not from the working directory.
            cwd=directory,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **(environment or {})},
        )  # fmt: skip
    return Server(directory, port, process)


@contextlib.asynccontextmanager
async def running(directory: Path, port: int, extra: str = "") -> AsyncIterator[Server]:
    """Run Home Assistant during a `with` block."""
    server = await start(directory, port, extra)
    try:
        await server.wait_until_up()
        yield server
    finally:
        await server.stop()
