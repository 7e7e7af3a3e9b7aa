"""The environment: a real RTSP server, and a real Home Assistant with a camera of each kind."""

import asyncio
import contextlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp

from demo.client import Client, filled
from demo.film import make_film
from demo.server import Server, add_probe, free_port, start
from tests.rtsp import Mount, RtspServer

MOUNTS: Final[dict[str, dict[str, Any]]] = {
    "Porch": {"audio": True},
    "Yard": {"b_frames": 2, "gop": 2.0},
    "Gate": {},
}
"""The RTSP cameras: 320x180 at 15 fps each. The last one is Home Assistant's own, wrapped by ours."""
WRAPPED: Final = "Gate"
WRAPPED_ENTITY: Final = "camera.gate"
DEMO: Final = "Studio"
GRID: Final = "Wall"
PLAYER: Final = "Screen"
KEPT: Final[dict[str, dict[str, Any]]] = {
    "lookback": {"lookback_enabled": True, "lookback_seconds": 20, "lookback_megabytes": 16},
    "history": {
        "history_enabled": True,
        "interval_sec": 5,
        "keep_last": 50,
        "keep_days": 0,
        "keep_megabytes": 0,
        "image_format": "jpeg",
    },
    "tape": {"tape_enabled": True, "tape_hours": 1, "tape_megabytes": 100},
    "recordings": {
        "recordings_keep_last": 0,
        "recordings_keep_days": 0,
        "recordings_keep_megabytes": 0,
    },
    "storage": {"min_free_megabytes": 0},
    "mjpeg": {"mjpeg_fps": 5, "mjpeg_width": 0, "ring_size": 10},
    "share": {"share_enabled": True, "share_control": True, "share_history": True},
}
"""Options of all cameras: no recording is deleted, since each is checked at the end."""
PIN: Final = "246801"
"""Of all share pages."""
STOP_BOUND: Final = 30.0
"""Timeout of Home Assistant's shutdown after SIGTERM, in s."""


@dataclass(frozen=True, slots=True)
class Instance:
    """One of Retrocam's entries."""

    title: str
    kind: str
    entry_id: str
    camera: str
    """Entity id of its camera."""
    directory: Path
    """Its media directory."""
    share: str
    """Path of its share page."""

    @property
    def recordings(self) -> Path:
        """Folder of its clips."""
        return self.directory / "recordings"


@dataclass(slots=True)
class Scene:
    """The server and all entries, through any number of restarts of Home Assistant."""

    directory: Path
    rtsp: RtspServer
    instances: list[Instance] = field(default_factory=list)
    logs: list[str] = field(default_factory=list)
    """Home Assistant's log of each former life."""
    faults: list[str] = field(default_factory=list)
    """Failures, in the order of their detection."""
    player: str = ""
    """Entity id of the media player."""
    token: str = ""
    _server: Server | None = None
    _client: Client | None = None
    _stack: contextlib.AsyncExitStack | None = None
    _extra: str = ""
    _port: int = 0

    @classmethod
    @contextlib.asynccontextmanager
    async def playing(cls, directory: Path) -> Any:
        """Set everything up for a `with` block."""
        with RtspServer() as rtsp:
            for name, options in MOUNTS.items():
                rtsp.mount(f"/{name.lower()}", **options)
            scene = cls(directory, rtsp)
            try:
                await scene._begin()
                yield scene
            finally:
                rtsp.resume()
                await scene.end(kill=True)

    @property
    def server(self) -> Server:
        """Home Assistant. Raises RuntimeError while it does not run."""
        if self._server is None:
            raise RuntimeError("Home Assistant does not run")
        return self._server

    @property
    def client(self) -> Client:
        """The logged-in client. Raises RuntimeError while Home Assistant does not run."""
        if self._client is None:
            raise RuntimeError("Home Assistant does not run")
        return self._client

    @property
    def running(self) -> bool:
        """Whether Home Assistant is running."""
        return self._client is not None

    @property
    def url(self) -> str:
        """URL of Home Assistant, in all its lives."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def headers(self) -> dict[str, str]:
        """Authentication headers that do not expire."""
        return {"Authorization": f"Bearer {self.token}"}

    @property
    def pid(self) -> int:
        """The process of Home Assistant."""
        return self.server.process.pid

    @property
    def cameras(self) -> list[Instance]:
        """The entries with lookback."""
        return [one for one in self.instances if one.title in MOUNTS or one.title == DEMO]

    def mount(self, title: str) -> Mount:
        """Return the source of a camera."""
        return self.rtsp.mounts[f"/{title.lower()}"]

    def fault(self, text: str) -> None:
        """Record a failure."""
        print(f"FAULT {text}", flush=True)
        self.faults.append(text)

    async def start(self) -> None:
        """Start Home Assistant with the existing configuration, and log in."""
        # The probe then counts all allocations, down to the smallest object.
        malloc = {"PYTHONMALLOC": "malloc"}
        server = await start(self.directory, self._port, self._extra, malloc)
        self._server = server
        await server.wait_until_up()
        stack = contextlib.AsyncExitStack()
        try:
            self._client = await stack.enter_async_context(Client.logged_in(server.url))
        except BaseException:
            await stack.aclose()
            raise
        self._stack = stack
        if not self.token:
            self.token = await self.client.command(
                "auth/long_lived_access_token", client_name="soak", lifespan=365
            )
        self.client.hold(self.token)

    async def end(self, *, kill: bool) -> None:
        """Stop Home Assistant, by a kill or by SIGTERM."""
        if self._server is None:
            return
        server, self._server, self._client = self._server, None, None
        if kill:
            await server.kill()
        else:
            loop = asyncio.get_running_loop()
            began = loop.time()
            code = await server.stop()
            if (took := loop.time() - began) > STOP_BOUND:
                self.fault(f"Home Assistant took {took:.0f} s to stop")
            if code != 0:
                self.fault(f"Home Assistant exited with {code}")
        self.logs.append(server.log)
        if self._stack is not None:
            stack, self._stack = self._stack, None
            with contextlib.suppress(aiohttp.ClientError, ConnectionError):
                await stack.aclose()

    async def wait_until_loaded(self) -> None:
        """Wait until Home Assistant runs, and all entries are loaded. Raises TimeoutError."""
        async with asyncio.timeout(90):
            await self.client.wait_until_loaded()

    async def set_options(self, entry_id: str, options: dict[str, Any]) -> str:
        """Run the options flow as a user does, who changes some sections; the entry is reloaded.

        Returns the path of the share page, if it is new.
        """
        path = "/api/config/config_entries/options/flow"
        form = await self.client.post(path, {"handler": entry_id})
        data = filled(form["data_schema"]) | options
        answer = await self.client.post(f"{path}/{form['flow_id']}", data)
        link = ""
        if answer.get("step_id") == "share_link":
            link = str(answer["description_placeholders"]["share_link"])
            answer = await self.client.post(f"{path}/{form['flow_id']}", {})
        if answer["type"] != "create_entry":
            raise RuntimeError(f"the options were rejected: {answer}")
        return urlsplit(link).path

    async def _begin(self) -> None:
        self._port = free_port()
        self._extra = add_probe(self.directory) + (
            "ffmpeg:\nstream:\ncamera:\n  - platform: ffmpeg\n"
            f"    name: {WRAPPED}\n    input: {self.mount(WRAPPED).url}\n"
        )
        await asyncio.to_thread(make_film, self.directory)
        await self.start()
        await self._add_instances()
        # Home Assistant has not written the last changes yet; that is not ours to test.
        await self.end(kill=False)
        await self.start()
        await self.wait_until_loaded()

    async def _add_instances(self) -> None:
        client = self.client
        for title in MOUNTS:
            if title == WRAPPED:
                await client.wait_for_state(WRAPPED_ENTITY)
                entry = await client.add_entry(
                    ("camera_entity", {"entity_id": WRAPPED_ENTITY, "lookback_enabled": True})
                )
            else:
                data: dict[str, Any] = {
                    "name": title,
                    "url": self.mount(title).url,
                    "rtsp_transport": "tcp",
                }
                data["advanced"] = {"verify_ssl": False, "use_wallclock_as_timestamps": False}
                entry = await client.add_entry(("camera_url", data), ("preview", {}))
            await self._take(title, "camera", entry, KEPT)
        shape = {"width": 320, "height": 180, "fps": 10}
        entry = await client.add_entry(("demo", {"name": DEMO, "advanced": shape}))
        await self._take(DEMO, "camera", entry, KEPT)
        members = [one.camera for one in self.instances]
        grid = {"name": GRID, "cameras": members, "layout": "quad"}
        quiet = {**KEPT, "lookback": {**KEPT["lookback"], "lookback_enabled": False}}
        quiet["history"] = {**KEPT["history"], "history_enabled": False}
        quiet["tape"] = {**KEPT["tape"], "tape_enabled": False}
        picture = {"layout": "quad", "width": 640, "height": 360, "fps": 5}
        entry = await client.add_entry(("grid", grid))
        await self._take(GRID, "grid", entry, {**quiet, "picture": picture})
        entry = await client.add_entry(("ascii_player", {"name": PLAYER, "preset": "low"}))
        player = {"preset": "low", "max_source_height": 360, "charset": "ramp", "loop": True}
        await self._take(PLAYER, "player", entry, {**quiet, "player": player})
        self.player = await client.entity_id(self.instances[-1].entry_id, "media_player")

    async def _take(
        self, title: str, kind: str, entry: dict[str, Any], options: dict[str, Any]
    ) -> None:
        entry_id = str(entry["entry_id"])
        camera = await self.client.entity_id(entry_id, "camera")
        shared = {**options, "share": {**options["share"], "share_pin": PIN}}
        link = await self.set_options(entry_id, shared)
        await self.client.wait_for_state(camera)
        name = entry["title"].lower().replace(" ", "_")
        directory = self.directory / "media" / "retrocam" / name
        self.instances.append(Instance(title, kind, entry_id, camera, directory, link))
