"""The cards on the demo's dashboard: every button of theirs, pressed in a real browser."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
import io
import re
from typing import Any
from urllib.parse import urljoin

import av
from playwright.async_api import Locator, Page, expect
import pytest
import pytest_asyncio
import pytest_socket

from custom_components.retrocam.core.jpeg import planes
from custom_components.retrocam.core.test_pattern import read_frame_number
from demo.client import Client
from demo.jobs import frame_number
from demo.server import free_port, running
from demo.setting import DASHBOARD, DEMO_NAME, GRID_NAME, set_up
from tests.waiting import until

from .browser import TIMEOUT, Visit, chromium, luma, seen_number, visit

pytestmark = pytest.mark.asyncio(loop_scope="module")
expect.set_options(timeout=TIMEOUT)

CAMERA_CARD = "retrocam-camera-card"
HISTORY_CARD = "retrocam-history-card"
FIVE_SECONDS_READY = "element => Number(element.getAttribute('aria-valuenow')) >= 5"


@dataclass(frozen=True)
class Board:
    """The demo's dashboard, as the administrator sees it."""

    client: Client
    entry_id: str
    camera: str
    layout: str
    """The id of the grid's select."""
    visitor: Visit

    @property
    def page(self) -> Page:
        return self.visitor.page

    @property
    def camera_card(self) -> Locator:
        return self.page.locator(CAMERA_CARD).filter(has_text=DEMO_NAME)

    @property
    def grid_card(self) -> Locator:
        return self.page.locator(CAMERA_CARD).filter(has_text=GRID_NAME)

    @property
    def history_card(self) -> Locator:
        return self.page.locator(HISTORY_CARD)

    def kept(self, kind: str) -> Locator:
        """Return the thumbnails of a kind, which are labelled with it."""
        return self.history_card.get_by_role("button", name=re.compile(rf"^{kind}, \d"))

    async def act(self, action: str, **data: Any) -> dict[str, Any]:
        data = {"entity_id": self.camera, **data}
        answer: dict[str, Any] = await self.client.call_action("retrocam", action, data)
        said: dict[str, Any] = answer[self.camera]
        return said

    async def linked(self, name: str) -> bytes:
        """Return what a link of the camera card leads to, for one who has nothing but the link."""
        href = await self.camera_card.get_by_role("link", name=name).get_attribute("href")
        assert href is not None
        async with self.client.session.get(urljoin(self.client.url, href)) as response:
            assert response.status == 200
            return await response.read()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running_board(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Board]:
    """One Home Assistant and one browser for all tests of this module."""
    chromium()
    pytest_socket.enable_socket()
    async with (
        running(tmp_path_factory.mktemp("demo"), free_port()) as server,
        Client.logged_in(server.url) as client,
        visit(timezone_id="UTC") as visitor,
    ):
        entry_id = await set_up(client)
        camera = await client.entity_id(entry_id, "camera")
        # Only what a test does is to be seen in the history.
        history = {"entity_id": await client.entity_id(entry_id, "history")}
        await client.post("/api/services/switch/turn_off", history)
        grid = {entry["title"]: entry["entry_id"] for entry in await client.entries()}[GRID_NAME]
        layout = await client.entity_id(grid, "layout")
        await visitor.log_in(f"{server.url}/{DASHBOARD}")
        yield Board(client, entry_id, camera, layout, visitor)


@pytest_asyncio.fixture(loop_scope="module")
async def board(running_board: Board, socket_enabled: None) -> AsyncIterator[Board]:
    """The dashboard, opened anew; at the end its console must be empty."""
    board = running_board
    before = len(board.visitor.complaints)
    await board.page.goto(f"{board.client.url}/{DASHBOARD}")
    await expect(board.camera_card).to_be_visible()
    await expect(board.history_card.get_by_text(re.compile(r"^\d+ kept$"))).to_be_visible()
    yield board
    assert board.visitor.complaints[before:] == []


async def plays(video: Locator) -> None:
    """Wait until a video is in its second second, decoded."""
    await video.page.wait_for_function(
        "video => video.currentTime > 1 && video.videoWidth > 0", arg=await video.element_handle()
    )


async def filled(board: Board) -> None:
    """Wait until the gauge tells of some seconds."""
    gauge = board.camera_card.get_by_role("meter")
    await board.page.wait_for_function(FIVE_SECONDS_READY, arg=await gauge.element_handle())


async def test_the_live_picture_moves_and_the_gauge_tells_what_is_held(board: Board) -> None:
    await plays(board.camera_card.locator("video"))
    picture = board.camera_card.locator("retrocam-live")
    first, _ = await seen_number(picture)
    second, _ = await seen_number(picture, first + 5)
    assert second > first
    await filled(board)
    gauge = board.camera_card.get_by_role("meter")
    await expect(gauge).to_have_text(re.compile(r"\d+ s ready, \d+(\.\d)? (kB|MB)"))


async def test_the_last_seconds_are_saved_listed_and_play(board: Board) -> None:
    await filled(board)
    clips = await board.kept("Clip").count()
    await board.camera_card.get_by_role("button", name="Save the last 10 s").click()
    await expect(board.camera_card.get_by_role("status").last).to_contain_text("Saved")
    clip = await board.linked("Open clip")
    with av.open(io.BytesIO(clip), "r") as container:
        numbers = [read_frame_number(planes(frame)[0]) for frame in container.decode(video=0)]
    assert len(numbers) > 50
    assert numbers[0] is not None
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))

    await expect(board.kept("Clip")).to_have_count(clips + 1)
    await board.kept("Clip").first.click()
    viewer = board.page.get_by_role("dialog", name="Viewer")
    await plays(viewer.locator("video"))
    await board.page.keyboard.press("Escape")
    await expect(viewer).to_be_hidden()


async def test_a_snapshot_is_taken_and_listed(board: Board) -> None:
    taken = await board.kept("Snapshot").count()
    await board.camera_card.get_by_role("button", name="Take snapshot").click()
    await expect(board.camera_card.get_by_role("link", name="Open snapshot")).to_be_visible()
    assert frame_number(await board.linked("Open snapshot")) > 0
    await expect(board.kept("Snapshot")).to_have_count(taken + 1)


async def test_a_recording_is_shown_extended_and_stopped(board: Board) -> None:
    loop = asyncio.get_running_loop()
    recording = asyncio.create_task(board.act("record", lookback=0, duration=5))
    stop = board.camera_card.get_by_role("button", name="Stop recording")
    await stop.wait_for()
    await board.camera_card.get_by_role("button", name="+ 30 s more").click()
    began = loop.time()
    await until(lambda: loop.time() - began > 8)
    assert not recording.done()
    await stop.click()
    await expect(stop).to_be_hidden()
    assert 6 < (await recording)["duration"] < 30


async def test_the_viewer_turns_pages_and_deletes(board: Board) -> None:
    for _ in range(2):
        await board.act("take_snapshot")
    snapshots = board.kept("Snapshot")
    await expect(snapshots.nth(1)).to_be_visible()
    count = await snapshots.count()
    await snapshots.first.click()
    viewer = board.page.get_by_role("dialog", name="Viewer")
    download = viewer.get_by_role("link", name="Download")
    newest = str(await download.get_attribute("href"))
    await board.page.keyboard.press("ArrowLeft")
    await expect(download).not_to_have_attribute("href", newest)
    await board.page.keyboard.press("ArrowRight")
    await expect(download).to_have_attribute("href", newest)

    await viewer.get_by_role("button", name="Delete").click()
    await viewer.locator("footer").get_by_role("button", name="Delete").click()
    await expect(download).not_to_have_attribute("href", newest)
    await board.page.keyboard.press("Escape")
    await expect(snapshots).to_have_count(count - 1)
    async with board.client.session.get(urljoin(board.client.url, newest)) as response:
        assert response.status == 404


async def test_the_ribbon_shows_what_was_when(board: Board) -> None:
    await board.act("take_snapshot")
    await expect(board.kept("Snapshot").first).to_be_visible()
    ribbon = board.history_card.locator("retrocam-ribbon canvas")
    # Unlike a look at its place, this waits until the page has come to rest.
    await ribbon.hover(position={"x": 200, "y": 12})
    await board.page.mouse.down()
    await ribbon.hover(position={"x": 120, "y": 12})
    picture = board.history_card.locator(".bubble img")
    await board.page.wait_for_function(
        "image => image.naturalWidth > 0", arg=await picture.element_handle()
    )
    await board.page.mouse.up()
    await expect(picture).to_be_hidden()


async def test_a_timelapse_is_made_and_plays(board: Board) -> None:
    for _ in range(3):
        await board.act("take_snapshot")
    await board.history_card.get_by_role("button", name="Timelapse", exact=True).click()
    await board.history_card.get_by_label("Pictures a second").fill("1")
    await board.history_card.get_by_role("button", name="Make timelapse").click()
    await expect(board.history_card.get_by_role("link", name="Open timelapse")).to_be_visible()
    await board.kept("Timelapse").first.click()
    await plays(board.page.get_by_role("dialog", name="Viewer").locator("video"))
    await board.page.keyboard.press("Escape")


async def test_the_picture_turns_into_glyphs_and_back(board: Board) -> None:
    toggle = board.camera_card.get_by_role("button", name="Show as ASCII")
    await toggle.click()
    screen = board.camera_card.locator("retrocam-screen")
    handle = await screen.element_handle()
    await board.page.wait_for_function("screen => screen.text.length > 100", arg=handle)
    text = await screen.evaluate("screen => screen.text")
    await board.page.wait_for_function(
        "([screen, before]) => screen.text !== before", arg=[handle, text]
    )
    assert (await luma(screen)).std() > 10
    await expect(board.camera_card.locator("video")).to_have_count(0)
    await toggle.click()
    await plays(board.camera_card.locator("video"))


async def test_the_layout_of_a_grid_is_chosen(board: Board) -> None:
    await plays(board.grid_card.locator("video"))
    for name in ("Single", "Four"):
        choice = board.grid_card.get_by_role("radio", name=name)
        await choice.click()
        await expect(choice).to_be_checked()
    assert (await board.client.wait_for_state(board.layout))["state"] == "quad"
    # A grid keeps nothing unless it is told to, and then there is nothing to save.
    save = board.grid_card.get_by_role("button", name="Save the last 10 s")
    await expect(save).to_be_disabled()


async def test_the_history_grows_live_after_a_reload_of_the_camera(board: Board) -> None:
    count = await board.kept("Snapshot").count()
    await board.client.post(f"/api/config/config_entries/entry/{board.entry_id}/reload", {})
    await board.client.wait_for_state(board.camera)
    await board.act("take_snapshot")
    await expect(board.kept("Snapshot")).not_to_have_count(count)
    # The live picture comes back, too; Home Assistant's player has asked for the stream that ended.
    await plays(board.camera_card.locator("video"))
    board.visitor.forgive("/api/hls/")
