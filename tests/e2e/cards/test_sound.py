"""The sound of the camera card: the speaker and its volume, live and in the past."""

from collections.abc import AsyncIterator, Callable
import contextlib
from dataclasses import replace
from typing import Final

from playwright.async_api import ConsoleMessage, Locator, expect
import pytest

from demo.setting import MEMBERS, view

from .board import CAMERA_VIEW, VIEWS, Board, met, plays
from .rewinding import VIDEO, live, plays_past, warm

pytestmark = pytest.mark.asyncio(loop_scope="package")

VIEW = CAMERA_VIEW

TELL: Final = """
const videos = (root) => [...root.querySelectorAll("*")].flatMap((one) =>
  one.localName === "video" ? [one] : one.shadowRoot ? videos(one.shadowRoot) : []);
let told, aloud;
setInterval(async () => {
  const [video] = videos(document);
  if (!(video?.currentTime > 1)) return;
  const { muted, paused, volume } = video;
  const { hasBeenActive } = navigator.userActivation;
  if (!aloud) {
    const other = document.createElement("video");
    other.srcObject = video.captureStream();
    aloud = await other.play().then(() => "allowed", ({ name }) => name);
    other.srcObject = null;
  }
  const state = JSON.stringify([hasBeenActive, aloud, muted, paused, volume]);
  if (state !== told) console.info(`sound: ${told = state}`);
}, 100);
"""
"""Tells the console whether the user has clicked, what the browser says to sound without a click,
and whether the video of the page is muted, is paused, and its volume: what Playwright evaluates
counts as a click."""
HEARD: Final = """(video) => new Promise((resolve) => {
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  context.createMediaStreamSource(video.captureStream()).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    if (!samples.some((sample) => Math.abs(sample) > 0.02)) return;
    clearInterval(timer);
    context.close().then(() => resolve(true));
  }, 20);
})"""
"""Waits for a beep of the test pattern in the sound of a video."""
VOLUME: Final = """(slider, volume) => {
  slider.value = volume;
  slider.dispatchEvent(new Event("input", { bubbles: true, composed: true }));
}"""


def said(state: str) -> Callable[[ConsoleMessage], bool]:
    """Return whether a message of TELL tells a state."""
    return lambda message: message.text == f"sound: {state}"


def speaker(card: Locator) -> Locator:
    return card.locator("button.speaker")


async def turn(card: Locator, volume: float) -> None:
    await card.get_by_role("slider", name="Volume").evaluate(VOLUME, volume)


async def is_heard(video: Locator, volume: float) -> None:
    """Wait until a video plays with sound, at a volume."""
    await met(video, "!element.muted && !element.paused && element.volume === argument", volume)
    assert await video.evaluate(HEARD)


@contextlib.asynccontextmanager
async def silent_again(board: Board) -> AsyncIterator[Locator]:
    """The demo camera's card; what the test chose is forgotten after the `with` block."""
    try:
        yield board.camera_card
    finally:
        await board.page.evaluate("localStorage.removeItem('retrocam-sound')")
        await board.page.evaluate("localStorage.removeItem('retrocam-volume')")
        await board.page.reload()


async def test_sound_is_remembered_and_begins_by_the_first_click(board: Board) -> None:
    await board.leave()
    async with board.visitor.another(TELL) as visitor:
        page = visitor.page
        await visitor.log_in(f"{board.client.url}/{VIEWS}")
        await page.goto(f"{board.client.url}/{CAMERA_VIEW}")
        card = replace(board, visitor=visitor).camera_card
        video = card.locator("video")
        await plays(video)
        await speaker(card).click()
        await turn(card, 0.3)
        await is_heard(video, 0.3)
        for clicked in (card.get_by_text("Demo camera"), speaker(card)):
            box = await clicked.bounding_box()
            assert box is not None
            async with page.expect_console_message(
                said('[false,"NotAllowedError",true,false,0.3]')
            ):
                await page.reload()
            async with page.expect_console_message(
                said('[true,"NotAllowedError",false,false,0.3]')
            ):
                await page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
            await is_heard(video, 0.3)
            await expect(speaker(card)).to_have_accessible_name("Mute")
        assert visitor.complaints == []


async def test_key_turns_the_sound_on_and_off(board: Board) -> None:
    async with silent_again(board) as card:
        await plays(card.locator("video"))
        await card.get_by_role("button", name="Take snapshot").focus()
        await board.page.keyboard.press("m")
        await met(card.locator("video"), "!element.muted && !element.paused")
        await board.page.keyboard.press("m")
        await met(card.locator("video"), "element.muted && !element.paused")


async def test_past_is_heard_at_speeds_at_which_it_is_understood(board: Board) -> None:
    async with silent_again(board) as card:
        bar = await warm(board)
        await speaker(card).click()
        await turn(card, 0.4)
        await bar.press(18)
        await bar.let_go()
        await plays_past(bar)
        video = card.locator(VIDEO)
        await is_heard(video, 0.4)
        speed = card.get_by_role("combobox", name="Speed")
        await speed.select_option("0.25")
        await met(video, "element.muted && !element.paused")
        await expect(speaker(card)).to_be_disabled()
        await expect(speaker(card)).to_have_accessible_name("No sound at this speed")
        await speed.select_option("0.5")
        await is_heard(video, 0.4)
        await speaker(card).click()
        await met(video, "element.muted && !element.paused")
        await bar.knob.press("m")
        await met(video, "!element.muted && !element.paused")
        await live(board)
        await is_heard(card.locator("video"), 0.4)


async def test_camera_without_lookback_is_heard(board: Board) -> None:
    name = list(MEMBERS)[1]
    entry = next(one for one in await board.client.entries() if one["title"] == name)
    camera = await board.client.entity_id(entry["entry_id"], "camera")
    path = "cold-camera"
    await board.client.command(
        "lovelace/dashboards/create", url_path=path, title="Cold", mode="storage"
    )
    shown = view("Cold", "cold", [{"type": "custom:retrocam-camera-card", "entity": camera}])
    await board.client.command("lovelace/config/save", url_path=path, config={"views": [shown]})
    await board.leave()
    await board.page.goto(f"{board.client.url}/{path}")
    card = board.page.locator("retrocam-camera-card")
    video = card.locator("retrocam-live ha-camera-stream video")
    await plays(video)
    await speaker(card).click()
    await turn(card, 0.6)
    await is_heard(video, 0.6)
    await speaker(card).click()
    await met(video, "element.muted && !element.paused")
    await board.leave()
