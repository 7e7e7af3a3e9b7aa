"""A Home Assistant that shares a player and a camera, and guests with real browsers."""

import asyncio
from collections.abc import AsyncIterator, Sequence
import contextlib
from dataclasses import dataclass
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import Locator, Page, expect
import pytest
import pytest_asyncio
import pytest_socket

from demo.client import Client
from demo.film import FILM, make_film
from demo.server import free_port, running
from demo.sharing import SharedPage, share
from tests.core.player.server import MediaServer, Page as Served, serving

from .browser import TIMEOUT, WITHOUT_WEBGL, Visit, chromium, visit

SITE = Path(__file__).parent / "site"
WORDS = "demo film"
TITLE = "a film"
SCREEN = "retrocam-share-screen"
SMALL = {"width": 800, "height": 450}
"""A browser without a GPU draws this at the film's rate with time to spare."""
CAMERA = {"width": 640, "height": 360, "fps": 25}
"""A third of the work of the default size."""
SECONDS = 50
"""Length of the film: a test never reaches its end."""


@dataclass(frozen=True)
class Home:
    """A Home Assistant that shares a player and a camera."""

    client: Client
    ids: dict[str, str]
    pages: dict[str, SharedPage]
    site: MediaServer


@pytest_asyncio.fixture(name="home", scope="module", loop_scope="module")
async def shared_home(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Home]:
    """One Home Assistant for all tests of this module, and a site with a film."""
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
            kinds: dict[str, tuple[str, dict[str, Any]]] = {
                "player": ("ascii_player", {"name": "Screen", "preset": "low"}),
                "camera": ("demo", {"name": "Porch", "advanced": CAMERA}),
            }
            ids = {kind: (await client.add_entry(step))["entry_id"] for kind, step in kinds.items()}
            pages = {kind: await share(client, entry_id) for kind, entry_id in ids.items()}
            yield Home(client, ids, pages, site)


class Guest:
    """A guest's browser."""

    def __init__(self, visitor: Visit, shared: SharedPage) -> None:
        """Record all requests of the browser."""
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
        """Open the page with the PIN."""
        await self.page.goto(self.shared.url)
        await self.button("I am not driving").click()
        await self.unlock(self.shared.pin)

    async def unlock(self, pin: str) -> None:
        await expect(self.pin).to_be_focused()
        for digit in pin:
            await self.button(digit).click()
        await self.button("Unlock").click()

    async def screen(self, member: str, condition: str = "true") -> Any:
        """Return a property of the screen once it meets a condition on `value`.

        Looks at each animation frame, in the page: asking from here without a pause would take the core
        that the page draws with. The page allows no foreign script, so `wait_for_function` would fail.
        """
        look = f"""async () => {{
          for (;;) {{
            const value = document.querySelector('{SCREEN}')?.{member} ?? null;
            if ({condition}) return value;
            await new Promise(requestAnimationFrame);
          }}
        }}"""
        async with asyncio.timeout(TIMEOUT / 1000):
            return await self.page.evaluate(look)

    async def glyphs(self) -> str:
        """Return the frame as text, once there is one."""
        text: str = await self.screen("text", "value?.length >= 100")
        return text

    async def report(self, drawn: int) -> dict[str, Any]:
        """Return the player's statistics once it has drawn a number of frames."""
        figures: dict[str, Any] = await self.screen("report()", f"value?.drawn >= {drawn}")
        return figures

    async def touch(self) -> None:
        """Show the controls, which hide while a film plays."""
        for place in (100, 200):
            await self.page.mouse.move(place, place)

    async def search(self) -> None:
        await self.page.get_by_role("searchbox").fill(WORDS)
        await self.page.keyboard.press("Enter")
        await expect(self.state).to_have_text(f"Playing: {TITLE}")


@contextlib.asynccontextmanager
async def guest(
    home: Home, kind: str, arguments: Sequence[str] = WITHOUT_WEBGL, **context: Any
) -> AsyncIterator[Guest]:
    """Open a guest's browser. Only URLs of the page may be requested, without console errors."""
    shared = home.pages[kind]
    async with visit(arguments=arguments, **{"viewport": SMALL, **context}) as visitor:
        one = Guest(visitor, shared)
        yield one
        # A 401 reports that the PIN is required, and Chromium logs it to its console.
        visitor.forgive("status of 401")
        assert visitor.complaints == []
        slug = urlsplit(shared.url).path
        assert one.asked
        for url in one.asked:
            if url.startswith(f"blob:http://{urlsplit(shared.url).netloc}/"):
                continue  # a picture that it has loaded
            assert urlsplit(url).netloc == urlsplit(shared.url).netloc, url
            assert urlsplit(url).path == slug or urlsplit(url).path.startswith(slug + "/"), url
