"""The camera card of a grid."""

import asyncio

from playwright.async_api import expect
import pytest

from tests.pattern_reader import read_frame_number

from ..browser import luma
from .board import GRID_VIEW, Board, plays

pytestmark = pytest.mark.asyncio(loop_scope="package")

VIEW = GRID_VIEW


async def test_hls_alone_plays(board: Board) -> None:
    # The grid has no lookback, from which its picture could begin.
    choose = "(card, live) => card.setConfig({ ...card.config, live })"
    await board.grid_card.evaluate(choose, "hls")
    await expect(board.grid_card.locator("ha-camera-stream")).to_have_count(0)
    await plays(board.grid_card.locator("retrocam-live ha-hls-player video"))
    await board.grid_card.evaluate(choose, "auto")
    await plays(board.grid_card.locator("ha-camera-stream video"))


async def test_grid_layout_is_selected(board: Board) -> None:
    picture = board.grid_card.locator("retrocam-live")
    await plays(board.grid_card.locator("video"))
    for name, state in (("Single", "single"), ("Four", "quad")):
        choice = board.grid_card.get_by_role("radio", name=name)
        await choice.click()
        await expect(choice).to_be_checked()
        assert (await board.client.wait_for_state(board.layout))["state"] == state
        # The first camera fills the picture, or a fourth tile stays empty.
        async with asyncio.timeout(60):
            while True:
                seen = await luma(picture)
                height, width = seen.shape
                empty = seen[height * 6 // 10 : height * 8 // 10, width * 6 // 10 : width * 9 // 10]
                if name == "Single" and read_frame_number(seen) is not None:
                    break
                if name == "Four" and empty.max() < 40:
                    break
    # A grid's lookback is off by default, and then there is nothing to save.
    save = board.grid_card.get_by_role("button", name="Save the last 10 s")
    await expect(save).to_be_disabled()
