"""The share page in a real browser: a guest with the link and the PIN, and nothing else."""

import asyncio
from dataclasses import replace
from itertools import pairwise
import json
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import expect
import pytest

from demo.film import FPS
from demo.sharing import share
from tests.share.nginx import nginx

from .browser import ARGUMENTS, TIMEOUT, WITHOUT_WEBGL, luma, seen_number, visit
from .share_guests import SCREEN, Guest, Home, guest, shared_home  # noqa: F401  # a fixture

pytestmark = pytest.mark.asyncio(loop_scope="module")
expect.set_options(timeout=TIMEOUT)

ENGINES = {"webgl": ARGUMENTS, "software": WITHOUT_WEBGL}
"""Arguments of the browser by what draws in it."""
FRAMES = 24
"""Number of frames per measurement."""
TRIES = 20
"""Number of measurements: the machine may be busy at times."""
STEP = 80
"""Most milliseconds between video and audio."""


async def test_guest_behind_a_proxy_that_replaces_host(
    home: Home, socket_enabled: None, tmp_path: Path
) -> None:
    # Not a trustworthy origin for the browser, which then sends no Sec-Fetch-Site.
    resolve = "--host-resolver-rules=MAP cam.example 127.0.0.1"
    shared = home.pages["player"]
    address = urlsplit(shared.url)
    assert address.port is not None
    with nginx(tmp_path, address.port) as proxy:
        async with visit(arguments=[*ARGUMENTS, resolve]) as visitor:
            one = Guest(visitor, replace(shared, url=f"{proxy.origin()}{address.path}"))
            async with one.page.expect_websocket() as stream:
                await one.enter()
            # The WebSocket has a token in its query.
            await (await stream.value).wait_for_event("framereceived")
            await one.button("Lock").click()
            await expect(one.pin).to_be_visible()


async def test_only_the_right_pin_unlocks(home: Home, socket_enabled: None) -> None:
    async with guest(home, "camera") as visitor:
        await visitor.page.goto(visitor.shared.url)
        await visitor.button("I am not driving").click()
        wrong = str((int(visitor.shared.pin) + 1) % 1_000_000).zfill(6)
        await visitor.unlock(wrong)
        await expect(visitor.page.get_by_role("alert")).to_have_text("Wrong PIN")
        await expect(visitor.pin).to_have_value("")
        # This time with the keyboard only.
        await visitor.page.keyboard.type(visitor.shared.pin)
        await visitor.page.keyboard.press("Enter")
        await expect(visitor.page.get_by_role("heading", name="Porch")).to_be_visible()
        await visitor.page.reload()
        await expect(visitor.page.get_by_role("heading", name="Porch")).to_be_visible()
        await visitor.button("Lock").click()
        await expect(visitor.pin).to_be_visible()
        # The server may cut off the picture before the page closes it.
        visitor.visitor.forgive("ERR_INCOMPLETE_CHUNKED_ENCODING")


@pytest.mark.parametrize("engine", ENGINES)
async def test_search_result_plays_and_stops(home: Home, engine: str, socket_enabled: None) -> None:
    async with guest(home, "player", ENGINES[engine]) as visitor:
        await visitor.enter()
        await expect(visitor.state).to_have_text("Nothing is playing")
        before = len(home.site.asked("/search?q=demo+film"))
        await visitor.search()
        assert len(home.site.asked("/search?q=demo+film")) == before + 1

        first = await visitor.glyphs()
        assert await visitor.screen("engine") == engine
        assert await visitor.screen("text", f"value !== {json.dumps(first)}")
        assert (await luma(visitor.page.locator(f"{SCREEN} canvas"))).std() > 10

        await stop(visitor)


@pytest.mark.long
@pytest.mark.parametrize("engine", ENGINES)
async def test_frames_are_drawn_when_due_and_in_step_with_the_sound(
    home: Home, engine: str, socket_enabled: None
) -> None:
    async with guest(home, "player", ENGINES[engine]) as visitor:
        await visitor.enter()
        await visitor.search()
        await visitor.glyphs()
        figures = await counted(visitor)
        assert figures[-1]["asked"] == pytest.approx(24, abs=0.1)
        shares = [
            (after["drawn"] - before["drawn"]) / (after["due"] - before["due"])
            for before, after in pairwise(figures)
        ]
        assert max(shares) >= 0.9, shares
        offsets = await heard(visitor)
        assert abs(median(offsets)) <= STEP, offsets
        await stop(visitor)


async def stop(visitor: Guest) -> None:
    await visitor.touch()
    await visitor.button("Stop").click()
    await expect(visitor.state).to_have_text("Nothing is playing")
    await expect(visitor.page.locator(f"{SCREEN} .box")).to_be_hidden()


async def counted(visitor: Guest) -> list[dict[str, Any]]:
    """Measure a number of frames, repeatedly until hardly any was skipped."""
    figures = [await visitor.report(1)]
    for _ in range(TRIES):
        figures.append(await visitor.report(figures[-1]["drawn"] + FRAMES))
        drawn, due = (figures[-1][key] - figures[-2][key] for key in ("drawn", "due"))
        if drawn >= 0.9 * due:
            break
    return figures


async def heard(visitor: Guest) -> list[float]:
    """Measure the offset between video and audio while both play."""
    offsets: list[float] = []
    drawn = 0
    async with asyncio.timeout(TIMEOUT / 1000):
        while len(offsets) < FPS:
            report = await visitor.report(drawn + 1)
            drawn = report["drawn"]
            if report.get("soundOffset") is not None:
                offsets.append(report["soundOffset"])
    return offsets


async def test_forbidden_media_shows_an_error(home: Home, socket_enabled: None) -> None:
    async with guest(home, "player") as visitor:
        visitor.visitor.page.set_default_timeout(TIMEOUT)
        await visitor.enter()
        await visitor.page.get_by_role("searchbox").fill(f"{home.site.root}/a%20film.mp4")
        await visitor.page.keyboard.press("Enter")
        problem = visitor.page.get_by_role("alert")
        await expect(problem).to_have_text("The site cannot be reached.")
        visitor.visitor.forgive("status of 400")


async def test_camera_page_shows_video_ascii_and_history(home: Home, socket_enabled: None) -> None:
    camera = {"entity_id": await home.client.entity_id(home.ids["camera"], "camera")}
    # The options of the page reload the entry.
    await home.client.wait_for_state(camera["entity_id"])
    await home.client.call_action("retrocam", "take_snapshot", camera)
    async with guest(home, "camera") as visitor:
        await visitor.enter()
        first, _ = await seen_number(visitor.stage)
        second, _ = await seen_number(visitor.stage, first)
        assert second > first
        await visitor.touch()
        await visitor.button("ASCII").click()
        text = await visitor.glyphs()
        await visitor.report(10)
        assert await visitor.glyphs() != text
        await expect(visitor.page.locator("retrocam-share-live")).to_have_count(0)

        await visitor.button("History").click()
        await visitor.page.get_by_role("button", name="Snapshot, ").first.click()
        shown = visitor.page.get_by_role("dialog", name="Viewer")
        await seen_number(shown.get_by_role("img"))
        await visitor.page.keyboard.press("Escape")
        await expect(shown).to_be_hidden()


async def test_pin_change_closes_open_streams(home: Home, socket_enabled: None) -> None:
    async with guest(home, "camera") as watching, guest(home, "player") as playing:
        await watching.enter()
        await watching.button("ASCII").click()
        await watching.glyphs()
        await playing.enter()
        await playing.search()
        await playing.glyphs()
        for kind in home.pages:
            home.pages[kind] = await share(home.client, home.ids[kind])
        for visitor in (watching, playing):
            await expect(visitor.pin).to_be_visible()
            await expect(visitor.page.locator(SCREEN)).to_have_count(0)
        await watching.unlock(home.pages["camera"].pin)
        await expect(watching.page.get_by_role("heading", name="Porch")).to_be_visible()
        # The entry was reloaded, which ended the open streams; a page may tell of it later.
        for visitor in (watching, playing):
            for known in ("WebSocket", "net::ERR", "status of 404"):
                visitor.visitor.forgive(known)
