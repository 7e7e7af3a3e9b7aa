"""The ASCII card: playback, settings, sound and messages."""

import re
import statistics
from typing import Any

from playwright.async_api import Locator, expect
import pytest

from demo.film import FILM

from .board import ASCII_VIEW, SCREEN, Board, met

pytestmark = pytest.mark.asyncio(loop_scope="package")

VIEW = ASCII_VIEW

SELECTED = "screen => String(screen.renderRoot.getSelection?.() ?? getSelection()).length"

LEFT_OF_LETTER = """(pre, column) => {
  const letter = document.createRange();
  letter.setStart(pre.firstChild, column);
  letter.setEnd(pre.firstChild, column + 1);
  const screen = pre.getRootNode().host.getBoundingClientRect();
  return (letter.getBoundingClientRect().left - screen.left) / screen.width;
}"""
"""The centre of a character of the first line, relative to the picture's width."""


def screen_of(board: Board) -> Locator:
    return board.ascii_card.locator(SCREEN)


async def play(board: Board, media: str = FILM) -> None:
    search = board.ascii_card.get_by_role("searchbox")
    await search.fill(media)
    await search.press("Enter")


async def playing(board: Board) -> Locator:
    """Play the film, and return the screen once its frames are drawn, instead of earlier ones."""
    screen = screen_of(board)
    before = await screen.evaluate("screen => screen.info?.epoch ?? null")
    await play(board)
    begun = "element.info && element.info.epoch !== argument"
    await met(screen, f"{begun} && element.text.length > 100", before)
    await expect(board.ascii_card.get_by_role("button", name="Pause")).to_be_enabled()
    return screen


async def moves(screen: Locator) -> None:
    """Wait until the picture changes."""
    await met(screen, "element.text !== argument", await screen.evaluate("screen => screen.text"))


async def state(board: Board) -> dict[str, Any]:
    return await board.client.wait_for_state(board.player)


OFFSETS = """async (screen, count) => {
  const seen = [];
  while (seen.length < count) {
    await new Promise(requestAnimationFrame);
    const { soundOffset } = screen.player.report();
    if (soundOffset !== undefined && soundOffset !== seen.at(-1)) seen.push(soundOffset);
  }
  return seen;
}"""
"""Milliseconds by which the next frames are ahead of the sound."""


async def reported(screen: Locator, condition: str) -> dict[str, Any]:
    """Wait until the statistics of the screen meet a condition, and return them."""
    await met(screen, f"((report) => {condition})(element.player.report())")
    report: dict[str, Any] = await screen.evaluate("screen => screen.player.report()")
    return report


async def test_film_is_searched_played_paused_sought_and_stopped(board: Board) -> None:
    card = board.ascii_card
    screen = await playing(board)
    await moves(screen)
    await expect(card.get_by_text("retrocam-demo")).to_be_visible()
    await card.get_by_role("button", name="Pause").click()
    await expect(card.get_by_role("button", name="Play", exact=True).last).to_be_enabled()
    await expect(card.get_by_text("Paused")).to_be_visible()
    position = card.get_by_role("slider", name="Position")
    await position.fill("12")
    await met(position, "element.value === '12'")
    await card.locator(".controls").get_by_role("button", name="Play", exact=True).click()
    await expect(card.get_by_role("button", name="Pause")).to_be_enabled()
    await moves(screen)
    assert (await state(board))["attributes"]["media_position"] >= 12
    await card.get_by_role("button", name="Stop").click()
    await expect(card.get_by_text("Nothing is playing")).to_be_visible()
    assert (await state(board))["state"] == "idle"


@pytest.mark.long
async def test_picture_is_in_step_with_the_sound(board: Board) -> None:
    screen = await playing(board)
    await reported(screen, "report.soundOffset !== undefined")
    # The newest frame not later than the sound is drawn: at most a frame duration behind it. Not for
    # every frame: a browser without a GPU may stall on a busy machine.
    offsets = await screen.evaluate(OFFSETS, 25)
    assert abs(statistics.median(offsets)) <= 1000 / 24 + 2, offsets


async def test_statistics_and_volume(board: Board) -> None:
    card = board.ascii_card
    screen = await playing(board)
    report = await reported(screen, "report.soundOffset !== undefined && report.bytes > 0")
    assert report["asked"] == 24
    await card.get_by_role("button", name="Statistics").click()
    figures = (
        r"^[\d.]+ of 24.0 frames/s$",
        r"ms apart, jitter",
        r"kB/s$",
        r"Sound offset -?\d+ ms",
    )
    for figure in figures:
        await expect(screen.get_by_text(re.compile(figure))).to_be_visible()
    await card.get_by_role("button", name="Statistics").click()
    await expect(screen.get_by_text("frames/s")).to_be_hidden()

    await card.get_by_role("slider", name="Volume").fill("0.25")
    assert await screen.evaluate("screen => screen.sound.position.volume") == 0.25
    await card.get_by_role("button", name="Mute").click()
    await met(screen, "element.sound.position.paused")
    await card.get_by_role("button", name="Unmute").click()
    await met(screen, "!element.sound.position.paused")


async def test_style_changes_locally_and_size_on_the_server(board: Board) -> None:
    card = board.ascii_card
    screen = await playing(board)
    await card.get_by_role("button", name="Style").click()
    await card.get_by_role("radio", name="Blocks").click()
    await met(screen, "/^[ ░▒▓█\\n]+$/.test(element.text)")
    table = await screen.evaluate("screen => [...screen.surface.scene.table]")
    inverted = ",".join(str(4 - glyph) for glyph in table)
    await card.get_by_label("Invert").check()
    await met(screen, "element.surface.scene.table.join() === argument", inverted)
    await card.get_by_label("Contrast").fill("2")
    await card.get_by_label("Gamma").fill("2")
    await met(screen, "element.surface.scene.table.join() !== argument", inverted)
    await card.get_by_label("Colour").uncheck()
    await met(screen, "!element.surface.scene.colour")
    await card.get_by_role("radio", name="Tall").click()
    await met(screen, "element.text.split('\\n').length === 120")
    await card.get_by_role("radio", name="Low").click()
    await met(screen, "element.text.split('\\n').length === 50")


async def test_picture_is_text_while_selected(board: Board) -> None:
    screen = await playing(board)
    text = screen.locator("pre")
    await expect(text).to_be_empty()
    await screen.hover(position={"x": 60, "y": 60})
    await board.page.mouse.down()
    await screen.hover(position={"x": 200, "y": 120})
    await board.page.mouse.up()
    assert 100 < await screen.evaluate(SELECTED) < 6049
    assert len(await text.inner_text()) == 120 * 50 + 49
    # A press anywhere else, and the picture moves again.
    await board.history_card.locator("retrocam-day-picker .name").click()
    await expect(text).to_be_empty()
    await moves(screen)
    # Each character lies on its cell, also on a right-to-left page.
    await board.ascii_card.evaluate("card => { card.dir = 'rtl'; }")
    button = board.ascii_card.get_by_role("button", name="Select as text")
    await button.click()
    assert await screen.evaluate(SELECTED) == 120 * 50 + 49
    places = [await text.evaluate(LEFT_OF_LETTER, column) for column in (0, 30, 90)]
    assert places == pytest.approx([0, 1 / 4, 3 / 4], abs=0.01)
    await board.ascii_card.evaluate("card => { card.dir = ''; }")
    await button.click()
    await expect(text).to_be_empty()


async def test_browsed_media_plays_and_unplayable_media_shows_an_error(board: Board) -> None:
    card = board.ascii_card
    await card.get_by_role("button", name="Browse media").click()
    browser = board.page.get_by_role("dialog", name="Browse media")
    await browser.get_by_role("button", name="Camera", exact=True).click()
    await browser.get_by_role("button", name="Demo garage").first.click()
    await expect(browser).to_be_hidden()
    screen = screen_of(board)
    await screen.scroll_into_view_if_needed()
    await expect(card.get_by_text("Live", exact=True)).to_be_visible()
    # Successive frames of that camera, with more than a background.
    await reported(screen, "element.info.title === 'Demo garage' && report.drawn > 15")
    await moves(screen)
    assert len(set(await screen.evaluate("screen => screen.text"))) > 5

    await play(board, "http://127.0.0.1:9/nothing.mp4")
    await expect(card.get_by_text("Failed:")).to_be_visible()
    alert = screen.get_by_role("alert")
    await expect(alert).to_have_text("Only public internet addresses can be played.")
    await board.client.post("/api/services/media_player/media_stop", {"entity_id": board.player})
