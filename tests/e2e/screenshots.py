"""Takes screenshots of the cards and the share page in the demo: `scripts/screenshots [FOLDER]`.

The demo's day is filled first, since a history of one minute shows little of the history card.
The pictures of the README are others: see `readme_pictures.py`.
"""

import asyncio
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
import random
import re
import sys
import tempfile
from typing import Any, Final

from playwright.async_api import Locator, Page, expect

from custom_components.retrocam.core.frames import jpeg
from custom_components.retrocam.core.library.files import format_name
from custom_components.retrocam.core.pattern.picture import TestPattern
from demo.client import Client
from demo.film import FILM, make_film
from demo.server import free_port, running
from demo.setting import DASHBOARD, DEMO_NAME, PLAYER_NAME, set_up

from .browser import SCREENSHOTS, visit
from .share_screenshots import take_share_pictures

SIZES: Final = {
    "desktop": {"width": 1280, "height": 800},
    "phone": {"width": 390, "height": 844},
}
EVENING: Final = 19
"""The hour of the browser's clock, so that most of a day has passed."""
SNAPSHOT_EVERY: Final = timedelta(minutes=6)
CLIPS: Final = 9
FPS: Final = 25


def time_zone(now: datetime) -> str:
    """Return a time zone in which it is about evening."""
    ahead = (EVENING - now.hour + 12) % 24 - 12
    return f"Etc/GMT{-ahead:+d}" if ahead else "Etc/GMT"


def day_until(now: datetime) -> Iterator[datetime]:
    """Return the times of snapshots from midnight in that zone until now."""
    moment = now - timedelta(hours=EVENING) + timedelta(minutes=7)
    while moment < now - timedelta(minutes=2):
        yield moment
        moment += SNAPSHOT_EVERY


def patterns(now: datetime) -> Iterator[bytes]:
    """Yield a day's snapshots of the demo camera."""
    pattern = TestPattern()
    for moment in day_until(now):
        yield jpeg.encode(pattern.render(round(moment.timestamp() * FPS), moment.timestamp()))


def fill(library: Path, clip: bytes, now: datetime, stills: Iterable[bytes]) -> None:
    """Write a day of snapshots, and copies of a clip, as if they had been kept."""
    moments = list(day_until(now))
    for moment, still in zip(moments, stills, strict=True):
        keep(library / "snapshots", moment, "jpg", still)
    chance = random.Random(7)  # noqa: S311  # the same day each time
    for moment in chance.sample(moments, CLIPS):
        keep(library / "recordings", moment + timedelta(seconds=90), "mp4", clip)


def keep(folder: Path, moment: datetime, extension: str, data: bytes) -> None:
    """Write a file named by its time."""
    name = format_name(round(moment.timestamp() * 1000), extension)
    (folder / name).write_bytes(data)


async def prepare(client: Client, media: Path) -> str:
    """Set up the demo with a past day; return the id of its camera."""
    entry_id = await set_up(client)
    history = {"entity_id": await client.entity_id(entry_id, "history")}
    camera = await client.entity_id(entry_id, "camera")
    await client.post("/api/services/switch/turn_off", history)
    async with asyncio.timeout(60):
        await client.wait_for_lookback(entry_id, 8)
    data = {"entity_id": camera, "lookback": 8, "duration": 0}
    clip = (await client.call_action("retrocam", "record", data))[camera]
    await client.call_action("retrocam", "take_snapshot", {"entity_id": camera})
    library = Path(clip["path"]).parent.parent
    now = datetime.now(UTC)
    await asyncio.to_thread(fill, library, Path(clip["path"]).read_bytes(), now, patterns(now))
    await client.post(f"/api/config/config_entries/entry/{entry_id}/reload", {})
    await client.wait_for_state(camera)
    await add_states(client, camera)
    return camera


async def add_states(client: Client, camera: str) -> None:
    """Add a view with rare states: cards without content, and a plain screen."""
    board = await client.command("lovelace/config", url_path=DASHBOARD)
    ours = [
        {"type": "custom:retrocam-camera-card", "entity": "camera.gone"},
        {"type": "custom:retrocam-camera-card"},
        {"type": "custom:retrocam-ascii-card", "entity": camera, "colour": False},
        {"type": "custom:retrocam-camera-card", "entity": camera, "controls": False},
    ]
    sections = [{"type": "grid", "cards": [card]} for card in ours]
    states = {"title": "States", "path": "states", "type": "sections", "sections": sections}
    views = [*board["views"], states]
    await client.command("lovelace/config/save", url_path=DASHBOARD, config={"views": views})


class Album:
    """Takes the screenshots of one size and one theme."""

    def __init__(self, page: Page, folder: Path, suffix: str) -> None:
        """Set the folder of the screenshots."""
        self._page = page
        self._folder = folder
        self._suffix = suffix
        self.camera = page.locator("retrocam-camera-card").filter(has_text=DEMO_NAME)
        self.history = page.locator("retrocam-history-card")
        self.ascii = page.locator("retrocam-ascii-card")

    async def take(self, name: str, what: Locator | None = None) -> None:
        """Save a screenshot of the page, or of one card."""
        path = self._folder / f"{name}-{self._suffix}.png"
        if what is None:
            await self._page.screenshot(path=path)
        else:
            await what.screenshot(path=path)

    async def all(self, client: Client, camera: str) -> None:
        """Go through the visually different states of the cards."""
        page = self._page
        await expect(self.history.locator("retrocam-grid button").first).to_be_visible()
        await loaded(self.camera.locator("video"), "element.currentTime > 1")
        await loaded(self.history.locator("retrocam-grid img").first, "element.naturalWidth > 0")
        await self.take("dashboard")
        await self.camera.get_by_role("button", name="Save the last").click()
        await expect(self.camera.get_by_role("link")).to_be_visible()
        await self.take("camera", self.camera)
        await self.rewinding()
        await self.recording(client, camera)
        await self.camera.get_by_role("button", name="Show as ASCII").click()
        await loaded(self.camera.locator("retrocam-screen"), "element.text.length > 100")
        await self.take("camera-ascii", self.camera)
        await self.camera.get_by_role("button", name="Show as ASCII").click()
        await self.history_states()
        snapshot = re.compile(r"^Snapshot, \d")
        await self.history.get_by_role("button", name=snapshot).first.click()
        stage = page.get_by_role("dialog", name="Viewer").locator(".stage img").last
        await loaded(stage, "element.naturalWidth > 600")
        await self.take("viewer")
        await page.keyboard.press("Escape")
        await self.ascii_states(client)
        await page.goto(f"{client.url}/{DASHBOARD}/states")
        await loaded(self.ascii.locator("retrocam-screen"), "element.text.length > 100")
        await self.take("states")

    async def rewinding(self) -> None:
        """Show the card while it is dragged back, plays the past, and with a part marked."""
        await drag_back(self.camera)
        await self.take("camera-drag", self.camera)
        await self._page.mouse.up()
        await loaded(self.camera.locator("retrocam-footage video"), "element.currentTime > 0")
        await self.take("camera-past", self.camera)
        await self.camera.get_by_role("button", name="Live", exact=True).click()
        await mark_part(self.camera)
        await self.take("camera-part", self.camera)
        await self.camera.get_by_role("button", name="Live", exact=True).click()

    async def ascii_states(self, client: Client) -> None:
        """Show the player idle, with a film, with all panels open, and with an error."""
        entries = {entry["title"]: entry["entry_id"] for entry in await client.entries()}
        player = {"entity_id": await client.entity_id(entries[PLAYER_NAME], "media_player")}
        screen = self.ascii.locator("retrocam-screen")
        await screen.scroll_into_view_if_needed()
        await self.ascii.get_by_text("Nothing is playing").wait_for()
        await self.take("ascii-idle", self.ascii)
        search = self.ascii.get_by_role("searchbox")
        await search.fill(FILM)
        await search.press("Enter")
        await loaded(screen, "element.text.length > 100")
        await self.ascii.get_by_role("button", name="Pause").wait_for()
        await self.take("ascii", self.ascii)
        await self.ascii.get_by_role("button", name="Style").click()
        await self.ascii.get_by_role("button", name="Statistics").click()
        await self.ascii.get_by_text("frames/s").wait_for()
        await self.take("ascii-look", self.ascii)
        await self.ascii.get_by_role("button", name="Browse media").click()
        await self._page.get_by_role("dialog", name="Browse media").locator("li").first.wait_for()
        await self.take("browser")
        await self._page.keyboard.press("Escape")
        await search.fill("http://127.0.0.1:9/nothing.mp4")
        await search.press("Enter")
        await self.ascii.get_by_text("Failed:").wait_for()
        await self.take("ascii-error", self.ascii)
        await client.post("/api/services/media_player/media_stop", player)

    async def recording(self, client: Client, camera: str) -> None:
        """Show the card while it records."""
        data = {"entity_id": camera, "lookback": 0, "duration": 120}
        clip = asyncio.create_task(client.call_action("retrocam", "record", data))
        stop = self.camera.get_by_role("button", name="Stop recording")
        await stop.wait_for()
        await self.take("camera-recording", self.camera)
        await stop.click()
        await clip

    async def history_states(self) -> None:
        """Show the timeline's preview, and the timelapse form."""
        page = self._page
        ribbon = self.history.locator("retrocam-ribbon canvas")
        await ribbon.hover(position={"x": 140, "y": 12})
        await page.mouse.down()
        await loaded(self.history.locator(".bubble img"), "element.naturalWidth > 0")
        await self.take("history-scrub", self.history)
        await page.mouse.up()
        await self.history.get_by_role("button", name="Timelapse", exact=True).click()
        await self.take("history-timelapse", self.history)
        await self.history.get_by_role("button", name="Timelapse", exact=True).click()
        await self.take("history", self.history)
        await self.history.get_by_role("button", name="Previous day").click()
        await self.history.get_by_text("Nothing was saved").wait_for()
        await self.take("history-empty", self.history)
        await self.history.get_by_role("button", name="Next day").click()
        await self.history.locator("retrocam-grid button").first.wait_for()


async def loaded(element: Locator, condition: str) -> None:
    """Wait until a condition on `element` holds."""
    handle = await element.element_handle()
    await element.page.wait_for_function(f"element => {condition}", arg=handle)


async def drag_back(card: Locator) -> None:
    """Press the mouse on a card's time bar, and drag it to where the exact frame is shown."""
    await loaded(card.get_by_role("meter"), "Number(element.getAttribute('aria-valuenow')) > 20")
    bar = card.locator("retrocam-time-bar")
    box = await bar.bounding_box()
    assert box is not None
    mouse, y = card.page.mouse, box["y"] + box["height"] / 2
    await mouse.move(box["x"] + box["width"] * 0.95, y)
    await mouse.down()
    await mouse.move(box["x"] + box["width"] * 0.8, y, steps=10)
    await loaded(card, "element.rewind.pictures.exactOf === element.rewind.time")


async def mark_part(card: Locator) -> None:
    """Rewind a card, and mark a part."""
    await drag_back(card)
    await card.page.mouse.up()
    await card.get_by_role("button", name="Pause").click()
    await card.get_by_role("button", name="Mark a part").click()
    await card.page.mouse.move(0, 0)


async def main(folder: Path) -> None:
    """Take all screenshots. Exits with an error if the browser's console was not empty."""
    complaints: list[str] = []
    now = datetime.now(UTC)
    with tempfile.TemporaryDirectory(prefix="retrocam-screenshots-") as directory:
        await asyncio.to_thread(make_film, Path(directory))
        async with (
            running(Path(directory), free_port()) as server,
            Client.logged_in(server.url) as client,
        ):
            camera = await prepare(client, Path(directory))
            for device, size in SIZES.items():
                for theme in ("light", "dark"):
                    context: dict[str, Any] = {
                        "viewport": size,
                        "color_scheme": theme,
                        "timezone_id": time_zone(now),
                        "has_touch": device == "phone",
                    }
                    async with visit(**context) as visitor:
                        await visitor.log_in(f"{server.url}/{DASHBOARD}")
                        album = Album(visitor.page, folder, f"{device}-{theme}")
                        await album.all(client, camera)
                        complaints += visitor.complaints
            complaints += await take_share_pictures(client, folder, SIZES, time_zone(now))
    if complaints:
        sys.exit("\n".join(complaints))


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else SCREENSHOTS
    target.mkdir(parents=True, exist_ok=True)
    asyncio.run(main(target))
