"""Rewinding on the camera card: the time bar, playing, stepping, and saving a part."""

import asyncio
import io
from typing import Final

import av
import numpy as np
from PIL import Image
from playwright.async_api import Locator, expect
import pytest

from custom_components.retrocam.core.frames.jpeg import planes
from demo.jobs import frame_number
from tests.pattern_reader import read_frame_number

from ...core.frames.stills import jpeg
from ..browser import TIMEOUT, luma, seen_number
from .board import CAMERA_VIEW, Board, met, plays
from .cells import RAMP, Listener, text_of
from .rewinding import TIME, VIDEO, live, plays_past, warm
from .still_cameras import add_still_cameras

pytestmark = pytest.mark.asyncio(loop_scope="package")

VIEW = CAMERA_VIEW


async def footage(board: Board, path: str = "") -> bytes:
    return await board.client.get_bytes(f"/api/retrocam/footage/{board.entry_id}{path}")


async def number_at(board: Board, time: float) -> int:
    """Return the number of the frame that was shown at a time, by the server."""
    return frame_number(await footage(board, f"/frame?at={time:.3f}"))


async def shows(picture: Locator, number: int) -> None:
    """Wait until a picture shows a frame number."""
    async with asyncio.timeout(TIMEOUT / 1000):
        while read_frame_number(await luma(picture)) != number:
            pass


async def test_drag_shows_the_frame_of_that_time_and_plays_on(board: Board) -> None:
    requested: list[str] = []
    board.page.on("request", lambda request: requested.append(request.url))
    bar = await warm(board)
    # Nothing is loaded before the first touch.
    assert not [url for url in requested if "/frame?" in url]
    await bar.press(8)
    # The page handles a move with its next frame.
    await met(bar.card, "Math.abs(element.rewind.view(0).ago - argument) < 0.5", 8)
    await met(bar.card, "element.rewind.pictures.exactOf === element.rewind.time")
    state = await bar.state()
    assert state["mode"] == "scrubbing"
    assert await bar.card.evaluate("({ rewind }) => rewind.frozen - rewind.time") == pytest.approx(
        8, abs=0.2
    )
    stage = bar.card.locator(".stage")
    # By the beginning of the frame: later answers may tell an earlier one of the same frame.
    told = await bar.card.evaluate("({ rewind }) => rewind.picture.time")
    assert told - 0.001 <= state["time"] <= told + 1 / 25 + 0.001
    await shows(stage, await number_at(board, told))
    assert str(await bar.knob.get_attribute("aria-valuetext")).startswith("8 seconds ago, ")

    await bar.let_go()
    await plays_past(bar)
    number = await number_at(board, state["time"])
    first, _ = await seen_number(stage, number - 1)
    assert first <= number + 25 * ((await bar.state())["time"] - state["time"] + 1)
    await seen_number(stage, first + 25)
    player = bar.card.locator("ha-hls-player")
    url = await player.evaluate("player => player.url")
    await live(board)
    # The same player seeks there, and catches up with the present as Home Assistant has it.
    assert await player.evaluate("player => player.url") == url
    rate = "player => player._hlsPolyfillInstance.config.maxLiveSyncPlaybackRate"
    assert await player.evaluate(rate) > 1


async def test_each_frame_is_stepped_through_once(board: Board) -> None:
    bar = await warm(board)
    await bar.press(10)
    await bar.let_go()
    await bar.card.get_by_role("button", name="Pause").click()
    stage = bar.card.locator(".stage")
    seen: list[int] = []
    for name in ["Next frame"] * 4 + ["Previous frame"] * 2:
        before = (await bar.state())["time"]
        await bar.card.get_by_role("button", name=name).click()
        await met(bar.card, "element.rewind.shown !== argument", before)
        after = (await bar.state())["time"]
        await met(bar.card, "element.rewind.picture?.time === argument", after)
        number = await number_at(board, after)
        await shows(stage, number)
        if name == "Next frame" and seen:
            # No frame lies between: one lasts 0.04 s. The time may be told earlier by now.
            assert await number_at(board, after - 0.02) == seen[-1]
        seen.append(number)
    assert seen[4:] == [seen[2], seen[1]]
    await live(board)


@pytest.mark.parametrize("rate", ["0.25", "4"])
async def test_speed_is_that_of_the_frames(board: Board, rate: str) -> None:
    bar = await warm(board)
    await bar.press(18)
    await bar.let_go()
    await plays_past(bar)
    video = bar.card.locator(VIDEO)
    await bar.card.get_by_role("combobox", name="Speed").select_option(rate)
    # Home Assistant's player would set it back, close to the present.
    await met(
        video, "!element.paused && element.currentTime > argument", await video.evaluate(TIME)
    )
    assert await video.evaluate("video => video.playbackRate") == float(rate)
    await live(board)


HALF_LOADED: Final = """player => {
  const start = player.shadowRoot.querySelector("video").buffered.start(0);
  const { fragments } = player._hlsPolyfillInstance.levels[0].details;
  const found = fragments.findLast((fragment) => fragment.start <= start);
  return start - found.start > 2 ? found.programDateTime / 1000 + 0.5 : null;
}"""
"""The time in UNIX s of a moment in a segment of which the last parts alone are buffered."""


async def test_past_plays_in_a_segment_of_which_the_end_was_loaded(board: Board) -> None:
    # Where the player begins is a matter of chance: each time takes seconds.
    async with asyncio.timeout(3 * TIMEOUT / 1000):
        while True:
            await board.page.reload()
            bar = await warm(board)
            await plays(bar.card.locator("video"))
            await bar.press(6)
            if (await bar.state())["mode"] == "live":
                continue  # The page was still moving below the mouse.
            await bar.let_go()
            await plays_past(bar)
            time = await bar.card.locator("ha-hls-player").evaluate(HALF_LOADED)
            if time is not None:
                break
    await bar.card.evaluate("({ rewind }, time) => rewind.seek(time)", time)
    assert (await bar.state())["mode"] == "playing"
    await plays_past(bar)
    assert await bar.card.locator(VIDEO).evaluate("video => !video.paused")
    number = await number_at(board, time)
    seen, _ = await seen_number(bar.card.locator(".stage"), number - 1)
    assert seen <= number + 25 * ((await bar.state())["time"] - time + 1)
    await live(board)


async def test_marked_part_is_saved(board: Board) -> None:
    bar = await warm(board)
    await bar.press(12)
    await bar.let_go()
    await bar.card.get_by_role("button", name="Pause").click()
    await bar.card.get_by_role("button", name="Mark a part").click()
    for name, key in (("Start of the part", "ArrowLeft"), ("End of the part", "ArrowRight")):
        await bar.card.get_by_role("slider", name=name).press(key)
    part = (await bar.state())["part"]
    assert part["end"] - part["start"] == pytest.approx(12, abs=0.01)
    await bar.card.get_by_role("button", name="Save 12 s").click()
    await expect(bar.card.get_by_role("status").last).to_contain_text("Saved")
    clip = await board.linked("Open clip")
    with av.open(io.BytesIO(clip), "r") as container:
        numbers = [read_frame_number(planes(frame)[0]) for frame in container.decode(video=0)]
    # It begins with a keyframe.
    first = await number_at(board, part["start"])
    assert numbers[0] is not None
    assert first - 25 * 6 <= numbers[0] <= first
    assert first in numbers
    last = await number_at(board, part["end"])
    assert numbers[-1] in (last - 1, last)

    await bar.card.get_by_role("button", name="Take snapshot").click()
    await expect(bar.card.get_by_role("link", name="Open snapshot")).to_be_visible()
    seen = read_frame_number(await luma(bar.card.locator(".stage")))
    assert frame_number(await board.linked("Open snapshot")) == seen
    await live(board)


async def test_past_is_shown_as_ascii(board: Board) -> None:
    bar = await warm(board)
    await bar.press(9)
    await bar.let_go()
    await bar.card.get_by_role("button", name="Pause").click()
    await bar.card.get_by_role("button", name="Previous frame").click()
    await met(bar.card, "element.rewind.picture?.time === element.rewind.time")
    with Listener(board.page) as listener:
        await bar.card.get_by_role("button", name="Show as ASCII").click()
        screen = bar.card.locator("retrocam-screen")
        await met(screen, "element.text.length > 100")
        assert listener.pictures() == set()
    text = await screen.evaluate("screen => screen.text")
    frame = await footage(board, f"/frame?at={(await bar.state())['time']:.3f}")
    with Image.open(io.BytesIO(frame)) as picture:
        small = picture.convert("L").resize((120, 50), Image.Resampling.BOX)
    wanted = text_of(np.asarray(small, np.uint8).ravel(), 120, 50, 8)
    steps = [
        abs(RAMP.index(a) - RAMP.index(b)) for a, b in zip(text, wanted, strict=True) if a != "\n"
    ]
    assert sum(step <= 1 for step in steps) > 0.95 * len(steps)
    assert len(set(text)) > 5
    # It plays there as well, and returns to the live one.
    await bar.card.get_by_role("button", name="Play").click()
    await met(screen, "element.text !== argument", text)
    await board.camera_card.get_by_role("button", name="Live", exact=True).click()
    await expect(bar.card.locator("video")).to_have_count(0)
    await met(screen, "element.linked")
    await bar.card.get_by_role("button", name="Show as ASCII").click()
    await plays(bar.card.locator("video"))


async def test_camera_with_stills_is_rewound_by_its_history(board: Board) -> None:
    client = board.client
    media = board.directory / "media"
    (camera,) = await add_still_cameras(client, media, range(100, 101))
    for number in (11, 12, 13):
        (media / "100.jpg").write_bytes(jpeg(number, 640, 360))
        await client.call_action("retrocam", "take_snapshot", {"entity_id": camera})
    history = camera.replace("camera.", "switch.").removesuffix("_2") + "_snapshot_history"
    await client.post("/api/services/switch/turn_on", {"entity_id": history})
    card = {"type": "custom:retrocam-camera-card", "entity": camera, "name": "Still"}
    path = "still-camera"
    await client.command("lovelace/dashboards/create", url_path=path, title="Still", mode="storage")
    views = [{"title": "Still", "cards": [card]}]
    await client.command("lovelace/config/save", url_path=path, config={"views": views})
    await board.leave()
    await board.page.goto(f"{client.url}/{path}")
    shown = board.page.locator("retrocam-camera-card")
    knob = shown.get_by_role("slider", name="Rewind")
    stage = shown.locator(".stage")
    await knob.press("Home")
    await met(shown, "element.rewind.picture !== undefined")
    await shown.get_by_role("button", name="Previous frame").click()
    for number in (11, 12, 13):
        await shows(stage, number)
        if number != 13:
            await shown.get_by_role("button", name="Next frame").click()
    await expect(shown.get_by_role("button", name="Take snapshot")).to_be_disabled()
    await shown.get_by_role("button", name="Live", exact=True).click()
    await expect(shown.get_by_role("button", name="Take snapshot")).to_be_enabled()
    await board.leave()
