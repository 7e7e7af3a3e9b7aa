"""The cards on the narrowest phone and on the largest screen, light and dark, and by keyboard."""

from typing import Any, Final

from playwright.async_api import expect
import pytest

from .board import Board
from .readable import ACTIONS, FOCUSED, IS_DARK, PHONE, SCHEMES, faults

pytestmark = pytest.mark.asyncio(loop_scope="package")

WALL: Final = {"width": 3840, "height": 2160}


@pytest.mark.parametrize("size", [PHONE, WALL], ids=["phone", "wall"])
async def test_all_is_readable_and_in_view(board: Board, size: Any) -> None:
    page, card = board.page, board.ascii_card
    before = page.viewport_size
    assert before is not None
    await page.set_viewport_size(size)
    try:
        await card.get_by_role("button", name="Style").click()
        for scheme in SCHEMES:
            # Without transitions between the colours.
            await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            await page.wait_for_function(IS_DARK if scheme == "dark" else f"!({IS_DARK})")
            for shown in (board.camera_card, board.history_card, board.grid_card, card):
                assert await faults(shown) == [], scheme
            await card.get_by_role("button", name="Browse media").click()
            await expect(card.get_by_role("dialog").get_by_text("Retrocam")).to_be_visible()
            assert await faults(card.locator("retrocam-browser")) == [], scheme
            await page.keyboard.press("Escape")
        await card.get_by_role("button", name="Style").click()
    finally:
        await page.emulate_media(color_scheme="light", reduced_motion="no-preference")
        await page.set_viewport_size(before)


async def test_every_action_of_the_ascii_card_is_reached_by_keyboard(board: Board) -> None:
    page, card = board.page, board.ascii_card
    await card.get_by_role("searchbox").focus()
    while await page.evaluate(FOCUSED) != "Style":
        await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await card.get_by_role("searchbox").focus()
    # Phones have none: the card has got its width back.
    await expect(card.get_by_role("slider", name="Volume")).to_be_visible()
    actions = await card.evaluate(ACTIONS)
    assert len(actions) >= 12
    reached = []
    for _ in actions:
        reached.append(await page.evaluate(FOCUSED))
        await page.keyboard.press("Tab")
    assert reached == actions
    # The media browser keeps the focus inside its lists.
    await card.get_by_role("button", name="Browse media").focus()
    await page.keyboard.press("Enter")
    folder = card.get_by_role("dialog").get_by_role("button", name="My media")
    await folder.focus()
    await page.keyboard.press("Enter")
    await expect(card.get_by_role("dialog").get_by_role("button", name="Back")).to_be_visible()
    await page.wait_for_function(f"!['', 'Back', 'Close'].includes(({FOCUSED})())")
    await page.keyboard.press("Escape")
    await expect(card.get_by_role("dialog")).to_be_hidden()
