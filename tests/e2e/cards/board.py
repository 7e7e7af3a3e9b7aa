"""The demo's dashboard in a browser, and helpers to find things on it."""

from dataclasses import dataclass, field
from pathlib import Path
import re
from typing import Any, Final
from urllib.parse import urljoin

from playwright.async_api import Locator, Page, expect

from demo.client import Client
from demo.setting import DASHBOARD, DEMO_NAME, GRID_NAME, view

from ..browser import TIMEOUT, Visit

expect.set_options(timeout=TIMEOUT)

CAMERA_CARD: Final = "retrocam-camera-card"
HISTORY_CARD: Final = "retrocam-history-card"
ASCII_CARD: Final = "retrocam-ascii-card"
ANY_CARD: Final = f":is({CAMERA_CARD}, {HISTORY_CARD}, {ASCII_CARD})"
SCREEN: Final = "retrocam-screen"
ALL_CARDS: Final = DASHBOARD
VIEWS: Final = "retrocam-tests"
HISTORY_VIEW: Final = f"{VIEWS}/history"
CAMERA_VIEW: Final = f"{VIEWS}/camera"
GRID_VIEW: Final = f"{VIEWS}/grid"
ASCII_VIEW: Final = f"{VIEWS}/ascii"
"""Pages for a module's VIEW. Each moving picture takes a browser without a GPU a part of a core."""
FIVE_SECONDS_READY: Final = "element => Number(element.getAttribute('aria-valuenow')) >= 5"


@dataclass(frozen=True)
class Board:
    """The demo's dashboard, as the administrator sees it."""

    client: Client
    entry_id: str
    camera: str
    layout: str
    """Entity id of the grid's select."""
    player: str
    """Entity id of the ASCII player."""
    visitor: Visit
    directory: Path
    """Home Assistant's configuration directory."""
    opened: list[tuple[str, int]] = field(default_factory=list)
    """The module for which the page was opened, and the number of failed tests at that time."""

    @property
    def page(self) -> Page:
        return self.visitor.page

    @property
    def camera_card(self) -> Locator:
        return self.page.locator(CAMERA_CARD).filter(has_text=DEMO_NAME)

    @property
    def grid_card(self) -> Locator:
        return self.page.locator(CAMERA_CARD).filter(has_text=GRID_NAME)

    @property
    def history_card(self) -> Locator:
        return self.page.locator(HISTORY_CARD)

    @property
    def ascii_card(self) -> Locator:
        return self.page.locator(ASCII_CARD)

    @property
    def viewer(self) -> Locator:
        return self.page.get_by_role("dialog", name="Viewer")

    def kept(self, kind: str) -> Locator:
        """Return the thumbnails of a kind, by their label."""
        return self.history_card.get_by_role("button", name=re.compile(rf"^{kind}, \d"))

    async def leave(self) -> None:
        """Leave the dashboard, whose video would slow down another page; the next test opens it."""
        await self.page.goto("about:blank")
        self.opened.clear()

    async def act(self, action: str, **data: Any) -> dict[str, Any]:
        data = {"entity_id": self.camera, **data}
        answer: dict[str, Any] = await self.client.call_action("retrocam", action, data)
        said: dict[str, Any] = answer[self.camera]
        return said

    async def fetched(self, href: str | None) -> bytes:
        """Return the response to a link, opened without a login."""
        assert href is not None
        async with self.client.session.get(urljoin(self.client.url, href)) as response:
            assert response.status == 200
            return await response.read()

    async def linked(self, name: str) -> bytes:
        """Return the response to a link of the camera card."""
        link = self.camera_card.get_by_role("link", name=name)
        return await self.fetched(await link.get_attribute("href"))


async def add_views(client: Client, camera: str, grid: str, player: str) -> None:
    """Add a dashboard with a view for each card."""
    await client.command(
        "lovelace/dashboards/create", url_path=VIEWS, title="Tests", mode="storage"
    )
    history = {"type": f"custom:{HISTORY_CARD}", "entity": camera}
    cards = {
        HISTORY_VIEW: [history],
        CAMERA_VIEW: [{"type": f"custom:{CAMERA_CARD}", "entity": camera}, history],
        GRID_VIEW: [{"type": f"custom:{CAMERA_CARD}", "entity": grid}],
        ASCII_VIEW: [{"type": f"custom:{ASCII_CARD}", "entity": player}, history],
    }
    views = [view(path, path.partition("/")[2], shown) for path, shown in cards.items()]
    await client.command("lovelace/config/save", url_path=VIEWS, config={"views": views})


async def met(element: Locator, condition: str, argument: Any = None) -> None:
    """Wait until `condition`, of `element` and `argument`, holds in the browser."""
    handle = await element.element_handle()
    await element.page.wait_for_function(
        f"([element, argument]) => {condition}", arg=[handle, argument]
    )


async def plays(video: Locator) -> None:
    """Wait until a video has played a second."""
    await met(video, "element.currentTime > 1 && element.videoWidth > 0")


async def filled(board: Board) -> None:
    """Wait until the gauge shows some seconds."""
    gauge = board.camera_card.get_by_role("meter")
    await board.page.wait_for_function(FIVE_SECONDS_READY, arg=await gauge.element_handle())


async def snapshots(board: Board, count: int) -> None:
    """Take snapshots, and wait until they are listed."""
    taken = [await board.act("take_snapshot") for _ in range(count)]
    newest = board.history_card.locator("retrocam-grid button img").first
    await expect(newest).to_have_attribute("src", re.compile(re.escape(taken[-1]["filename"])))


async def turned(board: Board, key: str) -> str:
    """Press a key in the viewer; return the URL that it shows then."""
    download = board.viewer.get_by_role("link", name="Download")
    before = str(await download.get_attribute("href"))
    await board.page.keyboard.press(key)
    await expect(download).not_to_have_attribute("href", before)
    return str(await download.get_attribute("href"))
