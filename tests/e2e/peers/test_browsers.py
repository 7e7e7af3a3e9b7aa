"""The cards and the share page in Firefox and WebKitGTK."""

import asyncio
from collections.abc import AsyncIterator
import json
import time
from typing import Any, Final

import pytest
import pytest_asyncio
import pytest_socket

from ...pattern_reader import read_frame_number
from ..browser import KNOWN_NOISE, luma_of
from .browsers import PATIENCE, Browser, Firefox, firefox, webkit
from .conftest import FPS, Home

pytestmark = [pytest.mark.long, pytest.mark.asyncio(loop_scope="package")]

DASHBOARD: Final = "retrocam-peers"
KINDS: Final = ("camera", "history", "ascii")
BROWSERS: Final = {"Firefox": firefox, "WebKitGTK": webkit}
UNTOLD: Final = "uncaught exception: Object"
"""What Firefox says of a rejection with a plain object; the first of KNOWN_NOISE is one."""
BAR: Final = ("retrocam-camera-card", "retrocam-time-bar", ".rail")
REWIND: Final = 'find("retrocam-camera-card").rewind'
PLAYS: Final = 'find("retrocam-footage", "video")?.currentTime > 1'
PAST: Final = """(() => {
  if (find("retrocam-camera-card").rewind.video === undefined) return "img";
  const past = find("retrocam-footage").renderRoot;
  if (past.querySelector("img")) return undefined;
  return past.querySelector("ha-hls-player")?.shadowRoot.querySelector("video") && "video";
})()"""
"""What plays the past: a video, or single frames."""


@pytest_asyncio.fixture(scope="module", loop_scope="package", params=BROWSERS)
async def browser(
    running_home: Home, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Browser]:
    """A browser in which the administrator is logged in, with a page for each card."""
    pytest_socket.enable_socket()
    client = running_home.client
    path = {"url_path": DASHBOARD}
    if not [
        one
        for one in await client.command("lovelace/dashboards/list")
        if path.items() <= one.items()
    ]:
        await client.command(
            "lovelace/dashboards/create", title="Peers", mode="storage", require_admin=False,
            show_in_sidebar=False, **path,
        )  # fmt: skip
        cards = {
            k: {"type": f"custom:retrocam-{k}-card", "entity": running_home.camera} for k in KINDS
        }
        views = [{"title": kind, "path": kind, "cards": [card]} for kind, card in cards.items()]
        await client.command("lovelace/config/save", config={"views": views}, **path)
    async with BROWSERS[request.param](tmp_path_factory.mktemp("profile")) as browser:
        await browser.open(f"{client.url}/robots.txt")
        own = {"hassUrl": client.url, "clientId": f"{client.url}/"}
        tokens = {**client.tokens, **own, "expires": (time.time() + 1800) * 1000}
        await browser.run(f"localStorage.hassTokens = JSON.stringify({json.dumps(tokens)})")
        yield browser
    assert [text for text in browser.complaints if not is_noise(text)] == []


def is_noise(text: str) -> bool:
    # A 401 tells the share page that the PIN is required.
    return text == UNTOLD or "401" in text or any(known in text for known in KNOWN_NOISE)


async def shown(browser: Browser, *path: str, after: int = -1) -> int:
    """Return the first readable frame number greater than `after` of an image, video or canvas."""
    async with asyncio.timeout(PATIENCE):
        while True:
            number = read_frame_number(luma_of(await browser.picture(*path)))
            if number is not None and number > after:
                return number


async def opened(browser: Browser, home: Home, kind: str) -> None:
    """Open the page of a card."""
    await browser.open(f"{home.client.url}/{DASHBOARD}/{kind}")
    await browser.met(f'!!find("retrocam-{kind}-card")')


async def test_camera_card_is_live_and_rewinds(home: Home, browser: Browser) -> None:
    await home.held_for(25)
    await opened(browser, home, "camera")
    live = ("retrocam-footage", "video")
    await browser.met(PLAYS)
    begun = await shown(browser, *live)
    await shown(browser, *live, after=begun + 8 * FPS)

    for along in (0.8, 0.75):
        await browser.mouse(["move", *await browser.place(*BAR, along=0.9)], ["down"])
        before = await browser.run(f"return {REWIND}.time")
        await browser.mouse(["move", *await browser.place(*BAR, along=along)])
        await browser.met(
            f"(rewind => rewind.time !== {before} && rewind.pictures.exactOf === rewind.time)({REWIND})"
        )
        moment, told = await browser.run(f"return [{REWIND}.time, {REWIND}.picture.time]")
        assert told - 0.001 <= moment <= told + 1 / FPS + 0.001
        # By the beginning of the frame: later answers may tell an earlier one of the same frame.
        number = await home.number_at(told)
        async with asyncio.timeout(PATIENCE):
            while await shown(browser, "retrocam-footage", "img") != number:
                pass
        await browser.mouse(["up"])
        element = await browser.met(PAST)
        # WebKitGTK's Media Source Extensions cannot seek backwards: it may need single frames.
        assert element == "video" or not isinstance(browser, Firefox)
        begun = await shown(browser, "retrocam-footage", element, after=number - 1)
        elapsed: float = await browser.run(f"return {REWIND}.shown") - moment
        assert begun <= number + FPS * (elapsed + 1)
        await shown(browser, "retrocam-footage", element, after=begun + FPS)
    await browser.click("retrocam-camera-card", "button.live")
    await browser.met(f"{REWIND}.mode === 'live' && {PLAYS}")
    await shown(browser, *live, after=begun + FPS)


async def test_ascii_card_draws(home: Home, browser: Browser) -> None:
    await opened(browser, home, "ascii")
    await browser.met(
        'find("retrocam-ascii-card", "retrocam-screen")?.player?.report()?.drawn >= 10'
    )
    assert len(await browser.run('return find("retrocam-screen").text')) > 100


async def test_history_card_lists_and_plays(home: Home, browser: Browser) -> None:
    snapshot = await home.act("take_snapshot")
    clip = await home.act("record", lookback=3, duration=0)
    await opened(browser, home, "history")
    for item in (snapshot, clip):
        name = item["media_content_id"].rpartition("/")[2]
        source = f'find("retrocam-grid", "img[src*=\\"{name}\\"]")'
        await browser.met(f"{source}?.naturalWidth > 0")
    taken = [await home.act("take_snapshot") for _ in range(4)]
    span = {"start": snapshot["timestamp"], "end": taken[-1]["timestamp"]}
    timelapse = await home.act("export_timelapse", fps=1, **span)
    for video in (clip, timelapse):
        await browser.open(home.client.url + video["url"])
        await browser.met('find("video")?.currentTime > 0')
        first = await shown(browser, "video")
        await shown(browser, "video", after=first)


async def test_mjpeg(home: Home, browser: Browser) -> None:
    state = await home.client.wait_for_state(home.camera)
    token = state["attributes"]["access_token"]
    ours, core = await home.url("mjpeg"), f"/api/camera_proxy_stream/{home.camera}?token={token}"
    await browser.open(f"{home.client.url}/robots.txt")
    for url in (ours, core):
        await browser.run(f"""document.querySelector("img")?.remove();
            const image = document.createElement("img");
            image.src = {json.dumps(url)};
            document.documentElement.append(image)""")
        await browser.met('find("img").naturalWidth > 0')
        first = await shown(browser, "img")
        await shown(browser, "img", after=first)


async def test_share_page_unlocks_and_draws(home: Home, browser: Browser) -> None:
    await browser.open(home.shared.url)
    await browser.click("section.notice", "button.go")
    for digit in home.shared.pin:
        await press(browser, digit)
    await browser.click("button.go")
    await press(browser, "ASCII")
    screen = 'find("retrocam-share-screen")'
    await browser.met(f"{screen}?.report()?.drawn >= 10")
    assert len(await browser.run(f"return {screen}.text")) > 100


async def press(browser: Browser, name: str) -> Any:
    """Click a button by its text."""
    button = (
        f"[...document.querySelectorAll('button')].find(one => one.textContent.trim() === '{name}')"
    )
    await browser.met(f"!!({button})")
    await browser.run(f"{button}.click()")
