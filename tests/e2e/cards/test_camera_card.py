"""The camera card: live, lookback, recording, ASCII, layouts, full screen."""

import asyncio
from base64 import b64decode
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
import io
import json
import re

import av
from playwright.async_api import expect
import pytest

from custom_components.retrocam.core.frames.jpeg import planes
from demo.jobs import frame_number
from tests.pattern_reader import read_frame_number
from tests.waiting import until

from ..browser import luma_of, seen_number, visit
from .board import CAMERA_VIEW, VIEWS, Board, filled, met, plays, snapshots
from .cells import PIXELS, Listener

pytestmark = pytest.mark.asyncio(loop_scope="package")

VIEW = CAMERA_VIEW

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
"""Pauses a video, seeks to its start, and returns its first frame as PNG in base64."""
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
"""Seconds from the clip's start at which a beep begins, as the browser decodes its sound."""


LIVE_URL = """async (entry_id) => {
  const { hass } = document.querySelector("home-assistant");
  return (await hass.callWS({ type: "retrocam/urls", entry_id })).footage_live;
}"""
"""The URL of the playlist of the present; null while the footage does not reach it."""
BEGIN = """async (card, live) => {
  const began = performance.now();
  card.setConfig({ ...card.config, live });
  const video = () => card.renderRoot.querySelector("retrocam-footage")?.player?.video;
  while (!(video()?.readyState >= 2)) await new Promise((resolve) => setTimeout(resolve, 5));
  return performance.now() - began;
}"""
"""Shows a card's picture in another way, and returns the milliseconds until its first frame."""


async def test_live_picture_moves_and_gauge_shows_the_lookback(board: Board) -> None:
    await plays(board.camera_card.locator("video"))
    picture = board.camera_card.locator("retrocam-live")
    first, _ = await seen_number(picture)
    second, _ = await seen_number(picture, first + 5)
    assert second > first
    await filled(board)
    gauge = board.camera_card.get_by_role("meter")
    await expect(gauge).to_have_text(re.compile(r"\d+ s ready, \d+(\.\d)? (kB|MB)"))


async def test_lookback_is_saved_listed_and_plays_in_sync(board: Board) -> None:
    # The stream's first sound begins after its first picture, which `decodeAudioData` does not tell.
    gauge = board.camera_card.get_by_role("meter")
    await met(gauge, "Number(element.getAttribute('aria-valuenow')) >= 18")
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
    # The decoder returns the first frame. The element may keep showing the one at which it was paused.
    first = luma_of(b64decode(await video.evaluate(FIRST_PICTURE)))
    assert read_frame_number(first) == numbers[0]
    href = await board.viewer.get_by_role("link", name="Download").get_attribute("href")
    beeps = await board.page.evaluate(IN_SYNC, href)
    # The pattern beeps with each frame whose number is a whole second.
    seconds = [index / 25 for index, number in enumerate(numbers) if number and number % 25 == 0]
    assert len(beeps) >= len(seconds) - 1 > 0
    for second in seconds[1:-1]:
        assert min(abs(second - beep) for beep in beeps) < 0.04
    await board.page.keyboard.press("Escape")
    await expect(board.viewer).to_be_hidden()


async def test_snapshot_is_taken_and_listed(board: Board) -> None:
    taken = await board.kept("Snapshot").count()
    await board.camera_card.get_by_role("button", name="Take snapshot").click()
    await expect(board.camera_card.get_by_role("link", name="Open snapshot")).to_be_visible()
    assert frame_number(await board.linked("Open snapshot")) >= 0
    await expect(board.kept("Snapshot")).to_have_count(taken + 1)


async def test_recording_is_shown_extended_and_stopped(board: Board) -> None:
    loop = asyncio.get_running_loop()
    recording = asyncio.create_task(board.act("record", lookback=0, duration=10))
    stop = board.camera_card.get_by_role("button", name="Stop recording")
    await stop.wait_for()
    began = loop.time()
    await board.camera_card.get_by_role("button", name="+ 30 s more").click()
    await until(lambda: loop.time() - began > 12)
    assert not recording.done()
    await stop.click()
    await expect(stop).to_be_hidden()
    assert 10 < (await recording)["duration"] < 40


async def test_picture_switches_to_ascii_and_back(board: Board) -> None:
    await board.leave()
    async with visit() as visitor:
        await visitor.log_in(f"{board.client.url}/{VIEWS}")
        await visitor.page.goto(f"{board.client.url}/{CAMERA_VIEW}")
        card = replace(board, visitor=visitor).camera_card
        with Listener(visitor.page) as listener:
            toggle = card.get_by_role("button", name="Show as ASCII")
            await toggle.click()
            await expect(card.locator("video")).to_have_count(0)
            screen = card.locator("retrocam-screen")
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
        await plays(card.locator("video"))
        assert visitor.complaints == []


async def test_sound_is_off_until_asked_for(board: Board) -> None:
    video = board.camera_card.locator("video")
    await plays(video)
    assert await video.evaluate("video => video.muted")
    await board.camera_card.get_by_role("button", name="Unmute").click()
    await met(video, "!element.muted && !element.paused")
    await board.camera_card.get_by_role("button", name="Mute").click()
    await met(video, "element.muted && !element.paused")


async def test_live_picture_begins_from_footage(
    board: Board, record_property: Callable[[str, object], None]
) -> None:
    await board.page.wait_for_function(LIVE_URL, arg=board.entry_id)
    choose = "(card, live) => card.setConfig({ ...card.config, live })"
    await board.camera_card.evaluate(choose, "still")
    await expect(board.camera_card.locator("video")).to_have_count(0)
    for live in ("hls", "auto"):
        record_property(f"ms until {live} plays", await board.camera_card.evaluate(BEGIN, live))
        await expect(board.camera_card.locator("video")).to_have_count(1)
        player = board.camera_card.locator("retrocam-footage ha-hls-player")
        assert str(await player.evaluate("player => player.url")).endswith("&live=1")
        await plays(player.locator("video"))
        latest = await board.client.get_bytes(f"/api/retrocam/footage/{board.entry_id}")
        end = datetime.fromisoformat(json.loads(latest)["spans"][-1]["end"]).timestamp()
        frame = f"/api/retrocam/footage/{board.entry_id}/frame?at={end - 0.1}"
        newest = frame_number(await board.client.get_bytes(frame))
        seen, _ = await seen_number(board.camera_card.locator(".stage"), newest - 25 * 20)
        record_property(f"frames behind with {live}", newest - seen)
        await board.camera_card.evaluate(choose, "still")
    await board.camera_card.evaluate(choose, "auto")


async def test_picture_fills_the_screen(board: Board) -> None:
    await board.camera_card.get_by_role("button", name="Full screen", exact=True).click()
    stage = board.camera_card.locator(".stage")
    await met(stage, "element.getRootNode().fullscreenElement === element")
    leave = board.camera_card.get_by_role("button", name="Leave full screen")
    await leave.click()
    await met(stage, "document.fullscreenElement === null")
    await expect(leave).to_be_hidden()


async def test_card_recovers_after_the_camera_is_reloaded(board: Board) -> None:
    await board.client.post(f"/api/config/config_entries/entry/{board.entry_id}/reload", {})
    await board.client.wait_for_state(board.camera)
    await snapshots(board, 1)
    # Home Assistant's player has requested the stream that ended.
    await plays(board.camera_card.locator("video"))
    for path in ("/api/hls/", "/api/retrocam/footage/"):
        board.visitor.forgive(path)
