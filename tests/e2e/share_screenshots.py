"""Screenshots of the share page: the PIN pad, the player and the camera, as guests see them."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from playwright.async_api import Page, expect

from demo.ascii import play_film
from demo.client import Client
from demo.setting import DEMO_NAME, PLAYER_NAME
from demo.sharing import SharedPage, share_demo

from .browser import TIMEOUT, visit

SCREEN = "document.querySelector('retrocam-share-screen')"


async def take_share_pictures(
    client: Client, folder: Path, sizes: Mapping[str, Any], timezone: str
) -> list[str]:
    """Take the screenshots in each size; return the errors of the browsers."""
    complaints: list[str] = []
    pages = await share_demo(client)
    for device, size in sizes.items():
        context = {"viewport": size, "timezone_id": timezone, "has_touch": device == "phone"}
        async with visit(**context) as visitor:

            async def take(name: str, page: Page = visitor.page, device: str = device) -> None:
                # The pointer rests where it hovers over nothing.
                await page.mouse.move(0, 0)
                await page.screenshot(path=folder / f"share-{name}-{device}.png")

            await _player(visitor.page, pages[PLAYER_NAME], client, take)
            await _camera(visitor.page, pages[DEMO_NAME], take)
            # A 401 reports that the PIN is required, and Chromium logs it to its console.
            visitor.forgive("status of 401")
            complaints += visitor.complaints
    return complaints


async def _player(page: Page, shared: SharedPage, client: Client, take: Any) -> None:
    await page.goto(shared.url)
    await take("notice")
    await page.get_by_role("button", name="I am not driving").click()
    for digit in shared.pin[:3]:
        await page.get_by_role("button", name=digit, exact=True).click()
    await take("pin")
    await page.keyboard.type(shared.pin[3:])
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("searchbox")).to_be_visible()
    await take("idle")
    await play_film(client)
    await page.get_by_role("searchbox").fill("test film")
    await expect(page.locator(".state")).to_have_text("Playing: retrocam-demo")
    await _drawn(page, 48)
    await page.get_by_role("searchbox").blur()
    await take("player")
    # The next size starts with an idle player.
    await page.get_by_role("button", name="Stop").click()
    await expect(page.locator(".state")).to_have_text("Nothing is playing")


async def _camera(page: Page, shared: SharedPage, take: Any) -> None:
    await page.goto(shared.url)
    await expect(page.locator("input[type=password]")).to_be_focused()
    await page.keyboard.type(shared.pin)
    await page.keyboard.press("Enter")
    picture = page.locator("retrocam-share-live img")
    await _true(page, picture.evaluate, "image => image.naturalWidth > 0")
    await take("camera")
    await page.get_by_role("button", name="History").click()
    for number in range(3):
        thumb = page.locator(".thumb img").nth(number)
        await _true(page, thumb.evaluate, "image => image.naturalWidth > 0")
    await take("history")
    await page.get_by_role("button", name="History").click()
    await page.get_by_role("button", name="ASCII", exact=True).click()
    await _drawn(page, 12)
    await take("camera-ascii")


async def _drawn(page: Page, count: int) -> None:
    """Wait until the screen has drawn a number of frames."""
    await _true(page, page.evaluate, f"() => ({SCREEN}?.report()?.drawn ?? 0) >= {count}")


async def _true(page: Page, evaluate: Any, condition: str) -> None:
    """Wait for a condition; the page allows no foreign script, so this has to poll."""
    async with asyncio.timeout(TIMEOUT / 1000):
        while not await evaluate(condition):
            await page.wait_for_timeout(50)
