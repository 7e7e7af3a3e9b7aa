"""Rewinding on the share page, by a guest with a real browser."""

import asyncio
import json
import re
from urllib.parse import parse_qs, urlsplit

from playwright.async_api import APIResponse, Response, Route, expect
import pytest

from custom_components.retrocam.datetimes import unix_time
from demo.jobs import frame_number
from tests.pattern_reader import read_frame_number
from tests.waiting import until

from .browser import TIMEOUT, luma, seen_number
from .share_guests import CAMERA, Guest, Home, guest, shared_home  # noqa: F401  # a fixture

pytestmark = pytest.mark.asyncio(loop_scope="module")
expect.set_options(timeout=TIMEOUT)

LARGE = {"width": 1440, "height": 810}
"""The controls do not cover the frame number."""
VIEW = "document.querySelector('retrocam-share-camera').rewind.view"
"""What the page shows of the past."""
NOT_HELD = "/footage/frame?"
"""A preview of a time that is no longer held: footage of a busy machine has gaps, and they move."""

EXACT = re.compile(r"/footage/frame\?(?!.*fast)")
"""The URL of an exact frame."""


def asked_time(url: str) -> str:
    """Return the time that a URL of a frame asks for, in UNIX s."""
    return parse_qs(urlsplit(url).query)["at"][0]


class Past:
    """The time bar of a camera's page."""

    def __init__(self, home: Home, visitor: Guest) -> None:
        self._home = home
        self._visitor = visitor
        self.slider = visitor.page.get_by_role("slider", name="Rewind")
        self.picture = visitor.stage.locator("img.past")
        self._frames: dict[str, APIResponse] = {}
        """The answers to what the page asks for exact frames, by the time asked for."""
        self._spans: list[Response] = []
        """The answers that tell what is held."""
        visitor.page.on("response", self._answered)

    def _answered(self, response: Response) -> None:
        if response.url.endswith("/footage"):
            self._spans.append(response)

    async def keep_frames(self) -> None:
        """Keep the exact frames that the page gets from now on: it keeps none that could be read."""
        await self._visitor.page.route(EXACT, self._fetch)

    async def _fetch(self, route: Route) -> None:
        answer = await route.fetch()
        self._frames[asked_time(route.request.url)] = answer
        await route.fulfill(response=answer)

    async def spot(self, ago: float) -> tuple[float, float]:
        """Return the place of a moment, in s before the present."""
        box = await self.slider.bounding_box()
        assert box is not None
        full = -float(str(await self.slider.get_attribute("min")))
        knob = 26
        rail = box["width"] - knob
        return box["x"] + knob / 2 + rail * (1 - ago / full), box["y"] + box["height"] / 2

    async def time(self) -> float:
        """Return the moment shown, in UNIX s."""
        return float((await self._visitor.page.evaluate(VIEW))["time"])

    async def shows(self, time: float) -> int:
        """Wait for the exact frame of a moment, which the owner sees there, too; return its number."""
        at = f"{time:.3f}"
        await until(lambda: at in self._frames, within=TIMEOUT / 1000)
        answer = self._frames[at]
        number = frame_number(await answer.body())
        told = float(answer.headers["x-retrocam-time"])
        assert told - 0.001 <= time < told + 1 / CAMERA["fps"] + 0.001
        async with asyncio.timeout(TIMEOUT / 1000):
            while read_frame_number(await luma(self._visitor.stage)) != number:
                pass
        # A later answer may tell an earlier time of a frame, once parts come sooner than any before.
        path = f"/api/retrocam/footage/{self._home.ids['camera']}/frame?at={at}"
        assert number <= frame_number(await self._home.client.get_bytes(path))
        return number

    async def begins(self, ago: float) -> None:
        """Check that it plays from a moment, in s before the newest one that was told."""
        newest = unix_time((await self._spans[0].json())["spans"][-1]["end"])
        first = next(url for url in self._visitor.asked if EXACT.search(url))
        assert newest - float(asked_time(first)) == pytest.approx(ago, abs=0.2)


async def held(home: Home, seconds: float) -> None:
    """Wait until the shared camera holds some seconds of footage."""
    # The options of the page reload the entry.
    await home.client.wait_for_state(await home.client.entity_id(home.ids["camera"], "camera"))
    path = f"/api/retrocam/footage/{home.ids['camera']}"
    async with asyncio.timeout(TIMEOUT / 1000):
        while json.loads(await home.client.get_bytes(path))["total"] < seconds:
            pass


async def test_guest_rewinds_by_mouse_and_keys(home: Home, socket_enabled: None) -> None:
    await held(home, 12)
    async with guest(home, "camera", viewport=LARGE) as visitor:
        page, past = visitor.page, Past(home, visitor)
        await past.keep_frames()
        await visitor.enter()
        await seen_number(visitor.stage)
        await expect(page.locator("retrocam-share-rewind")).to_contain_text("Drag to look back")
        # Nothing is loaded before the first touch.
        assert not [url for url in visitor.asked if "/footage" in url]
        await page.mouse.move(*await past.spot(3))
        await page.mouse.down()
        await page.mouse.move(*await past.spot(8), steps=5)
        # The page handles a move with its next frame, and tells a time once it knows what is held.
        spoken = re.compile("^8 seconds ago, ")
        await expect(past.slider).to_have_attribute("aria-valuetext", spoken)
        time = await past.time()
        number = await past.shows(time)
        await expect(visitor.state).to_have_text("Not live")
        # The live picture is not sent meanwhile.
        await expect(page.locator("retrocam-share-live")).to_have_count(0)
        await page.mouse.up()
        played, _ = await seen_number(visitor.stage, number)
        await seen_number(visitor.stage, played + 25)
        assert await past.time() > time

        await page.keyboard.press("k")
        await expect(visitor.button("Play")).to_be_visible()
        time = await past.time()
        await past.shows(time)
        await page.keyboard.press("PageDown")
        earlier = await past.time()
        assert earlier == pytest.approx(time - 5, abs=0.01)
        await past.shows(earlier)
        await page.keyboard.press("End")
        await expect(past.picture).to_have_count(0)
        await expect(visitor.state).to_have_text("Live")
        await seen_number(visitor.stage, number)
        visitor.visitor.forgive(NOT_HELD)


async def test_guest_rewinds_by_touch(home: Home, socket_enabled: None) -> None:
    await held(home, 8)
    async with guest(home, "camera", viewport=LARGE, has_touch=True) as visitor:
        past = Past(home, visitor)
        await visitor.enter()
        await seen_number(visitor.stage)
        await visitor.page.touchscreen.tap(*await past.spot(6))
        played, _ = await seen_number(past.picture)
        assert (await visitor.page.evaluate(VIEW))["mode"] == "playing"
        await past.begins(6)
        await seen_number(past.picture, played)
        await visitor.touch()
        await visitor.button("Live").click()
        await expect(past.picture).to_have_count(0)
        await seen_number(visitor.stage.locator("retrocam-share-live"), played)
        visitor.visitor.forgive(NOT_HELD)


async def test_owner_ends_rewinding(home: Home, socket_enabled: None) -> None:
    await held(home, 8)
    async with guest(home, "camera", viewport=LARGE) as visitor:
        past = Past(home, visitor)
        await visitor.enter()
        await past.slider.focus()
        await visitor.page.keyboard.press("PageDown")
        await expect(past.picture).to_be_visible()
        entry = home.ids["camera"]
        options = {"share_enabled": True, "share_control": True, "share_history": True}
        await home.client.change_options(entry, "share", **options, share_rewind=False)
        await expect(past.slider).to_have_count(0)
        await seen_number(visitor.stage.locator("retrocam-share-live"))
        await home.client.change_options(entry, "share", **options, share_rewind=True)
        await expect(past.slider).to_be_visible()
        # The entry was reloaded, which ended the open streams.
        for known in ("net::ERR", "status of 403", "status of 503", NOT_HELD):
            visitor.visitor.forgive(known)
