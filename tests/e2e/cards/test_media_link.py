"""The link of a notification, in Home Assistant's own media browser."""

import asyncio
import re
from typing import Any, Final

from homeassistant.util.yaml import load_yaml_dict
from playwright.async_api import expect
import pytest

from tests.house import ROOT

from .board import Board, filled, plays

pytestmark = pytest.mark.asyncio(loop_scope="package")

BLUEPRINT: Final = ROOT / "blueprints/automation/retrocam/save_what_happened_before.yaml"


async def rendered(board: Board, template: str, **variables: Any) -> str:
    """Return a template as Home Assistant renders it."""
    ask = board.client.subscription("render_template", template=template, variables=variables)
    async with asyncio.timeout(30), ask as events:
        return str((await events.get())["result"])


async def test_link_of_the_blueprint_opens_the_clip(board: Board) -> None:
    await filled(board)
    recording = await board.act("record", lookback=2, duration=0)
    await board.act("record", lookback=1, duration=0)
    steps = load_yaml_dict(str(BLUEPRINT))["actions"][1]["repeat"]["sequence"]
    link = await rendered(board, steps[0]["variables"]["link"], recording=recording)
    page = board.page
    await page.goto(board.client.url + link)
    title = page.locator("ha-media-player-browse h1")
    await expect(title).to_have_text(re.compile(r"^Demo camera: \S+ \d\d:\d\d:\d\d \(\d+ s\)$"))
    await page.get_by_role("button", name="Play", exact=True).click()
    dialog = page.locator("hui-dialog-web-browser-play-media")
    await plays(dialog.locator("video"))
    source = str(await dialog.locator("video").evaluate("video => video.currentSrc"))
    assert recording["media_content_id"].rpartition("/")[2] in source
    await page.keyboard.press("Escape")
    await expect(dialog.locator("video")).to_have_count(0)
    # Back leads to all clips of the day.
    await page.locator("ha-icon-button-arrow-prev").click()
    cards = page.locator("ha-media-player-browse ha-card").filter(has_text=" s)")
    clips = (await board.act("list_recordings"))["items"]
    assert len(clips) >= 2
    await expect(cards).to_have_count(len(clips))
    await board.leave()
