"""The cards on a touch screen, for a user without admin rights, on a phone without full screen."""

from collections.abc import AsyncIterator

from playwright.async_api import CDPSession, Locator, Page, expect
import pytest
import pytest_asyncio

from demo.client import Client
from demo.setting import DASHBOARD, DEMO_NAME

from ..browser import Visit
from .board import CAMERA_CARD, HISTORY_CARD, Board, met, snapshots

pytestmark = pytest.mark.asyncio(loop_scope="package")

NO_FULL_SCREEN = "delete Element.prototype.requestFullscreen;"
GUEST = "guest"
PHONE = {"width": 390, "height": 844}


async def add_guest(client: Client) -> None:
    """Create a user who may control everything and administer nothing."""
    data = {"name": "Guest", "group_ids": ["system-users"], "local_only": False}
    user = (await client.command("config/auth/create", **data))["user"]
    await client.command(
        "config/auth_provider/homeassistant/create",
        user_id=user["id"],
        username=GUEST,
        password=GUEST,
    )


class Fingers:
    """Simulates touches on a page."""

    def __init__(self, session: CDPSession, element: Locator) -> None:
        """Tap near the centre of an element."""
        self._session = session
        self._element = element

    async def draw(self, *paths: tuple[tuple[int, int], ...]) -> None:
        """Put down a finger at each path's first point, move it along the path, and lift it at the last.

        Points are pixels from the centre of the element; all paths have the same length.
        """
        box = await self._element.bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        for step, points in enumerate(zip(*paths, strict=True)):
            fingers = [
                {"x": x + across, "y": y + down, "id": number}
                for number, (across, down) in enumerate(points)
            ]
            await self._touch("touchMove" if step else "touchStart", fingers)
        await self._touch("touchEnd", [])

    async def _touch(self, kind: str, points: list[dict[str, float]]) -> None:
        await self._session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


@pytest_asyncio.fixture(scope="module", loop_scope="package")
async def guest(running_board: Board) -> AsyncIterator[Visit]:
    """A household member with a phone at the dashboard; the console must stay empty."""
    await add_guest(running_board.client)
    async with running_board.visitor.another(
        NO_FULL_SCREEN, viewport=PHONE, has_touch=True, is_mobile=True, timezone_id="UTC"
    ) as visitor:
        await visitor.log_in(f"{running_board.client.url}/{DASHBOARD}", GUEST, GUEST)
        yield visitor
        assert visitor.complaints == []


@pytest_asyncio.fixture(scope="module", loop_scope="package")
async def page(guest: Visit) -> Page:
    return guest.page


async def test_user_views_snapshots_by_touch_and_cannot_delete(board: Board, page: Page) -> None:
    await snapshots(board, 2)
    await page.bring_to_front()
    card = page.locator(HISTORY_CARD)
    await card.locator("retrocam-grid button").first.click()
    viewer = page.get_by_role("dialog", name="Viewer")
    stage = viewer.locator(".stage")
    picture = stage.locator("img").last
    download = viewer.get_by_role("link", name="Download")
    newest = str(await download.get_attribute("href"))
    await expect(viewer.get_by_role("button", name="Delete")).to_have_count(0)
    await page.keyboard.press("Delete")
    await expect(viewer.get_by_role("button", name="Keep")).to_have_count(0)

    fingers = Fingers(await page.context.new_cdp_session(page), stage)
    await fingers.draw(((-80, 0), (0, 4), (60, 6)))
    await expect(download).not_to_have_attribute("href", newest)
    await fingers.draw(((80, 0), (0, 4), (-60, 6)))
    await expect(download).to_have_attribute("href", newest)
    # Two fingers apart zoom in; then one finger pans instead of turning the page.
    await fingers.draw(((-40, 0), (-80, 0), (-120, 0)), ((40, 0), (80, 0), (120, 0)))
    await met(picture, "new DOMMatrix(getComputedStyle(element).transform).a > 2.5")
    await fingers.draw(((-80, 0), (0, 0), (80, 0)))
    await met(picture, "new DOMMatrix(getComputedStyle(element).transform).e > 100")
    await expect(download).to_have_attribute("href", newest)
    await fingers.draw(((-120, 0), (-60, 0), (-20, 0)), ((120, 0), (60, 0), (20, 0)))
    await met(picture, "new DOMMatrix(getComputedStyle(element).transform).a === 1")
    await fingers.draw(((0, -60), (2, 60), (4, 140)))
    await expect(viewer).to_be_hidden()


async def test_picture_covers_a_phone_without_full_screen(board: Board, page: Page) -> None:
    await page.bring_to_front()
    card = page.locator(CAMERA_CARD).filter(has_text=DEMO_NAME)
    stage = card.locator(".stage")
    before = await stage.bounding_box()
    await card.get_by_role("button", name="Full screen", exact=True).click()
    await expect(stage).to_have_class("stage cover")
    assert await stage.bounding_box() == {"x": 0, "y": 0, **PHONE}
    # Nothing of the page covers it.
    corner = "([element]) => element.contains(element.getRootNode().elementFromPoint(20, 20))"
    assert await page.evaluate(corner, [await stage.element_handle()])
    await card.get_by_role("button", name="Leave full screen").click()
    await expect(stage).to_have_class("stage")
    assert await stage.bounding_box() == before
