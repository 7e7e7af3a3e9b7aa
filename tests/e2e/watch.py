"""Watches the cards run: `scripts/watch-cards [--minutes N]`.

All cards of the demo run side by side: live, as ASCII and with a growing history. Exits with 1 if the
browser's console has messages, if a card stood still, or if the page kept growing.
"""

import argparse
import asyncio
from dataclasses import asdict, dataclass
from itertools import pairwise
import json
from pathlib import Path
import sys
import tempfile
import time
from typing import Final
import zlib

from playwright.async_api import Locator, Page

from demo.ascii import play_film
from demo.client import Client
from demo.film import make_film
from demo.server import free_port, running
from demo.setting import DASHBOARD, DEMO_NAME, set_up

from .browser import Visit, visit

SAMPLE_SECONDS: Final = 15
"""Interval of the memory samples."""
WARM_UP: Final = 2
"""Initial samples that are ignored: caches fill, a video buffers its first minute."""
MOST_GROWTH: Final = 0.25
"""Most growth of the heap in megabytes per minute, by its trend; leaking ASCII frames alone would be
twenty times that."""
LATE_PART: Final = "/api/hls/"
"""Home Assistant answers 404 for a live part that the busy machine did not finish in time; its player
retries, and the picture goes on."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The memory of a page after garbage collection."""

    seconds: float
    heap_mb: float
    nodes: int
    listeners: int
    played: float
    """Seconds of live video played."""
    fps: float
    """Frames per second drawn by the ASCII player recently."""
    shown: str
    """A checksum of the ASCII player's picture."""


async def sample(page: Page, began: float) -> Sample:
    """Sample a page's memory, and what has moved in it."""
    session = await page.context.new_cdp_session(page)
    await session.send("HeapProfiler.collectGarbage")
    await session.send("Performance.enable")
    told = (await session.send("Performance.getMetrics"))["metrics"]
    metrics = {one["name"]: one["value"] for one in told}
    await session.detach()
    video = page.locator("retrocam-camera-card").filter(has_text=DEMO_NAME).locator("video")
    return Sample(
        seconds=round(time.monotonic() - began, 1),
        heap_mb=round(metrics["JSHeapUsedSize"] / 1e6, 2),
        nodes=int(metrics["Nodes"]),
        listeners=int(metrics["JSEventListeners"]),
        played=round(await video.evaluate("video => video.currentTime"), 1),
        fps=round(await screen(page).evaluate("screen => screen.player.report().fps"), 1),
        shown=f"{zlib.crc32((await screen(page).evaluate('screen => screen.text')).encode()):08x}",
    )


def screen(page: Page) -> Locator:
    """Return the screen of the ASCII card."""
    return page.locator("retrocam-ascii-card retrocam-screen")


async def watch(page: Page, seconds: float, every: float = SAMPLE_SECONDS) -> list[Sample]:
    """Sample an open dashboard for some seconds."""
    began = time.monotonic()
    samples = [await sample(page, began)]
    while time.monotonic() - began < seconds:
        await page.wait_for_timeout(every * 1000)
        samples.append(await sample(page, began))
    return samples


def growth(samples: list[Sample]) -> float:
    """Return the trend of the heap in megabytes per minute, by least squares."""
    later = samples[WARM_UP:]
    middle = sum(one.seconds for one in later) / len(later)
    spread = sum((one.seconds - middle) ** 2 for one in later)
    slope = sum((one.seconds - middle) * one.heap_mb for one in later) / spread
    return 60 * slope


def faults(samples: list[Sample]) -> list[str]:
    """Return the failed requirements as text."""
    found = []
    first, last = samples[WARM_UP], samples[-1]
    if growth(samples) > MOST_GROWTH:
        found.append(f"the heap grew by {growth(samples):.2f} MB a minute")
    # The history grows by what it shows and no more: items out of view have no element.
    if last.nodes > 1.1 * first.nodes + 500:
        found.append(f"from {first.nodes} to {last.nodes} nodes")
    if last.listeners > 1.1 * first.listeners + 100:
        found.append(f"from {first.listeners} to {last.listeners} listeners")
    if last.played - first.played < 0.8 * (last.seconds - first.seconds):
        found.append("the live picture stood still")
    if any(before.shown == after.shown for before, after in pairwise(samples)):
        found.append("the ASCII player stood still")
    return found


async def keep_playing(client: Client) -> None:
    """Restart the film whenever it has ended."""
    while True:
        _, _, answer = await play_film(client)
        await asyncio.sleep(float(answer["duration"] or 20))


async def open_board(visitor: Visit, client: Client) -> None:
    """Open the dashboard with everything that moves."""
    await visitor.log_in(f"{client.url}/{DASHBOARD}")
    page = visitor.page
    await page.locator("retrocam-history-card retrocam-grid button").first.wait_for()
    live = page.locator("retrocam-camera-card").filter(has_text=DEMO_NAME).locator("video")
    await live.wait_for()
    await page.wait_for_function("video => video.currentTime > 1", arg=await live.element_handle())
    text = "screen => screen.text.length > 100"
    await page.wait_for_function(text, arg=await screen(page).element_handle())


async def main(minutes: float) -> int:
    """Run the demo and watch it; print each sample."""
    with tempfile.TemporaryDirectory(prefix="retrocam-watch-") as directory:
        await asyncio.to_thread(make_film, Path(directory))
        async with (
            running(Path(directory), free_port()) as server,
            Client.logged_in(server.url) as client,
            # All cards must be on screen at once, since the others do not run.
            visit(viewport={"width": 1600, "height": 1700}) as visitor,
        ):
            await set_up(client)
            film = asyncio.create_task(keep_playing(client))
            await open_board(visitor, client)
            samples = await watch(visitor.page, minutes * 60)
            film.cancel()
    for one in samples:
        print(json.dumps(asdict(one)))
    late = [text for text in visitor.complaints if LATE_PART in text]
    visitor.forgive(LATE_PART)
    found = faults(samples) + visitor.complaints
    print(f"late parts of the live picture, by Home Assistant: {len(late)}")
    print(f"heap {growth(samples):+.3f} MB a minute; {'; '.join(found) or 'nothing amiss'}")
    return 1 if found else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="scripts/watch-cards", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5)
    sys.exit(asyncio.run(main(parser.parse_args().minutes)))
