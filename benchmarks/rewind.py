"""Rewinding, as a user sees it: live start, jumps, previews, steps and speeds, in a headless browser.

Home Assistant runs in a process of its own, with cameras of one mount of a real RTSP server: 720p at
25 fps, with a keyframe every 2 s and sound. Its frontend shows them in Chromium without a GPU. Frame
numbers are read from the pixels on the page.

The peer of a live start is Home Assistant's own player on its own stream: cold, where nothing of the
camera runs, and warm, where it was watched just before. A start begins with the question for the URL
and ends with the first frame on the page. Then one viewer is compared with one of Home Assistant's
stream, and twenty with none.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
import shutil
import statistics
import time
from typing import Final

from benchmarks.cards import BROWSERS
from benchmarks.measuring import Case, Result, paired, repeats
from benchmarks.rewind_card import FPS, GOP, CardBench, frame_at
from benchmarks.rewind_page import SCRIPT, Card, Player
from benchmarks.rewind_readers import cost, growth
from benchmarks.sized_home import SizedHome, sized_home
from tests.e2e.browser import Visit, visit
from tests.rtsp import RtspServer

RUNS: Final = repeats(5)
HELD: Final = 58.0
"""Seconds of footage to wait for."""
BACK: Final = 30.0
DASHBOARD: Final = "rewind-bench"
CAMERA, EMPTY = "camera", "empty"
"""Views of the dashboard."""
WHAT: Final = f"720p25 with a keyframe every {GOP:.0f} s"


class Rewinding:
    """A browser at a Home Assistant with a camera that looks back, and one that sleeps."""

    def __init__(self, home: SizedHome, visitor: Visit) -> None:
        """Use the page of a visitor who has logged in."""
        self.home = home
        self.armed, self.cold = home.entry_ids
        self.page = visitor.page
        self.player = Player(visitor.page)
        self.card = Card(visitor.page.locator("retrocam-camera-card"))

    async def show(self, view: str) -> None:
        """Go to a view of the dashboard."""
        await self.page.evaluate("path => bench.show(path)", f"/{DASHBOARD}/{view}")
        await self.card.card.wait_for(state="attached" if view == CAMERA else "detached")

    async def opened(self) -> float:
        """Open the card; return the milliseconds until the first frame of its live video."""
        took: float = await self.page.evaluate("path => bench.open(path)", f"/{DASHBOARD}/{CAMERA}")
        return took

    async def entity(self, entry_id: str) -> str:
        """Return the id of an entry's camera."""
        return await self.home.client.entity_id(entry_id, "camera")

    async def starts(self) -> list[Result]:
        """Start the live picture cold, by our playlist, and warm; and jump back from it."""
        card = await self.opened()
        await self.page.wait_for_function("customElements.get('ha-hls-player') !== undefined")
        await self.show(EMPTY)
        cold_entity, entity = await self.entity(self.cold), await self.entity(self.armed)
        # The page loads what it needs, and Home Assistant's stream is warm from then on.
        await self.player.start(entry=self.armed)
        await self.player.start(entity=entity)
        cold, ours, warm, jumps, off = [], [], [], [], []
        for _ in range(RUNS):
            await self.player.stop()
            await self.put_to_sleep()
            cold.append(await self.player.start(entity=cold_entity))
            ours.append(await self.player.start(entry=self.armed))
            await self.player.start(entry=self.armed, past=True)
            wanted = time.time() - BACK
            took, number = await self.player.jump(wanted)
            jumps.append(took)
            off.append(abs(number - (await frame_at(self.home, self.armed, wanted))[0]))
            warm.append(await self.player.start(entity=entity))
        await self.player.stop()
        started = f"{WHAT}: live picture by our playlist, from a full lookback"
        jump = f"{WHAT}: jump to {BACK:.0f} s ago"
        return [
            paired(list(zip(cold, ours, strict=True))).result(
                f"{started}, against Home Assistant's own cold start", unit="ms", bar=0.15
            ),
            paired(list(zip(warm, ours, strict=True))).result(
                f"{started}, against Home Assistant's own warm start", unit="ms", bar=2
            ),
            paired(list(zip(warm, jumps, strict=True))).result(
                f"{jump}, against Home Assistant's own warm start", unit="ms", bar=2
            ),
            Result(
                what=f"{WHAT}: camera card with a full lookback, opened for the first time, to the "
                "first frame of its live video, against Home Assistant's own cold start",
                ours=card,
                peer=statistics.median(cold),
                ratio=card / statistics.median(cold),
                unit="ms",
                bar=0.15,
            ),
            Result(
                what=f"{jump}: largest distance to the frame of that time",
                ours=max(off),
                unit="frames",
                bar=2,
                details={"each": off},
            ),
        ]

    async def put_to_sleep(self) -> None:
        """Let nothing of the other camera run."""
        path = f"/api/config/config_entries/entry/{self.cold}/reload"
        await self.home.client.post(path, {})
        await self.home.client.wait_for_state(await self.entity(self.cold))


@asynccontextmanager
async def rewinding(home: SizedHome) -> AsyncIterator[Rewinding]:
    """Open a dashboard with the camera card, once the lookback is full."""
    armed, cold = home.entry_ids
    client = home.client
    for entry_id, keys in ((armed, ("history",)), (cold, ("history", "lookback"))):
        for key in keys:
            entity_id = await client.entity_id(entry_id, key)
            await client.post("/api/services/switch/turn_off", {"entity_id": entity_id})
    await client.command(
        "lovelace/dashboards/create", url_path=DASHBOARD, title="Rewind", mode="storage"
    )
    camera = {
        "type": "custom:retrocam-camera-card",
        "entity": await client.entity_id(armed, "camera"),
    }
    # The first one is shown at the beginning.
    cards = {EMPTY: {"type": "markdown", "content": "Nothing"}, CAMERA: camera}
    views = [{"path": path, "title": path, "cards": [card]} for path, card in cards.items()]
    await client.command("lovelace/config/save", url_path=DASHBOARD, config={"views": views})
    async with visit() as visitor:
        await visitor.page.add_init_script(path=SCRIPT)
        await visitor.log_in(f"{home.server.url}/{DASHBOARD}")
        one = Rewinding(home, visitor)
        await client.wait_for_lookback(armed, HELD)
        yield one


async def measure() -> list[Result]:
    with RtspServer() as server:
        size = {"width": 1280, "height": 720, "fps": FPS, "gop": GOP}
        mount = server.mount("/camera", audio=True, **size)
        async with sized_home(2, mount.url) as home, rewinding(home) as one:
            results = await one.starts()
            await one.show(CAMERA)
            results += await CardBench(home, one.armed, one.card, server.epoch).results()
            await one.show(EMPTY)
            await home.client.command(
                "config_entries/disable", entry_id=one.cold, disabled_by="user"
            )
            entity = await one.entity(one.armed)
            results.append(await cost(home, one.player, entity, one.armed))
            await one.page.close()
            results.append(await growth(home, one.armed))
            return results


def results() -> list[Result]:
    """Measure everything. Raises RuntimeError without a browser."""
    if not any(map(shutil.which, BROWSERS)):
        raise RuntimeError(f"no browser: none of {', '.join(BROWSERS)} is installed")
    return asyncio.run(measure())


CASE = Case(
    name="rewind",
    compares="rewinding in a browser, against Home Assistant's own player",
    run=results,
)
