"""The share page in a real browser: a guest who has the link, the PIN, and nothing else."""

import asyncio
from collections.abc import AsyncIterator, Sequence
import contextlib
from dataclasses import dataclass
from itertools import pairwise
import json
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import Locator, Page, expect
import pytest
import pytest_asyncio
import pytest_socket

from demo.client import Client
from demo.film import FILM, FPS, make_film
from demo.server import free_port, running
from demo.sharing import SharedPage, share
from tests.core.player.server import MediaServer, Page as Served, serving

from .browser import ARGUMENTS, TIMEOUT, WITHOUT_WEBGL, Visit, chromium, luma, seen_number, visit

pytestmark = pytest.mark.asyncio(loop_scope="module")
expect.set_options(timeout=TIMEOUT)

SITE = Path(__file__).parent / "site"
WORDS = "demo film"
TITLE = "a film"
SCREEN = "retrocam-share-screen"
SMALL = {"width": 800, "height": 450}
"""A browser without a graphics card draws it at the film's rate with time to spare."""
SECONDS = 50
"""Length of the film: a test never sees its end."""
FRAMES = 24
"""Pictures that are counted at a time."""
TRIES = 20
"""How often they are counted: the machine may be busy with something else."""
STEP = 80
"""Milliseconds between picture and sound at most."""


@dataclass(frozen=True)
class Home:
    """A Home Assistant that shares a player and a camera."""

    client: Client
    ids: dict[str, str]
    pages: dict[str, SharedPage]
    site: MediaServer


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def home(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Home]:
    """One Home Assistant for all tests of this module, and a site on which it finds a film."""
    chromium()
    pytest_socket.enable_socket()
    directory = tmp_path_factory.mktemp("share")
    await asyncio.to_thread(make_film, directory, SECONDS)
    film = (directory / "www" / Path(FILM).name).read_bytes()
    with serving() as site, pytest.MonkeyPatch.context() as patch:
        site.add("/a%20film.mp4", Served(film, "video/mp4"))
        found = json.dumps(["http://site.example/a%20film.mp4"]).encode()
        site.add("/search?q=demo+film", Served(found, "application/json"))
        patch.setenv("PYTHONPATH", str(SITE))
        patch.setenv("RETROCAM_TEST_SITE", str(site.server_port))
        patch.setenv("RETROCAM_TEST_FOLDER", str(directory))
        async with (
            running(directory, free_port()) as server,
            Client.logged_in(server.url) as client,
        ):
            kinds = {
                "player": ("ascii_player", {"name": "Screen", "preset": "low"}),
                "camera": ("demo", {"name": "Porch"}),
            }
            ids = {kind: (await client.add_entry(step))["entry_id"] for kind, step in kinds.items()}
            pages = {kind: await share(client, entry_id) for kind, entry_id in ids.items()}
            yield Home(client, ids, pages, site)


class Guest:
    """A guest's browser."""

    def __init__(self, visitor: Visit, shared: SharedPage) -> None:
        """Note all that the browser asks for."""
        self.visitor = visitor
        self.page: Page = visitor.page
        self.shared = shared
        self.asked: list[str] = []
        self.page.on("request", lambda request: self.asked.append(request.url))

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    @property
    def stage(self) -> Locator:
        return self.page.locator(".stage")

    @property
    def pin(self) -> Locator:
        return self.page.locator("input[type=password]")

    @property
    def state(self) -> Locator:
        return self.page.locator(".state")

    async def enter(self) -> None:
        """Come in as one who knows the PIN."""
        await self.page.goto(self.shared.url)
        await self.button("I am not driving").click()
        await self.unlock(self.shared.pin)

    async def unlock(self, pin: str) -> None:
        await expect(self.pin).to_be_focused()
        for digit in pin:
            await self.button(digit).click()
        await self.button("Unlock").click()

    async def screen(self, member: str) -> Any:
        """Return what the screen tells; the page allows no script but its own, so this has to ask."""
        return await self.page.evaluate(f"document.querySelector('{SCREEN}')?.{member} ?? null")

    async def glyphs(self) -> str:
        """Return the picture as text, once there is one."""
        async with asyncio.timeout(TIMEOUT / 1000):
            while len(text := await self.screen("text") or "") < 100:
                pass
        return str(text)

    async def report(self, drawn: int) -> dict[str, Any]:
        """Return the player's figures once it has drawn so many pictures."""
        async with asyncio.timeout(TIMEOUT / 1000):
            while (report := await self.screen("report()"))["drawn"] < drawn:
                pass
        figures: dict[str, Any] = report
        return figures

    async def touch(self) -> None:
        """Make the controls come, as they go while a film plays."""
        for place in (100, 200):
            await self.page.mouse.move(place, place)

    async def search(self) -> None:
        await self.page.get_by_role("searchbox").fill(WORDS)
        await self.page.keyboard.press("Enter")
        await expect(self.state).to_have_text(f"Playing: {TITLE}")


@contextlib.asynccontextmanager
async def guest(
    home: Home, kind: str, arguments: Sequence[str] = ARGUMENTS
) -> AsyncIterator[Guest]:
    """Open a guest's browser. Nothing but the page's own may be asked for, and no one may complain."""
    shared = home.pages[kind]
    async with visit(arguments=arguments, viewport=SMALL) as visitor:
        one = Guest(visitor, shared)
        yield one
        # That the PIN is wanted is told with a 401, and Chromium tells that in its console.
        visitor.forgive("status of 401")
        assert visitor.complaints == []
        slug = urlsplit(shared.url).path
        assert one.asked
        for url in one.asked:
            assert urlsplit(url).netloc == urlsplit(shared.url).netloc, url
            assert urlsplit(url).path == slug or urlsplit(url).path.startswith(slug + "/"), url


async def test_only_the_right_pin_opens(home: Home, socket_enabled: None) -> None:
    async with guest(home, "camera") as visitor:
        await visitor.page.goto(visitor.shared.url)
        await visitor.button("I am not driving").click()
        wrong = str((int(visitor.shared.pin) + 1) % 1_000_000).zfill(6)
        await visitor.unlock(wrong)
        await expect(visitor.page.get_by_role("alert")).to_have_text("Wrong PIN")
        await expect(visitor.pin).to_have_value("")
        # This time by keyboard alone.
        await visitor.page.keyboard.type(visitor.shared.pin)
        await visitor.page.keyboard.press("Enter")
        await expect(visitor.page.get_by_role("heading", name="Porch")).to_be_visible()
        await visitor.page.reload()
        await expect(visitor.page.get_by_role("heading", name="Porch")).to_be_visible()
        await visitor.button("Lock").click()
        await expect(visitor.pin).to_be_visible()
        # The server may cut the picture before the page has let go of it.
        visitor.visitor.forgive("ERR_INCOMPLETE_CHUNKED_ENCODING")


@pytest.mark.parametrize("engine", ["webgl", "software"])
async def test_a_search_plays_in_step_and_stops(
    home: Home, engine: str, socket_enabled: None
) -> None:
    arguments = ARGUMENTS if engine == "webgl" else WITHOUT_WEBGL
    async with guest(home, "player", arguments) as visitor:
        await visitor.enter()
        await expect(visitor.state).to_have_text("Nothing plays")
        before = len(home.site.asked("/search?q=demo+film"))
        await visitor.search()
        assert len(home.site.asked("/search?q=demo+film")) == before + 1

        first = await visitor.glyphs()
        assert await visitor.screen("engine") == engine
        figures = await counted(visitor)
        assert figures[-1]["asked"] == pytest.approx(24, abs=0.1)
        shares = [
            (after["drawn"] - before["drawn"]) / (after["due"] - before["due"])
            for before, after in pairwise(figures)
        ]
        assert max(shares) >= 0.9, shares
        offsets = await heard(visitor)
        assert abs(median(offsets)) <= STEP, offsets
        assert await visitor.glyphs() != first
        assert (await luma(visitor.page.locator(f"{SCREEN} canvas"))).std() > 10

        await visitor.touch()
        await visitor.button("Stop").click()
        await expect(visitor.state).to_have_text("Nothing plays")
        await expect(visitor.page.locator(f"{SCREEN} .box")).to_be_hidden()


async def counted(visitor: Guest) -> list[dict[str, Any]]:
    """Take the player's figures every so many pictures, until hardly any was missed in between."""
    figures = [await visitor.report(1)]
    for _ in range(TRIES):
        figures.append(await visitor.report(figures[-1]["drawn"] + FRAMES))
        drawn, due = (figures[-1][key] - figures[-2][key] for key in ("drawn", "due"))
        if drawn >= 0.9 * due:
            break
    return figures


async def heard(visitor: Guest) -> list[float]:
    """Take the offset of picture and sound while both go on."""
    offsets: list[float] = []
    drawn = 0
    async with asyncio.timeout(TIMEOUT / 1000):
        while len(offsets) < FPS:
            report = await visitor.report(drawn + 1)
            drawn = report["drawn"]
            if report.get("soundOffset") is not None:
                offsets.append(report["soundOffset"])
    return offsets


async def test_what_a_guest_may_not_play_is_refused_in_words(
    home: Home, socket_enabled: None
) -> None:
    async with guest(home, "player") as visitor:
        visitor.visitor.page.set_default_timeout(TIMEOUT)
        await visitor.enter()
        await visitor.page.get_by_role("searchbox").fill(f"{home.site.root}/a%20film.mp4")
        await visitor.page.keyboard.press("Enter")
        problem = visitor.page.get_by_role("alert")
        await expect(problem).to_have_text("The site cannot be reached.")
        visitor.visitor.forgive("status of 400")


async def test_a_camera_as_picture_as_glyphs_and_its_history(
    home: Home, socket_enabled: None
) -> None:
    camera = {"entity_id": await home.client.entity_id(home.ids["camera"], "camera")}
    await home.client.call_action("retrocam", "take_snapshot", camera)
    async with guest(home, "camera") as visitor:
        await visitor.enter()
        first, _ = await seen_number(visitor.stage)
        second, _ = await seen_number(visitor.stage, first)
        assert second > first
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


async def test_another_pin_ends_what_is_open(home: Home, socket_enabled: None) -> None:
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
            # The entry was loaded anew, and what was under way has been cut off.
            visitor.visitor.forgive("WebSocket")
            visitor.visitor.forgive("net::ERR")
            visitor.visitor.forgive("status of 404")
        await watching.unlock(home.pages["camera"].pin)
        await expect(watching.page.get_by_role("heading", name="Porch")).to_be_visible()
