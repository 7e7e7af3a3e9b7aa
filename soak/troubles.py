"""Random troubles of sources, entries, options, and Home Assistant itself."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
import contextlib
import copy
from dataclasses import dataclass, field
import random
from typing import Any, Final

from .clips import Clips
from .scene import KEPT, MOUNTS, Scene

SIZES: Final = ((320, 180), (480, 270), (256, 144))
RECOVERY: Final = 8.0
"""Seconds after a trouble in which its camera may still be unavailable."""


@dataclass(slots=True)
class Troubles:
    """Causes troubles, one after the other."""

    scene: Scene
    clips: Clips
    chance: random.Random
    made: Counter[str] = field(default_factory=Counter)
    _last: dict[str, float] = field(default_factory=dict)
    """Time of each camera's last trouble, loop time."""

    def untroubled(self) -> set[str]:
        """Return the cameras that should be available."""
        now = asyncio.get_running_loop().time()
        return {
            one.title
            for one in self.scene.cameras
            if now - self._last.get(one.title, 0.0) > RECOVERY
        }

    async def make_until(self, stop: asyncio.Event, pause: tuple[float, float]) -> None:
        """Cause troubles at random; `pause` is the shortest and the longest interval in s."""
        kinds: dict[str, Callable[[], Awaitable[None]]] = {
            "killed": self._source_killed,
            "hung": self._source_hung,
            "frozen": self._source_frozen,
            "disconnected": self._source_disconnected,
            "refused": self._source_refused,
            "closed": self._source_closed,
            "resized": self._source_resized,
            "reloaded": self._entry_reloaded,
            "options": self._options_changed,
            "switched": self._switched,
            "layout": self._layout_set,
        }
        while not stop.is_set():
            name = self.chance.choice(list(kinds))
            self.made[name] += 1
            await kinds[name]()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self.chance.uniform(*pause)):
                    await stop.wait()

    async def end_home_assistant(self, *, kill: bool) -> None:
        """Stop Home Assistant under load, and start it again."""
        self.made["home assistant killed" if kill else "home assistant stopped"] += 1
        untroubled = self.untroubled()
        await self.scene.end(kill=kill)
        if kill:
            await self.clips.look_after_kill(untroubled)
        for title in (one.title for one in self.scene.cameras):
            self._trouble(title)
        await self.scene.start()
        await self.scene.wait_until_loaded()
        for title in (one.title for one in self.scene.cameras):
            self._trouble(title)

    def _trouble(self, title: str) -> None:
        self._last[title] = asyncio.get_running_loop().time()

    @contextlib.asynccontextmanager
    async def _troubled(self, *titles: str) -> Any:
        for title in titles:
            self._last[title] = float("inf")
        try:
            yield
        finally:
            for title in titles:
                self._trouble(title)

    async def _a_while(self, most: float = 8.0) -> None:
        """Keep a trouble up for at most `most` seconds."""
        await asyncio.sleep(self.chance.uniform(0.5, most))

    def _a_source(self) -> str:
        return self.chance.choice(list(MOUNTS))

    async def _source_killed(self) -> None:
        async with self._troubled(*MOUNTS):
            self.scene.rtsp.kill()
            await self._a_while()
            await asyncio.to_thread(self.scene.rtsp.start)

    async def _source_hung(self) -> None:
        async with self._troubled(*MOUNTS):
            self.scene.rtsp.hang()
            try:
                await self._a_while(12.0)
            finally:
                self.scene.rtsp.resume()

    async def _source_frozen(self) -> None:
        title = self._a_source()
        async with self._troubled(title):
            # It may have no viewers.
            with contextlib.suppress(RuntimeError):
                self.scene.mount(title).freeze()
                await self._a_while()
                self.scene.mount(title).thaw()

    async def _source_disconnected(self) -> None:
        title = self._a_source()
        async with self._troubled(title):
            self.scene.mount(title).disconnect()

    async def _source_refused(self) -> None:
        title = self._a_source()
        async with self._troubled(title):
            self.scene.mount(title).refuse(self.chance.choice([403, 404, 453]))
            self.scene.mount(title).disconnect()
            await self._a_while()
            self.scene.mount(title).refuse(0)

    async def _source_closed(self) -> None:
        async with self._troubled(*MOUNTS):
            self.scene.rtsp.accept(accept=False)
            self.scene.mount(self._a_source()).disconnect()
            await self._a_while()
            self.scene.rtsp.accept(accept=True)

    async def _source_resized(self) -> None:
        title = self._a_source()
        async with self._troubled(title):
            width, height = self.chance.choice(SIZES)
            self.scene.mount(title).change(width=width, height=height)
            self.scene.mount(title).disconnect()

    async def _entry_reloaded(self) -> None:
        one = self.chance.choice(self.scene.instances)
        async with self._troubled(one.title):
            await self.scene.client.post(
                f"/api/config/config_entries/entry/{one.entry_id}/reload", {}
            )

    async def _options_changed(self) -> None:
        one = self.chance.choice(self.scene.cameras)
        options = copy.deepcopy(KEPT)
        options["lookback"]["lookback_seconds"] = self.chance.choice([10, 20, 30])
        options["history"]["interval_sec"] = self.chance.choice([2, 5, 40])
        options["history"]["image_format"] = self.chance.choice(["jpeg", "jpeg", "png"])
        options["mjpeg"]["mjpeg_fps"] = self.chance.choice([2, 5, 10])
        options["mjpeg"]["mjpeg_width"] = self.chance.choice([0, 160])
        async with self._troubled(one.title):
            await self.scene.set_options(one.entry_id, options)

    async def _switched(self) -> None:
        one = self.chance.choice(self.scene.cameras)
        client = self.scene.client
        async with self._troubled(one.title):
            for key in ("lookback", "history"):
                entity = {"entity_id": await client.entity_id(one.entry_id, key)}
                await client.post("/api/services/switch/turn_off", entity)
                await self._a_while(4.0)
                await client.post("/api/services/switch/turn_on", entity)

    async def _layout_set(self) -> None:
        grid = next(one for one in self.scene.instances if one.kind == "grid")
        layout = self.chance.choice(["single", "quad", "main_plus_preview", "auto"])
        await self.scene.client.post(
            "/api/services/retrocam/set_layout", {"entity_id": grid.camera, "layout": layout}
        )
