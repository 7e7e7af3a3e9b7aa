"""One Home Assistant and one browser for all tests of the cards."""

import asyncio
from collections.abc import AsyncIterator
import re

from playwright.async_api import expect
import pytest
import pytest_asyncio
import pytest_socket

from demo.client import Client
from demo.film import make_film
from demo.server import free_port, running
from demo.setting import GRID_NAME, PLAYER_NAME, set_up

from ..browser import WITHOUT_WEBGL, chromium, visit
from .board import ALL_CARDS, ANY_CARD, VIEWS, Board, add_views

SMALL = {"width": 640, "height": 360, "fps": 25}
"""Takes Home Assistant and the browser a third of what the default size does."""
FILM_SECONDS = 90
"""Length of the film: a test never reaches its end, also on a busy machine."""


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def running_board(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Board]:
    """The demo with its film, and an administrator at its dashboard."""
    chromium()
    pytest_socket.enable_socket()
    directory = tmp_path_factory.mktemp("demo")
    await asyncio.to_thread(make_film, directory, FILM_SECONDS)
    async with (
        running(directory, free_port()) as server,
        Client.logged_in(server.url) as client,
        visit(
            arguments=WITHOUT_WEBGL,
            timezone_id="UTC",
            permissions=["clipboard-read", "clipboard-write"],
        ) as visitor,
    ):
        entry_id = await set_up(client, SMALL)
        camera = await client.entity_id(entry_id, "camera")
        # The history should contain only what a test does.
        history = {"entity_id": await client.entity_id(entry_id, "history")}
        await client.post("/api/services/switch/turn_off", history)
        ids = {entry["title"]: entry["entry_id"] for entry in await client.entries()}
        layout = await client.entity_id(ids[GRID_NAME], "layout")
        player = await client.entity_id(ids[PLAYER_NAME], "media_player")
        grid = await client.entity_id(ids[GRID_NAME], "camera")
        await add_views(client, camera, grid, player)
        await visitor.log_in(f"{server.url}/{VIEWS}")
        yield Board(client, entry_id, camera, layout, player, visitor, directory)


@pytest_asyncio.fixture(loop_scope="package")
async def board(
    running_board: Board, request: pytest.FixtureRequest, socket_enabled: None
) -> AsyncIterator[Board]:
    """The page of the module's VIEW, or of all cards; its console must be empty after each test.

    It is opened anew at the beginning of a module, and after a failed test.
    """
    board = running_board
    before = len(board.visitor.complaints)
    state = (request.module.__name__, request.session.testsfailed)
    if board.opened != [state]:
        board.opened[:] = [state]
        view = getattr(request.module, "VIEW", ALL_CARDS)
        await board.page.goto(f"{board.client.url}/{view}")
    await board.page.bring_to_front()
    await expect(board.page.locator(ANY_CARD).first).to_be_visible()
    for counter in await board.history_card.all():
        await expect(counter.get_by_text(re.compile(r"^\d+ items$"))).to_be_visible()
    yield board
    assert board.visitor.complaints[before:] == []
