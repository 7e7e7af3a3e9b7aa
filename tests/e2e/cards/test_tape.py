"""Rewinding on the camera card over the tape, hours back."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
import io
from pathlib import Path
from typing import Any, Final

import av
from playwright.async_api import Locator, expect
import pytest
import pytest_asyncio

from custom_components.retrocam.core.frames.jpeg import planes
from custom_components.retrocam.datetimes import unix_time
from demo.jobs import frame_number
from tests.pattern_reader import read_frame_number

from ..browser import TIMEOUT, luma, seen_number
from .board import CAMERA_CARD, CAMERA_VIEW, Board, met
from .readable import IS_DARK, PHONE, SCHEMES, faults
from .taped_camera import NAME, add_taped_camera, show_card, switch

pytestmark = pytest.mark.asyncio(loop_scope="package")

VIEW = CAMERA_VIEW

HOUR: Final = 3600.0
AGES: Final = (3 * HOUR, 2 * HOUR)
PATH: Final = "taped-camera"


@dataclass
class TapedCard:
    """The card of a camera with a tape, used with a mouse."""

    board: Board
    entry_id: str
    card: Locator

    @property
    def knob(self) -> Locator:
        return self.card.get_by_role("slider", name="Rewind")

    @property
    def stage(self) -> Locator:
        return self.card.locator(".stage")

    async def spans(self) -> list[tuple[float, float]]:
        """Return what is held, in UNIX s, by the server."""
        answer = await self.board.client.get(f"/api/retrocam/footage/{self.entry_id}")
        return [(unix_time(span["start"]), unix_time(span["end"])) for span in answer["spans"]]

    async def number_at(self, time: float) -> int:
        """Return the number of the frame that was shown at a time, by the server."""
        path = f"/api/retrocam/footage/{self.entry_id}/frame?at={time:.3f}"
        return frame_number(await self.board.client.get_bytes(path))

    async def choose(self, span: str) -> None:
        await self.card.get_by_role("combobox", name="Span of the bar").select_option(span)

    async def press(self, time: float) -> None:
        """Press the mouse on the bar, where a time is, and leave it there."""
        # What it shows, when it is known what is held.
        await met(self.card, "element.rewind.barEdge !== undefined")
        share: float = await self.card.evaluate(
            """({ rewind: { bar, barEdge } }, time) =>
              1 - (barEdge - bar.right(barEdge) - time) / bar.full""",
            time,
        )
        assert 0 <= share <= 1
        rail = self.card.locator("retrocam-time-bar .rail")
        # It waits until the page stands still, which moves when its size has changed.
        await rail.hover()
        box = await rail.bounding_box()
        assert box is not None
        mouse = self.board.page.mouse
        await mouse.move(box["x"] + box["width"] * share, box["y"] + box["height"] / 2)
        await mouse.down()
        await met(self.card, "element.rewind.pictures.exactOf === element.rewind.time")

    async def let_go(self) -> None:
        """Let go, and wait until the past plays as video."""
        await self.board.page.mouse.up()
        await met(
            self.card,
            "(({ mode, covers, picture }) => mode === 'playing' && covers && !picture)"
            "(element.rewind)",
        )

    async def click(self, name: str) -> None:
        await self.card.get_by_role("button", name=name, exact=True).click()

    async def shown(self) -> float:
        """Return the time shown, in UNIX s."""
        shown: float = await self.card.evaluate("({ rewind }) => rewind.shown")
        return shown

    async def linked(self, name: str) -> bytes:
        link = self.card.get_by_role("link", name=name)
        return await self.board.fetched(await link.get_attribute("href"))


@pytest_asyncio.fixture(loop_scope="package")
async def taped(board: Board) -> AsyncIterator[TapedCard]:
    """The page of a camera with footage of three and of two hours ago on tape, and 8 s in memory."""
    client = board.client
    found = [entry["entry_id"] for entry in await client.entries() if entry["title"] == NAME]
    if found:
        entry_id = found[0]
        await switch(client, entry_id, on=True)
    else:
        entry_id = await add_taped_camera(client, AGES)
        await show_card(client, entry_id, PATH)
    await board.leave()
    await board.page.goto(f"{client.url}/{PATH}")
    yield TapedCard(board, entry_id, board.page.locator(CAMERA_CARD))
    await board.leave()
    await switch(client, entry_id, on=False)


async def shows(picture: Locator, number: int) -> None:
    """Wait until a picture shows a frame number."""
    async with asyncio.timeout(TIMEOUT / 1000):
        while read_frame_number(await luma(picture)) != number:
            pass


async def test_hours_of_the_tape_are_rewound_played_and_saved(taped: TapedCard) -> None:
    requested: list[str] = []
    page = taped.board.page
    page.on("request", lambda request: requested.append(request.url))
    await expect(taped.card.get_by_role("combobox", name="Span of the bar")).to_have_text(
        "8 s60 s15 min1 hrAll"
    )
    await taped.choose("All")
    oldest, later, newest = (await taped.spans())[:3]
    await met(taped.card, "element.rewind.timeline.spans.length === 3")
    # Nothing is loaded before the first touch.
    assert not [url for url in requested if "/frame?" in url or "start=" in url]
    await taped.press(oldest[0] + 10)
    assert oldest[0] <= await taped.shown() <= oldest[1]
    await shows(taped.stage, await taped.number_at(await taped.shown()))
    assert str(await taped.knob.get_attribute("aria-valuetext")).startswith("3 hours ago, ")

    await page.mouse.up()
    # A shorter bar lies around there.
    await taped.choose("900")
    await taped.press(oldest[1] - 4)
    at = await taped.shown()
    assert oldest[1] - 8 < at < oldest[1]
    number = await taped.number_at(at)
    await taped.let_go()
    first, _ = await seen_number(taped.stage, number - 1)
    assert first <= number + 25 * (await taped.shown() - at + 1)
    # It ends there, and goes on with what follows, an hour later.
    await met(taped.card, "element.rewind.shown >= argument && !element.rewind.picture", later[0])
    await taped.click("Pause")
    at = await taped.shown()
    assert later[0] <= at <= later[1]
    await met(taped.card, "element.rewind.picture?.time <= element.rewind.time")

    await taped.knob.press("i")
    for _ in range(2):
        await taped.knob.press(".")
    await taped.card.get_by_role("slider", name="End of the part").press("ArrowLeft")
    part: dict[str, Any] = await taped.card.evaluate("({ rewind }) => rewind.marks.part")
    seconds = round(part["end"] - part["start"])
    await taped.click(f"Save {seconds} s")
    await expect(taped.card.get_by_role("status").last).to_contain_text("Saved")
    clip = await taped.linked("Open clip")
    with av.open(io.BytesIO(clip), "r") as container:
        numbers = [read_frame_number(planes(frame)[0]) for frame in container.decode(video=0)]
    begin = await taped.number_at(part["start"])
    end = await taped.number_at(part["end"])
    # It begins with a keyframe.
    assert numbers[0] is not None
    assert begin - 25 * 6 <= numbers[0] <= begin
    assert numbers[-1] in (end - 1, end)
    await taped.click("Take snapshot")
    await expect(taped.card.get_by_role("link", name="Open snapshot")).to_be_visible()
    seen = read_frame_number(await luma(taped.stage))
    assert frame_number(await taped.linked("Open snapshot")) == seen

    await taped.click("Live")
    video = taped.card.locator("video")
    await met(video, "!element.paused && element.currentTime > 0")
    # From what has just left memory into it, and to the present.
    await taped.choose("900")
    await taped.press(newest[0] + 5)
    await taped.let_go()
    assert "start=" in str(await taped.card.locator("ha-hls-player").evaluate("one => one.url"))
    await taped.card.get_by_role("combobox", name="Speed").select_option("4")
    await met(taped.card, "element.rewind.mode === 'live'")


async def test_past_of_hours_is_readable_on_a_narrow_phone(taped: TapedCard) -> None:
    page, card = taped.board.page, taped.card
    before = page.viewport_size
    assert before is not None
    await page.set_viewport_size(PHONE)
    try:
        await taped.choose("All")
        await taped.press((await taped.spans())[1][0] + 5)
        await page.mouse.up()
        for name in ("Pause", "Mark a part"):
            await taped.click(name)
        for span in ("60", "900", "Infinity"):
            await taped.choose(span)
            await expect(card.locator(".tick").first).to_be_visible()
            for scheme in SCHEMES:
                await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
                await page.wait_for_function(IS_DARK if scheme == "dark" else f"!({IS_DARK})")
                assert await faults(card) == [], (span, scheme)
    finally:
        await page.emulate_media(color_scheme="light", reduced_motion="no-preference")
        await page.set_viewport_size(before)


async def test_what_is_gone_is_told(taped: TapedCard) -> None:
    oldest = (await taped.spans())[0]
    for path in Path(taped.board.directory).glob("media/**/tape/*/*.mp4"):
        # Somebody has deleted it.
        if path == min(path.parent.parent.glob("*/*.mp4")):
            path.unlink()
            break
    await taped.choose("All")
    await met(taped.card, "element.rewind.timeline.known")
    await taped.knob.press("Home")
    said = taped.card.get_by_role("status").filter(has_text="Nothing is kept of this moment")
    await expect(said).to_be_visible()
    assert oldest[0] <= await taped.shown() <= oldest[1]
    await taped.click("Live")
    await expect(said).to_have_count(0)
    await met(taped.card.locator("video"), "!element.paused && element.currentTime > 0")
    taped.board.visitor.forgive("/frame?")


async def test_wheel_with_ctrl_makes_the_bar_longer(taped: TapedCard) -> None:
    page = taped.board.page
    await taped.choose("60")
    span = taped.card.get_by_role("combobox", name="Span of the bar")
    rail = taped.card.locator("retrocam-time-bar .rail")
    scale: float = await page.evaluate("devicePixelRatio")

    async def turn(pixels: int, value: str) -> None:
        # It waits until the page stands still, which moves when its size has changed.
        await rail.hover()
        await page.keyboard.down("Control")
        await page.mouse.wheel(0, pixels)
        await page.keyboard.up("Control")
        await expect(span).to_have_value(value)

    try:
        await turn(120, "900")
        await turn(120, "3600")
        await turn(-120, "900")
        assert await page.evaluate("devicePixelRatio") == scale
    finally:
        await taped.choose("60")
