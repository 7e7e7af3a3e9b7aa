"""The cards in Home Assistant's own dialogs: offered, picked, edited, kept."""

import asyncio
from collections.abc import AsyncIterator
import contextlib
from dataclasses import dataclass
from typing import Any, Final

from playwright.async_api import Locator, Page, expect
import pytest
import pytest_asyncio

from demo.setting import DASHBOARD

from .board import Board
from .running import TELL_WHAT_RUNS, Sockets

pytestmark = pytest.mark.asyncio(loop_scope="package")

STUBS: Final = "stub_config"
"""Home Assistant's own cards show pictures from the internet in its picker."""


@dataclass(frozen=True)
class Editing:
    """Somebody who edits the dashboard's empty page."""

    board: Board
    page: Page
    sockets: Sockets

    @property
    def picker(self) -> Locator:
        return self.page.locator("hui-dialog-create-card")

    @property
    def editor(self) -> Locator:
        return self.page.locator("hui-dialog-edit-card")

    def field(self, selector: str, label: str) -> Locator:
        """Return a field of the editor by the selector that Home Assistant draws, and its label."""
        return self.editor.locator(f"ha-selector-{selector}").filter(has_text=label)

    async def is_kept(self, card: dict[str, Any]) -> None:
        """Wait until Home Assistant has a card; its page saves when the dialog is gone already."""
        path = {"url_path": DASHBOARD, "force": True}
        async with asyncio.timeout(60):
            while True:
                config = await self.board.client.command("lovelace/config", **path)
                if card in [
                    one for part in config["views"][1]["sections"] for one in part["cards"]
                ]:
                    return

    async def suggested(self, entity: str, *names: str) -> None:
        """Ask what suits an entity, and take the first that is suggested."""
        await self.page.get_by_role("button", name="Add card").first.click()
        await self.picker.locator("input:visible").fill(entity)
        await self.picker.locator(".entity-item").filter(has_text=entity).first.click()
        for name in names:
            card = name.lower().replace(" ", "-") + "-card"
            await expect(self.picker.locator(card)).to_be_visible()
        await self.nothing_runs()
        # What lies over the preview takes the click.
        await self.picker.get_by_text(names[0]).click(force=True)
        await expect(self.picker.locator("ha-dialog")).to_be_hidden()

    async def edit_last(self) -> None:
        """Open the editor of the card that was added at last."""
        # What lies over a card would take a click of the mouse.
        await self.page.get_by_role("button", name="Edit card").last.dispatch_event("click")

    async def found(self, name: str) -> None:
        """Choose a card among all that there are."""
        await self.page.get_by_role("button", name="Add card").first.click()
        await self.page.get_by_role("tab", name="By card").click()
        await self.picker.get_by_placeholder("Search cards").fill("Retrocam")
        await self.picker.get_by_text(name).click(force=True)
        await expect(self.editor.get_by_text(f"{name} card configuration")).to_be_visible()

    async def nothing_runs(self) -> None:
        assert await self.page.evaluate("whatRuns()") == []
        assert self.sockets.open() == 0

    async def choose_entity(self, name: str) -> None:
        await self.editor.locator("ha-entity-picker").click()
        await self.editor.locator("ha-entity-picker").get_by_text(name).last.click()

    async def choose(self, label: str, option: str) -> None:
        field = self.field("select", label)
        await field.click()
        await field.get_by_role("menuitem", name=option).click()

    async def call(self, name: str) -> None:
        """Give the card a name of its own."""
        await self.editor.get_by_role("button", name="Custom").click()
        await self.field("entity_name", "Name").locator("input").fill(name)

    async def switch(self, label: str) -> None:
        await self.field("boolean", label).locator("ha-switch").click()

    async def write(self, label: str, value: str) -> None:
        number = self.editor.get_by_role("spinbutton", name=label)
        text = self.editor.get_by_role("textbox", name=label)
        await number.or_(text).fill(value)

    async def save(self, kind: str, config: dict[str, Any]) -> None:
        """Save what was edited; the preview shows it, and runs nothing."""
        preview = self.editor.locator(f"retrocam-{kind}-card")
        ours = {"type": f"custom:retrocam-{kind}-card", **config}
        shown: dict[str, Any] = {}
        # Asked anew each time: Home Assistant may put another element in the preview's place.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(60):
                while shown != ours:
                    shown = await preview.evaluate("card => card.config")
        assert shown == ours
        await self.nothing_runs()
        await self.editor.get_by_role("button", name="Save").click()
        await expect(self.editor.locator("ha-dialog")).to_be_hidden()
        await self.is_kept(ours)


@pytest_asyncio.fixture(loop_scope="package")
async def editing(board: Board) -> AsyncIterator[Editing]:
    """The editor of the dashboard, which is afterwards what it was before."""
    client = board.client
    before = await client.command("lovelace/config", url_path=DASHBOARD)
    await board.leave()
    async with board.visitor.another(TELL_WHAT_RUNS) as visitor:
        page = visitor.page
        await visitor.log_in(f"{client.url}/{DASHBOARD}")
        await page.goto(f"{client.url}/{DASHBOARD}/core?edit=1")
        yield Editing(board, page, Sockets(page))
        visitor.forgive(STUBS)
        assert visitor.complaints == []
    await client.command("lovelace/config/save", url_path=DASHBOARD, config=before)


async def test_cards_are_suggested_found_and_edited(editing: Editing) -> None:
    await editing.suggested("Demo garage", "Retrocam camera", "Retrocam history")
    plain = {"type": "custom:retrocam-camera-card", "entity": "camera.demo_garage"}
    await editing.is_kept(plain)
    await editing.edit_last()
    await editing.choose_entity("Demo door")
    await editing.call("Front door")
    await editing.choose("Live picture", "Still picture")
    await editing.write("Seconds to save", "25")
    await editing.switch("Begin as ASCII")
    await editing.choose("Characters", "Blocks")
    await editing.write("Shape of the picture", "4:3")
    await editing.switch("Show controls")
    camera = {
        "entity": "camera.demo_door",
        "name": "Front door",
        "live": "still",
        "save_seconds": 25,
        "ascii": True,
        "charset": "blocks",
        "aspect_ratio": "4:3",
        "controls": False,
    }
    await editing.save("camera", camera)

    await editing.suggested("Demo door", "Retrocam history")
    await editing.edit_last()
    await editing.call("Parcels")
    await expect(editing.editor.get_by_text("All of them while none is chosen.")).to_be_visible()
    await editing.editor.get_by_role("checkbox", name="Clips").check(force=True)
    await editing.write("Width of the thumbnails", "200")
    history = {"kinds": ["recordings"], "thumb_width": 200}
    await editing.save("history", {"entity": "camera.demo_door", "name": "Parcels", **history})

    await editing.found("Retrocam ASCII")
    await editing.choose_entity("Demo door")
    await editing.call("Cinema")
    await editing.choose("Characters", "Braille")
    for label in ("Colour", "Begin without sound", "Show controls"):
        await editing.switch(label)
    await editing.write("Shape of the picture", "1:1")
    cinema = {
        "entity": "camera.demo_door",
        "name": "Cinema",
        "charset": "braille",
        "colour": False,
        "muted": True,
        "aspect_ratio": "1:1",
        "controls": False,
    }
    await editing.save("ascii", cinema)
