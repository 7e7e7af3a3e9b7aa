"""The stage: a real RTSP server, a real Home Assistant with an instance of each kind."""

import asyncio
import contextlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp

from demo.client import Client
from demo.film import make_film
from demo.server import Server, add_probe, free_port, start
from tests.rtsp import Mount, RtspServer

MOUNTS: Final[dict[str, dict[str, Any]]] = {
    "Porch": {"audio": True},
    "Yard": {"b_frames": 2, "gop": 2.0},
    "Gate": {},
}
"""The RTSP cameras: 320x180 at 15 fps each. The last one is Home Assistant's own, which we wrap."""
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
    "recordings": {
        "recordings_keep_last": 0,
        "recordings_keep_days": 0,
        "recordings_keep_megabytes": 0,
    },
    "storage": {"min_free_megabytes": 0},
    "mjpeg": {"mjpeg_fps": 5, "mjpeg_width": 0, "ring_size": 10},
    "share": {"share_enabled": True, "share_control": True, "share_history": True},
}
"""Options of all cameras: no recording is ever deleted, for each is asked for at the end."""
PIN: Final = "246801"
"""Of all pages for guests."""
STOP_BOUND: Final = 30.0
"""Seconds within which Home Assistant must have ended after SIGTERM."""


@dataclass(frozen=True, slots=True)
class Instance:
    """One of Retrocam's entries."""

    title: str
    kind: str
    entry_id: str
    camera: str
    """Entity id of its camera."""
    directory: Path
    """Where its media is."""
    share: str
    """Path of its page for guests."""

    @property
    def recordings(self) -> Path:
        """Where its clips are."""
        return self.directory / "recordings"


@dataclass(slots=True)
class Scene:
    """All that plays, through any number of lives of Home Assistant."""

    directory: Path
    rtsp: RtspServer
    instances: list[Instance] = field(default_factory=list)
    logs: list[str] = field(default_factory=list)
    """What Home Assistant said in each of its former lives."""
    faults: list[str] = field(default_factory=list)
    """What must not be, in the order in which it was seen."""
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
        """Set all up for the time of a `with` block."""
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
        """Who is logged in. Raises RuntimeError while Home Assistant does not run."""
        if self._client is None:
            raise RuntimeError("Home Assistant does not run")
        return self._client

    @property
    def running(self) -> bool:
        """Whether Home Assistant is up."""
        return self._client is not None

    @property
    def url(self) -> str:
        """Where Home Assistant is, in all its lives."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def headers(self) -> dict[str, str]:
        """The headers that say who asks, for ever."""
        return {"Authorization": f"Bearer {self.token}"}

    @property
    def pid(self) -> int:
        """The process of Home Assistant."""
        return self.server.process.pid

    @property
    def cameras(self) -> list[Instance]:
        """The instances with lookback."""
        return [one for one in self.instances if one.title in MOUNTS or one.title == DEMO]

    def mount(self, title: str) -> Mount:
        """Return the source of a camera."""
        return self.rtsp.mounts[f"/{title.lower()}"]

    def fault(self, text: str) -> None:
        """Note what must not be."""
        print(f"FAULT {text}", flush=True)
        self.faults.append(text)

    async def start(self) -> None:
        """Start Home Assistant in the configuration that there is, and log in."""
        # The probe then sees all that is held, down to the smallest object.
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
        """End Home Assistant, as a power cut does or as the operating system does."""
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
                self.fault(f"Home Assistant ended with {code}")
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
        """Walk through the options flow as a user does; the entry is loaded anew.

        Returns the path of the page for guests, if that is new.
        """
        path = "/api/config/config_entries/options/flow"
        form = await self.client.post(path, {"handler": entry_id})
        answer = await self.client.post(f"{path}/{form['flow_id']}", options)
        link = ""
        if answer.get("step_id") == "share_link":
            link = str(answer["description_placeholders"]["share_link"])
            answer = await self.client.post(f"{path}/{form['flow_id']}", {})
        if answer["type"] != "create_entry":
            raise RuntimeError(f"the options were refused: {answer}")
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
        # What was set up last is not on the disk yet, and is no matter of ours.
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
