"""Takes the pictures of the README: `scripts/screenshots --readme [FOLDER]`.

Scenes of Big Buck Bunny stand for the cameras of a house: each is repeated by an RTSP server, and
Retrocam opens it as it opens any network camera.
"""

import asyncio
import contextlib
from dataclasses import dataclass
from datetime import UTC, datetime
import io
import itertools
from pathlib import Path
import re
import subprocess
import tempfile
from typing import Any, Final

import av
from homeassistant.util import slugify
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from playwright.async_api import Locator, Page, expect

from benchmarks.clip_server import rtsp
from benchmarks.videos import bunny_720p, bunny_1080p
from demo.client import Client
from demo.server import ROOT, free_port, running
from demo.sharing import share

from .browser import visit
from .screenshots import EVENING, day_until, fill, loaded, mark_part, time_zone

DASHBOARD: Final = "house-cameras"
QUALITY: Final = 84
"""Of the JPEGs."""
WIDE: Final = {"width": 1280, "height": 990}
PHONE: Final = {"width": 390, "height": 760}
NOTIFICATION: Final = {"width": 390, "height": 450}


@dataclass(frozen=True)
class Scene:
    """A part of a film that stands for a camera."""

    name: str
    film: str
    start: float
    seconds: float


SCENES: Final = (
    Scene("Front door", "720p", 0.0, 5.2),
    Scene("Bird table", "1080p", 16.1, 4.7),
    Scene("Brook", "1080p", 12.1, 3.8),
    Scene("Meadow", "1080p", 9.0, 2.9),
)
FRONT_DOOR: Final = SCENES[0].name


def camera_of(scene: Scene, folder: Path) -> Path:
    """Encode a scene as cameras do, forward and backward, long enough for all pictures."""
    film = bunny_720p() if scene.film == "720p" else bunny_1080p()
    once, long = (folder / f"{scene.name} {length}.mp4" for length in ("once", "long"))
    there_and_back = "scale=1280:720,fps=25,format=yuv420p,split[a][b];[b]reverse[c];[a][c]concat"
    cut = ["-ss", str(scene.start), "-t", str(scene.seconds), "-i", str(film), "-an"]
    video = ["-c:v", "libx264", "-preset", "fast", "-bf", "0", "-g", "50", "-b:v", "3M"]
    ffmpeg = ["ffmpeg", "-v", "error", "-y"]
    subprocess.run(
        [*ffmpeg, *cut, "-filter_complex", there_and_back, *video, str(once)], check=True
    )
    repeat = ["-stream_loop", "150", "-i", str(once), "-c", "copy", str(long)]
    subprocess.run([*ffmpeg, *repeat], check=True)
    return long


def frames(path: Path, count: int) -> list[NDArray[np.uint8]]:
    """Return frames of a video, every fifth of a second: (rows, columns, 3) uint8."""
    with av.open(str(path)) as film:
        shown = itertools.islice(film.decode(video=0), 0, count * 5, 5)
        return [frame.to_ndarray(format="rgb24").astype(np.uint8) for frame in shown]


def still(picture: NDArray[np.uint8], hour: float) -> bytes:
    """Return a JPEG of a picture as bright as at an hour of the day."""
    sun = min(1.0, max(0.0, (6 - abs(hour - 13.5) + 2.5) / 3))
    light = np.array([0.16, 0.2, 0.32]) * (1 - sun) + np.array([1.0, 1.0, 1.0]) * sun
    shown = (picture * light).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(shown).save(file, "JPEG", quality=85)
    return file.getvalue()


async def add_cameras(client: Client, urls: dict[str, str | None]) -> dict[str, str]:
    """Add the cameras, a grid of them and a player; return their entry ids by name."""
    entries = {}
    for scene in SCENES:
        url = urls[scene.name]
        assert url is not None  # GStreamer is installed by scripts/setup
        data = {"name": scene.name, "url": url, "rtsp_transport": "tcp", "advanced": {}}
        entry = await client.add_entry(("camera_url", data), ("preview", {}))
        entries[scene.name] = entry["entry_id"]
        history = await client.entity_id(entry["entry_id"], "history")
        await client.wait_for_state(history)
        await client.post("/api/services/switch/turn_off", {"entity_id": history})
    cameras = [await client.entity_id(entry_id, "camera") for entry_id in entries.values()]
    grid = {"name": "All cameras", "cameras": cameras, "layout": "quad"}
    entries["All cameras"] = (await client.add_entry(("grid", grid)))["entry_id"]
    player = {"name": "Player", "preset": "medium"}
    entries["Player"] = (await client.add_entry(("ascii_player", player)))["entry_id"]
    return entries


def fill_day(library: Path, scene: Scene, folder: Path) -> None:
    """Write a camera's day of snapshots and clips, before it is added."""
    for kind in ("snapshots", "recordings"):
        (library / kind).mkdir(parents=True)
    now = datetime.now(UTC)
    clip = folder / f"{scene.name} once.mp4"
    pictures = frames(clip, 26)
    hours = [EVENING + (moment - now).total_seconds() / 3600 for moment in day_until(now)]
    stills = (
        still(pictures[number * 7 % len(pictures)], hour) for number, hour in enumerate(hours)
    )
    fill(library, clip.read_bytes(), now, stills)


async def add_dashboard(client: Client, entries: dict[str, str]) -> None:
    """Add the dashboard of the pictures."""
    await client.command(
        "lovelace/dashboards/create",
        url_path=DASHBOARD,
        title="House",
        icon="mdi:home",
        mode="storage",
        require_admin=False,
        show_in_sidebar=True,
    )
    ids = {name: await client.entity_id(entry, "camera") for name, entry in entries.items()}
    cards: list[dict[str, Any]] = [
        {"type": "custom:retrocam-camera-card", "entity": ids[FRONT_DOOR], "save_seconds": 20},
        {"type": "custom:retrocam-history-card", "entity": ids[FRONT_DOOR]},
        {"type": "custom:retrocam-camera-card", "entity": ids["All cameras"]},
        {"type": "custom:retrocam-ascii-card", "entity": ids["Bird table"]},
    ]
    view = {
        "title": "Cameras",
        "path": "cameras",
        "type": "sections",
        "max_columns": 3,
        "sections": [{"type": "grid", "cards": [card]} for card in cards],
    }
    await client.command("lovelace/config/save", url_path=DASHBOARD, config={"views": [view]})


class Pictures:
    """Takes the pictures into a folder."""

    def __init__(self, folder: Path, url: str, zone: str) -> None:
        """Set the address of Home Assistant, and the browser's time zone."""
        self._folder = folder
        self._url = url
        self._zone = zone

    async def take(self, name: str, what: Page | Locator) -> None:
        """Save a picture as JPEG."""
        path = self._folder / f"{name}.jpg"
        await what.screenshot(path=path, type="jpeg", quality=QUALITY)

    async def dashboard(self) -> None:
        """Take the dashboard, and its cards: that of the camera with a marked part."""
        async with visit(viewport=WIDE, timezone_id=self._zone) as visitor:
            await visitor.log_in(f"{self._url}/{DASHBOARD}")
            page = visitor.page
            camera = page.locator("retrocam-camera-card").filter(has_text=FRONT_DOOR)
            history = page.locator("retrocam-history-card")
            screen = page.locator("retrocam-ascii-card")
            await loaded(camera.locator("video"), "element.currentTime > 2")
            await loaded(history.locator("retrocam-grid img").first, "element.naturalWidth > 0")
            await loaded(screen.locator("retrocam-screen"), "element.text.length > 100")
            await loaded(camera.get_by_role("meter"), "Number(element.ariaValueNow) >= 30")
            await self.take("dashboard", page)
            await self.take("history-card", history)
            await self.take("ascii-card", screen)
            await mark_part(camera)
            await self.take("rewind", camera)

    async def notification(self, client: Client, camera: str) -> None:
        """Take what the README's automation tells, on a phone."""
        await client.post("/api/states/binary_sensor.doorbell", {"state": "on"})
        async with visit(viewport=NOTIFICATION, timezone_id=self._zone, has_touch=True) as visitor:
            await visitor.log_in(f"{self._url}/{DASHBOARD}")
            page = visitor.page
            await page.locator("retrocam-camera-card").first.wait_for()
            await page.evaluate(
                "document.querySelector('home-assistant').shadowRoot"
                ".querySelector('home-assistant-main')"
                ".dispatchEvent(new CustomEvent('hass-show-notifications', {bubbles: true}))"
            )
            picture = page.locator("persistent-notification-item img").first
            await loaded(picture, "element.naturalWidth > 0 && element.complete")
            await page.get_by_text(re.compile(r"\d+ of them from before")).first.wait_for()
            await self.take("notification", page)

    async def share_page(self, client: Client, entry_id: str) -> None:
        """Take the front door's page for guests."""
        shared = await share(client, entry_id)
        await client.wait_for_state(await client.entity_id(entry_id, "camera"))
        async with visit(viewport=PHONE, timezone_id=self._zone, has_touch=True) as visitor:
            page = visitor.page
            await page.goto(shared.url)
            await page.get_by_role("button", name="I am not driving").click()
            await expect(page.locator("input[type=password]")).to_be_focused()
            await page.keyboard.type(shared.pin)
            await page.keyboard.press("Enter")
            picture = page.locator("retrocam-share-live img")
            async with asyncio.timeout(60):
                # The page allows no foreign script, so this has to poll.
                while not await picture.evaluate("image => image.naturalWidth > 0"):
                    await page.wait_for_timeout(100)
            await self.take("share-page", page)


def doorbell(camera: str) -> str:
    """Return configuration with the README's first example, for another camera."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    example = readme.partition("```yaml\n")[2].partition("```")[0].replace("camera.porch", camera)
    lines = "\n".join(f"    {line}" for line in example.splitlines())
    return f"automation:\n  - id: doorbell\n    alias: Doorbell\n{lines}\n"


async def main(folder: Path) -> None:
    """Take all pictures."""
    zone = time_zone(datetime.now(UTC))
    with (
        tempfile.TemporaryDirectory(prefix="retrocam-readme-") as directory,
        contextlib.ExitStack() as stack,
    ):
        films, media = Path(directory, "films"), Path(directory, "media")
        films.mkdir()
        urls = {scene.name: stack.enter_context(rtsp(camera_of(scene, films))) for scene in SCENES}
        fill_day(media / "retrocam" / slugify(FRONT_DOOR), SCENES[0], films)
        async with (
            running(Path(directory), free_port(), doorbell("camera.front_door")) as server,
            Client.logged_in(server.url) as client,
        ):
            entries = await add_cameras(client, urls)
            await add_dashboard(client, entries)
            pictures = Pictures(folder, server.url, zone)
            await pictures.dashboard()
            # Takes long enough for what is looked back on next.
            data = {"entity_id": "camera.front_door", "lookback": 0, "duration": 22}
            await client.call_action("retrocam", "record", data)
            await pictures.notification(client, "camera.front_door")
            await pictures.share_page(client, entries[FRONT_DOOR])


if __name__ == "__main__":
    asyncio.run(main(ROOT / "docs"))
