"""The history card: timeline, thumbnails, viewer, days, timelapse."""

from datetime import UTC, datetime
import io
import re
from urllib.parse import urljoin

import av
from playwright.async_api import expect
import pytest

from demo.jobs import frame_number

from ..full_day import A_FULL_DAY
from .board import HISTORY_VIEW, Board, met, plays, snapshots, turned

pytestmark = pytest.mark.asyncio(loop_scope="package")

VIEW = HISTORY_VIEW


async def test_viewer_turns_pages_downloads_and_shares(board: Board) -> None:
    await snapshots(board, 2)
    await board.kept("Snapshot").first.click()
    download = board.viewer.get_by_role("link", name="Download")
    newest = await download.get_attribute("href")
    older = await turned(board, "ArrowLeft")
    assert await turned(board, "ArrowRight") == newest
    await board.viewer.get_by_role("button", name="Older").click()
    await expect(download).to_have_attribute("href", older)
    await board.viewer.get_by_role("button", name="Newer").click()
    await expect(download).to_have_attribute("href", str(newest))

    async with board.page.expect_download() as coming:
        await download.click()
    file = await coming.value
    assert re.fullmatch(r"\d{8}T\d{6}\.\d{3}Z\.jpg", file.suggested_filename)
    assert (await file.path()).read_bytes() == await board.fetched(newest)

    await board.viewer.get_by_role("button", name="Share link").click()
    await expect(board.viewer.get_by_role("status")).to_have_text("Link copied; it works for a day")
    link = str(await board.page.evaluate("navigator.clipboard.readText()"))
    assert link.startswith(board.client.url)
    assert frame_number(await board.fetched(link)) >= 0
    # Turning a phone rebuilds its dashboard: the card is removed and inserted again.
    await board.history_card.evaluate(
        "card => card.parentNode.insertBefore(card, card.nextSibling)"
    )
    await met(board.viewer, "element.matches(':modal')")
    await expect(download).to_have_attribute("href", str(newest))
    await board.page.keyboard.press("Escape")
    await expect(board.viewer).to_be_hidden()


async def test_thumbnails_are_placed_correctly_on_right_to_left_pages(
    board: Board,
) -> None:
    await snapshots(board, 2)
    await board.history_card.evaluate("card => { card.dir = 'rtl'; }")
    grid = await board.history_card.locator("retrocam-grid").bounding_box()
    item = await board.kept("Snapshot").first.bounding_box()
    assert grid is not None
    assert item is not None
    # The newest is on the left, and all others are offset from there.
    assert 0 <= item["x"] - grid["x"] < item["width"] / 2
    await board.history_card.evaluate("card => { card.dir = ''; }")


async def test_deleted_file_disappears(board: Board) -> None:
    await snapshots(board, 2)
    count = await board.kept("Snapshot").count()
    await board.kept("Snapshot").first.click()
    viewer = board.viewer
    download = viewer.get_by_role("link", name="Download")
    newest = str(await download.get_attribute("href"))
    await board.page.keyboard.press("Delete")
    await viewer.get_by_role("button", name="Keep").click()
    # The focused button was removed, but keys still turn pages.
    await turned(board, "ArrowLeft")
    assert await turned(board, "ArrowRight") == newest
    await viewer.get_by_role("button", name="Delete").click()
    await viewer.locator("footer").get_by_role("button", name="Delete").click()
    await expect(download).not_to_have_attribute("href", newest)
    await board.page.keyboard.press("Escape")
    await expect(board.kept("Snapshot")).to_have_count(count - 1)
    async with board.client.session.get(urljoin(board.client.url, newest)) as response:
        assert response.status == 404


async def test_timeline_shows_the_nearest_item_while_dragged(board: Board) -> None:
    await snapshots(board, 1)
    ribbon = board.history_card.locator("retrocam-ribbon canvas")
    # Unlike a query of its place, this waits until the page is stable.
    await ribbon.hover(position={"x": 200, "y": 12})
    await board.page.mouse.down()
    await ribbon.hover(position={"x": 1, "y": 12})
    bubble = board.history_card.locator(".bubble")
    await met(bubble.locator("img"), "element.naturalWidth > 0")
    # At the start of the day the oldest is the nearest.
    shown = board.history_card.locator("retrocam-grid button .when")
    assert await bubble.inner_text() == await shown.last.inner_text()
    await board.page.mouse.up()
    await expect(bubble).to_be_hidden()
    await ribbon.press("ArrowRight")
    await expect(ribbon).to_have_attribute("aria-valuetext", re.compile(r"\d"))


async def test_days_and_kinds_are_selected(board: Board) -> None:
    await snapshots(board, 1)
    card = board.history_card
    count = await card.locator("retrocam-grid button").count()
    await card.get_by_role("button", name="Previous day").click()
    await expect(card.get_by_text("Nothing was saved on this day")).to_be_visible()
    await card.get_by_role("button", name="Next day").click()
    await expect(card.locator("retrocam-grid button")).to_have_count(count)
    await expect(card.get_by_role("button", name="Next day")).to_be_disabled()
    await card.get_by_role("button", name="Snapshots").click()
    await expect(board.kept("Snapshot")).to_have_count(0)
    await card.get_by_role("button", name="Snapshots").click()
    await expect(card.locator("retrocam-grid button")).to_have_count(count)
    await card.get_by_label("Day", exact=True).fill("2020-02-29")
    await expect(card.get_by_text("Sat, Feb 29")).to_be_visible()
    await card.get_by_role("button", name="Reload").click()
    await expect(card.get_by_text("0 items")).to_be_visible()
    await card.get_by_label("Day", exact=True).fill(datetime.now(UTC).date().isoformat())
    await expect(card.locator("retrocam-grid button")).to_have_count(count)


async def test_hundred_thousand_items_render_a_screenful_of_elements(board: Board) -> None:
    await snapshots(board, 1)
    await board.history_card.evaluate(A_FULL_DAY)
    grid = board.history_card.locator("retrocam-grid")
    last = grid.get_by_role("button").last
    for place, shown in ((0.4, re.compile(r"^[3-5]\d{4}$")), (1, re.compile(r"^1000\d\d$"))):
        await grid.evaluate(
            "(grid, place) => { grid.scrollTop = place * grid.scrollHeight; }", place
        )
        await expect(last).to_have_attribute("data-index", shown)
        assert await grid.get_by_role("listitem").count() < 60
    await last.press("Home")
    await expect(grid.locator("[data-index='0']")).to_be_focused()
    board.opened.clear()  # the next test starts with what the server has


async def test_timelapse_is_exported_and_plays(board: Board) -> None:
    await snapshots(board, 3)
    counter = board.history_card.get_by_text(re.compile(r"^\d+ items$"))
    count = int((await counter.inner_text()).split()[0])
    await board.history_card.get_by_role("button", name="Timelapse", exact=True).click()
    await board.history_card.get_by_label("Frames per second").fill("1")
    await board.history_card.get_by_role("button", name="Make timelapse").click()
    link = board.history_card.get_by_role("link", name="Open timelapse")
    with av.open(io.BytesIO(await board.fetched(await link.get_attribute("href"))), "r") as made:
        assert len(list(made.decode(video=0))) >= 3
    await expect(counter).to_have_text(f"{count + 1} items")
    # It is as old as its first snapshot: below those of all tests before.
    grid = board.history_card.locator("retrocam-grid")
    await grid.evaluate("grid => { grid.scrollTop = grid.scrollHeight; }")
    await board.kept("Timelapse").first.click()
    await plays(board.viewer.locator("video"))
    await board.page.keyboard.press("Escape")
