"""The camera card: live, lookback, recording, ASCII, layouts, full screen."""

import asyncio
from base64 import b64decode
import io
import re

import av
from playwright.async_api import expect
import pytest

from custom_components.retrocam.core.frames.jpeg import planes
from custom_components.retrocam.core.pattern.picture import read_frame_number
from demo.jobs import frame_number
from tests.waiting import until

from ..browser import luma, luma_of, seen_number
from .board import Board, filled, met, plays
from .cells import PIXELS, Listener

pytestmark = pytest.mark.asyncio(loop_scope="package")

FIRST_PICTURE = """async (video) => {
  video.pause();
  await new Promise((resolve) => {
    video.addEventListener("seeked", resolve, { once: true });
    video.currentTime = 0;
  });
  const canvas = document.createElement("canvas");
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext("2d").drawImage(video, 0, 0);
  return canvas.toDataURL("image/png").split(",")[1];
}"""
"""Stops a video, takes it to its beginning, and returns what it has there, a PNG in base64."""
IN_SYNC = """async (href) => {
  // The sound as the browser decodes it, on the time line of the pictures as it shows them.
  const data = await (await fetch(href)).arrayBuffer();
  const { sampleRate, ...sound } = await new OfflineAudioContext(1, 48000, 48000)
    .decodeAudioData(data).then((buffer) => ({
      sampleRate: buffer.sampleRate, samples: buffer.getChannelData(0),
    }));
  let quiet = Infinity;
  const beeps = [];
  sound.samples.forEach((sample, at) => {
    if (Math.abs(sample) > 0.02) {
      if (quiet > sampleRate / 4) beeps.push(at / sampleRate);
      quiet = 0;
    } else quiet++;
  });
  return beeps;
}"""
"""Seconds from the clip's beginning at which a beep begins, as the browser decodes its sound."""


async def test_the_live_picture_moves_and_the_gauge_tells_what_is_held(board: Board) -> None:
    await plays(board.camera_card.locator("video"))
    picture = board.camera_card.locator("retrocam-live")
    first, _ = await seen_number(picture)
    second, _ = await seen_number(picture, first + 5)
    assert second > first
    await filled(board)
    gauge = board.camera_card.get_by_role("meter")
    await expect(gauge).to_have_text(re.compile(r"\d+ s ready, \d+(\.\d)? (kB|MB)"))


async def test_the_last_seconds_are_saved_listed_and_play_in_sync(board: Board) -> None:
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
    video = board.viewer.locator("video")
    await plays(video)
    # At its beginning it has the first picture. The screen may keep the one at which it was stopped.
    first = luma_of(b64decode(await video.evaluate(FIRST_PICTURE)))
    assert read_frame_number(first) == numbers[0]
    href = await board.viewer.get_by_role("link", name="Download").get_attribute("href")
    beeps = await board.page.evaluate(IN_SYNC, href)
    # The pattern beeps with each picture whose number is a whole second.
    seconds = [index / 25 for index, number in enumerate(numbers) if number and number % 25 == 0]
    assert len(beeps) >= len(seconds) - 1 > 0
    for second in seconds[1:-1]:
        assert min(abs(second - beep) for beep in beeps) < 0.04
    await board.page.keyboard.press("Escape")
    await expect(board.viewer).to_be_hidden()


async def test_a_snapshot_is_taken_and_listed(board: Board) -> None:
    taken = await board.kept("Snapshot").count()
    await board.camera_card.get_by_role("button", name="Take snapshot").click()
    await expect(board.camera_card.get_by_role("link", name="Open snapshot")).to_be_visible()
    assert frame_number(await board.linked("Open snapshot")) >= 0
    await expect(board.kept("Snapshot")).to_have_count(taken + 1)


async def test_a_recording_is_shown_extended_and_stopped(board: Board) -> None:
    loop = asyncio.get_running_loop()
    recording = asyncio.create_task(board.act("record", lookback=0, duration=2))
    stop = board.camera_card.get_by_role("button", name="Stop recording")
    await stop.wait_for()
    await board.camera_card.get_by_role("button", name="+ 30 s more").click()
    began = loop.time()
    await until(lambda: loop.time() - began > 4)
    assert not recording.done()
    await stop.click()
    await expect(stop).to_be_hidden()
    assert 3 < (await recording)["duration"] < 30


async def test_the_picture_turns_into_the_glyphs_of_its_planes_and_back(board: Board) -> None:
    with Listener(board.page) as listener:
        toggle = board.camera_card.get_by_role("button", name="Show as ASCII")
        await toggle.click()
        await expect(board.camera_card.locator("video")).to_have_count(0)
        screen = board.camera_card.locator("retrocam-screen")
        for engine in ("webgl", "software"):
            await screen.evaluate("(screen, engine) => { screen.engine = engine; }", engine)
            await met(screen, "element.surface?.drawnBy === argument", engine)
            await met(screen, "element.text.length > 100")
            await met(screen, "element.text !== argument", await screen.evaluate("s => s.text"))
            seen = await screen.evaluate(PIXELS)
            assert (seen["wrong"], seen["by"]) == (0, engine)
            assert (seen["cols"], seen["rows"]) == (120, 50)
            assert seen["text"] in listener.pictures()
            assert len(set(seen["text"])) > 5
        await toggle.click()
    await plays(board.camera_card.locator("video"))


async def test_the_layout_of_a_grid_is_chosen(board: Board) -> None:
    picture = board.grid_card.locator("retrocam-live")
    await plays(board.grid_card.locator("video"))
    for name, state in (("Single", "single"), ("Four", "quad")):
        choice = board.grid_card.get_by_role("radio", name=name)
        await choice.click()
        await expect(choice).to_be_checked()
        assert (await board.client.wait_for_state(board.layout))["state"] == state
        # The first camera fills the picture, or the place of a fourth stays empty.
        async with asyncio.timeout(60):
            while True:
                seen = await luma(picture)
                height, width = seen.shape
                empty = seen[height * 6 // 10 : height * 8 // 10, width * 6 // 10 : width * 9 // 10]
                if name == "Single" and read_frame_number(seen) is not None:
                    break
                if name == "Four" and empty.max() < 40:
                    break
    # A grid keeps nothing unless it is told to, and then there is nothing to save.
    save = board.grid_card.get_by_role("button", name="Save the last 10 s")
    await expect(save).to_be_disabled()


async def test_the_picture_fills_the_screen(board: Board) -> None:
    await board.camera_card.get_by_role("button", name="Full screen", exact=True).click()
    stage = board.camera_card.locator(".stage")
    await met(stage, "element.getRootNode().fullscreenElement === element")
    leave = board.camera_card.get_by_role("button", name="Leave full screen")
    await leave.click()
    await met(stage, "document.fullscreenElement === null")
    await expect(leave).to_be_hidden()


async def test_the_card_comes_back_after_a_reload_of_the_camera(board: Board) -> None:
    count = await board.kept("Snapshot").count()
    await board.client.post(f"/api/config/config_entries/entry/{board.entry_id}/reload", {})
    await board.client.wait_for_state(board.camera)
    await board.act("take_snapshot")
    await expect(board.kept("Snapshot")).not_to_have_count(count)
    # Home Assistant's player has asked for the stream that ended.
    await plays(board.camera_card.locator("video"))
    board.visitor.forgive("/api/hls/")
