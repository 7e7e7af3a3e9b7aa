"""A real browser on a real Home Assistant, and helpers to read what it shows."""

import asyncio
from collections.abc import AsyncIterator, Sequence
import contextlib
import io
from pathlib import Path
import re
import shutil
from typing import Any, Final

import av
import numpy as np
from numpy.typing import NDArray
from playwright.async_api import (
    BrowserContext,
    ConsoleMessage,
    Error,
    Locator,
    Page,
    async_playwright,
)

from demo.client import PASSWORD, USERNAME

from ..missing import missing
from ..pattern_reader import read_frame_number

NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS: Final = [
    "--no-sandbox",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--disable-background-networking",
    "--disable-component-update",
]
WITHOUT_WEBGL: Final = [
    *(argument for argument in ARGUMENTS if not argument.startswith("--use-")),
    "--disable-gpu",
    "--disable-3d-apis",
]
"""Draws a page with half of the work, where it need not be WebGL's."""
SCREENSHOTS: Final = Path(__file__).parent.parent.parent / "screenshots"
DESKTOP: Final = {"width": 1280, "height": 900}
TIMEOUT: Final = 60_000
"""Timeout of the browser in ms."""

TELL_REJECTIONS: Final = """
addEventListener("unhandledrejection", ({ reason }) => {
  if (!(reason instanceof Error)) console.error(`unhandled: ${JSON.stringify(reason)}`);
});
"""
"""Home Assistant's errors are plain objects, which Playwright reports without their contents."""

KNOWN_NOISE: Final[dict[str, str]] = {
    r'\{"code":"unknown_command"': "Home Assistant's page asks for `recorder/info` at once; the demo has"
    " no recorder",
    r"_HLS_msn=": "where its machine was too busy to have a part of the live picture in time, Home"
    " Assistant answers 404; its player asks again",
    r"status of 404 .*/api/retrocam/audio/": "another film may begin while the sound of the one before"
    " is asked for; the card asks again",
}
"""Expected console messages: regular expressions, and why."""


def chromium() -> str:
    """Return the path of the browser. Without one the test is skipped, or fails in CI."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        missing(f"no browser: none of {', '.join(NAMES)} is installed")
    return path


class Visit:
    """One page, and the errors in it."""

    def __init__(self, page: Page) -> None:
        """Listen to the page from its beginning."""
        self.page = page
        self._complaints: list[str] = []
        page.on("console", self._said)
        page.on("pageerror", self._failed)

    @property
    def complaints(self) -> list[str]:
        """Errors and warnings in the console except expected ones."""
        return [
            text
            for text in self._complaints
            if not any(re.search(known, text) for known in KNOWN_NOISE)
        ]

    def forgive(self, known: str) -> None:
        """Drop the messages about something that a test has broken on purpose."""
        self._complaints = [text for text in self._complaints if known not in text]

    async def log_in(self, url: str, username: str = USERNAME, password: str = PASSWORD) -> None:
        """Open a page of Home Assistant and log in at its form."""
        await self.page.goto(url)
        await self.page.locator("input[name=username]").fill(username)
        await self.page.locator("input[name=password]").fill(password)
        await self.page.locator("input[name=password]").press("Enter")
        await self.page.wait_for_url(f"{url}/**")

    @contextlib.asynccontextmanager
    async def another(self, script: str = "", **context: Any) -> AsyncIterator[Visit]:
        """Open a page in the same browser without a login.

        `script` runs in it before anything else.
        """
        browser = self.page.context.browser
        assert browser is not None
        made = await browser.new_context(**{"viewport": DESKTOP, **context})
        try:
            yield await _opened(made, script)
        finally:
            await made.close()

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self._complaints.append(f"{message.text} ({message.location.get('url', '')})")

    def _failed(self, error: Error) -> None:
        if str(error) != "Object":  # a rejection formatted by TELL_REJECTIONS
            self._complaints.append(str(error))


@contextlib.asynccontextmanager
async def visit(*, arguments: Sequence[str] = ARGUMENTS, **context: Any) -> AsyncIterator[Visit]:
    """Open an empty page in a browser of its own during the `with` block.

    `arguments` are the browser's; `context` are Playwright's options of a new context: size, colours,
    time zone.
    """
    path = chromium()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=arguments)
        try:
            yield await _opened(await browser.new_context(**{"viewport": DESKTOP, **context}))
        finally:
            await browser.close()


async def _opened(context: BrowserContext, script: str = "") -> Visit:
    page = await context.new_page()
    page.set_default_timeout(TIMEOUT)
    await page.add_init_script(TELL_REJECTIONS + script)
    return Visit(page)


async def luma(element: Locator) -> NDArray[np.uint8]:
    """Return a screenshot of an element: brightness, (rows, columns) uint8."""
    return luma_of(await element.screenshot())


def luma_of(png: bytes) -> NDArray[np.uint8]:
    """Return the brightness of a PNG, (rows, columns) uint8."""
    with av.open(io.BytesIO(png), "r") as container:
        frame = next(container.decode(video=0))
    return frame.to_ndarray(format="gray").astype(np.uint8)


async def seen_number(element: Locator, after: int = -1) -> tuple[int, NDArray[np.uint8]]:
    """Return the first readable frame number greater than `after`, and the image that shows it."""
    async with asyncio.timeout(TIMEOUT / 1000):
        while True:
            picture = await luma(element)
            number = read_frame_number(picture)
            if number is not None and number > after:
                return number, picture
