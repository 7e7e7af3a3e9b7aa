"""The cards in Home Assistant's own dialogs: suggested, picked, edited, saved."""

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
"""In its picker, Home Assistant's own cards show images from the internet."""


@dataclass(frozen=True)
class Editing:
    """A user who edits an empty dashboard view."""

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
        """Return a field of the editor by Home Assistant's selector and its label."""
        return self.editor.locator(f"ha-selector-{selector}").filter(has_text=label)

    async def is_kept(self, card: dict[str, Any]) -> None:
        """Wait until Home Assistant has saved a card; its page saves after the dialog has closed."""
        path = {"url_path": DASHBOARD, "force": True}
        async with asyncio.timeout(60):
            while True:
                config = await self.board.client.command("lovelace/config", **path)
                if card in [
                    one for part in config["views"][1]["sections"] for one in part["cards"]
                ]:
                    return

    async def suggested(self, entity: str, *names: str) -> None:
        """Request suggestions for an entity, and choose the first."""
        await self.page.get_by_role("button", name="Add card").first.click()
        await self.picker.locator("input:visible").fill(entity)
        await self.picker.locator("[data-entity-id]").filter(has_text=entity).first.click()
        for name in names:
            card = name.lower().replace(" ", "-") + "-card"
            await expect(self.picker.locator(card)).to_be_visible()
        await self.nothing_runs()
        # An overlay above the preview takes the click.
        await self.picker.get_by_text(names[0]).click(force=True)

    async def edit_last(self, kind: str) -> None:
        """Open the editor of the card that was added last, the only one of its kind."""
        added = self.page.locator("hui-view").locator(f"retrocam-{kind}-card")
        await expect(added).to_have_count(1)
        # An overlay above a card would take a mouse click.
        await self.page.get_by_role("button", name="Edit card").last.dispatch_event("click")

    async def found(self, name: str) -> None:
        """Choose a card from the list of all cards."""
        await self.page.get_by_role("button", name="Add card").first.click()
        await self.page.get_by_role("tab", name="By card").click()
        await self.picker.get_by_placeholder("Search cards").fill("Retrocam")
        await self.picker.get_by_text(name).click(force=True)
        await expect(self.editor.get_by_text(f"{name} card configuration")).to_be_visible()

    async def nothing_runs(self) -> None:
        assert await self.page.evaluate("whatRuns()") == []
        assert self.sockets.open() == 0

    async def choose_entity(self, name: str, entity: str) -> None:
        picker = self.editor.locator("ha-entity-picker")
        await picker.click()
        # The frontend of 20261125 draws the list anew when it has moved the focus into the search field.
        await expect(picker.locator("input:visible")).to_be_focused()
        await picker.get_by_text(name).last.click()
        # Since the frontend of 2026.11, it is chosen only once the list has closed.
        async with asyncio.timeout(60):
            while (await self.previewed())["entity"] != entity:
                pass

    async def previewed(self) -> dict[str, Any]:
        """Return the configuration of the preview.

        Queried anew each time: Home Assistant may replace the preview's element.
        """
        names = ", ".join(f"retrocam-{kind}-card" for kind in ("camera", "history", "ascii"))
        shown: dict[str, Any] = await self.editor.locator(names).evaluate("card => card.config")
        return shown

    @contextlib.asynccontextmanager
    async def changing(self) -> AsyncIterator[None]:
        """Wait until the preview has the change that is made.

        Each field of Home Assistant's form reports the values of all, as it was given them: of two
        changes at once, the first is lost.
        """
        before = await self.previewed()
        yield
        async with asyncio.timeout(60):
            while await self.previewed() == before:
                pass

    async def choose(self, label: str, option: str) -> None:
        field = self.field("select", label)
        async with self.changing():
            await field.click()
            await field.get_by_role("menuitem", name=option).click()

    async def tick(self, label: str) -> None:
        async with self.changing():
            await self.editor.get_by_role("checkbox", name=label).check(force=True)

    async def call(self, name: str) -> None:
        """Set the card's name."""
        await self.editor.get_by_role("button", name="Custom").click()
        async with self.changing():
            await self.field("entity_name", "Name").locator("input").fill(name)

    async def switch(self, label: str) -> None:
        async with self.changing():
            await self.field("boolean", label).locator("ha-switch").click()

    async def write(self, label: str, value: str) -> None:
        number = self.editor.get_by_role("spinbutton", name=label)
        text = self.editor.get_by_role("textbox", name=label)
        async with self.changing():
            await number.or_(text).fill(value)

    async def save(self, kind: str, config: dict[str, Any]) -> None:
        """Save the card; the preview shows it, and runs nothing."""
        ours = {"type": f"custom:retrocam-{kind}-card", **config}
        shown: dict[str, Any] = {}
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(60):
                while shown != ours:
                    shown = await self.previewed()
        assert shown == ours
        await self.nothing_runs()
        await self.editor.get_by_role("button", name="Save").click()
        await expect(self.editor.locator("ha-dialog")).to_be_hidden()
        await self.is_kept(ours)


@pytest_asyncio.fixture(loop_scope="package")
async def editing(board: Board) -> AsyncIterator[Editing]:
    """The editor of the dashboard, which is restored afterwards."""
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
    await editing.edit_last("camera")
    await editing.choose_entity("Demo door", "camera.demo_door")
    await editing.call("Front door")
    await editing.choose("Live picture", "Still images")
    await editing.write("Seconds to save", "25")
    await editing.switch("Start as ASCII")
    await editing.choose("Characters", "Blocks")
    await editing.write("Aspect ratio", "4:3")
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
    await editing.is_kept({"type": "custom:retrocam-history-card", "entity": "camera.demo_door"})
    await editing.edit_last("history")
    await editing.call("Parcels")
    await expect(editing.editor.get_by_text("All kinds if none is selected.")).to_be_visible()
    await editing.tick("Clips")
    await editing.write("Thumbnail width", "200")
    history = {"kinds": ["recordings"], "thumb_width": 200}
    await editing.save("history", {"entity": "camera.demo_door", "name": "Parcels", **history})

    await editing.found("Retrocam ASCII")
    await editing.choose_entity("Demo door", "camera.demo_door")
    await editing.call("Cinema")
    await editing.choose("Characters", "Braille")
    for label in ("Colour", "Start muted", "Show controls"):
        await editing.switch(label)
    await editing.write("Aspect ratio", "1:1")
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
