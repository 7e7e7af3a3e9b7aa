"""The cards on a dashboard: registered, suggested, stopped."""

import re

from playwright.async_api import expect
import pytest

from demo.film import FILM
from demo.setting import PLAYER_NAME
from tests.waiting import until

from ..watch import open_board, sample
from .board import Board, met, snapshots
from .running import TELL_WHAT_RUNS, Sockets

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def test_cards_are_a_dashboard_resource_with_their_version(board: Board) -> None:
    resources = await board.client.command("lovelace/resources")
    ours = [item for item in resources if item["url"].startswith("/retrocam_files/")]
    assert len(ours) == 1
    url = str(ours[0]["url"])
    assert re.fullmatch(r"/retrocam_files/retrocam\.js\?v=[0-9a-f]{12}", url)
    assert b"retrocam-camera-card" in await board.client.get_bytes(url)
    # An older version is updated, and none is added beside it.
    old = "/retrocam_files/retrocam.js?v=000000000000"
    await board.client.command("lovelace/resources/update", resource_id=ours[0]["id"], url=old)
    entries = {entry["title"]: entry["entry_id"] for entry in await board.client.entries()}
    path = f"/api/config/config_entries/entry/{entries[PLAYER_NAME]}/reload"
    await board.client.post(path, {})
    assert await board.client.command("lovelace/resources") == resources
    await board.client.wait_for_state(board.player)


async def test_cards_are_suggested_for_supported_entities(board: Board) -> None:
    offered = await board.page.evaluate("window.customCards")
    names = {card["type"]: card["name"] for card in offered if card["preview"]}
    assert names == {
        "retrocam-camera-card": "Retrocam camera",
        "retrocam-history-card": "Retrocam history",
        "retrocam-ascii-card": "Retrocam ASCII",
    }
    suggest = """(entity) => window.customCards
      .map((card) => card.getEntitySuggestion(document.querySelector("home-assistant").hass, entity))
      .map((suggestion) => suggestion?.config ?? null)"""
    camera, player = board.camera, board.player
    assert await board.page.evaluate(suggest, camera) == [
        {"type": "custom:retrocam-camera-card", "entity": camera},
        {"type": "custom:retrocam-history-card", "entity": camera},
        None,
    ]
    ascii_card = {"type": "custom:retrocam-ascii-card", "entity": player}
    assert await board.page.evaluate(suggest, player) == [None, None, ascii_card]
    assert await board.page.evaluate(suggest, "sun.sun") == [None, None, None]


async def test_cards_leak_nothing_and_stop_when_left(
    board: Board,
) -> None:
    await snapshots(board, 1)
    data = {"entity_id": board.player, "media": FILM}
    await board.client.call_action("retrocam", "play", data)
    await board.leave()
    everything = {"width": 1600, "height": 1700}
    async with board.visitor.another(TELL_WHAT_RUNS, viewport=everything) as visitor:
        page = visitor.page
        sockets = Sockets(page)
        await open_board(visitor, board.client)
        samples = []
        live = page.locator("retrocam-camera-card video").first
        for _ in range(4):
            samples.append(await sample(page, 0))
            await met(live, "element.currentTime > argument", samples[-1].played + 1.5)
        assert samples[-1].heap_mb < samples[1].heap_mb + 3
        assert samples[-1].listeners < samples[1].listeners + 100

        assert sockets.open() >= 2
        runs = await page.evaluate("whatRuns()")
        assert {what.partition(":")[0] for what in runs} >= {"intervals", "frames"}
        await page.get_by_role("tab", name="Without cards").click()
        await expect(page.locator("retrocam-ascii-card")).to_have_count(0)
        await page.wait_for_function("whatRuns().length === 0")
        await until(lambda: sockets.open() == 0)
        assert visitor.complaints == []
    await board.client.post("/api/services/media_player/media_stop", {"entity_id": board.player})
