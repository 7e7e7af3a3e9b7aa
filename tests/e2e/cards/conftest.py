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
from demo.setting import DASHBOARD, GRID_NAME, PLAYER_NAME, set_up

from ..browser import chromium, visit
from .board import Board


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def running_board(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Board]:
    """The demo with its film, and an administrator in front of it."""
    chromium()
    pytest_socket.enable_socket()
    directory = tmp_path_factory.mktemp("demo")
    await asyncio.to_thread(make_film, directory)
    async with (
        running(directory, free_port()) as server,
        Client.logged_in(server.url) as client,
        visit(timezone_id="UTC", permissions=["clipboard-read", "clipboard-write"]) as visitor,
    ):
        entry_id = await set_up(client)
        camera = await client.entity_id(entry_id, "camera")
        # Only what a test does is to be seen in the history.
        history = {"entity_id": await client.entity_id(entry_id, "history")}
        await client.post("/api/services/switch/turn_off", history)
        ids = {entry["title"]: entry["entry_id"] for entry in await client.entries()}
        layout = await client.entity_id(ids[GRID_NAME], "layout")
        player = await client.entity_id(ids[PLAYER_NAME], "media_player")
        await visitor.log_in(f"{server.url}/{DASHBOARD}")
        yield Board(client, entry_id, camera, layout, player, visitor)


@pytest_asyncio.fixture(loop_scope="package")
async def board(
    running_board: Board, request: pytest.FixtureRequest, socket_enabled: None
) -> AsyncIterator[Board]:
    """The dashboard; after a test its console must be empty.

    It is opened anew at the beginning of a module, and after a test that has failed.
    """
    board = running_board
    before = len(board.visitor.complaints)
    state = (request.module.__name__, request.session.testsfailed)
    if board.opened != [state]:
        board.opened[:] = [state]
        await board.page.goto(f"{board.client.url}/{DASHBOARD}")
    await board.page.bring_to_front()
    await expect(board.camera_card).to_be_visible()
    await expect(board.history_card.get_by_text(re.compile(r"^\d+ kept$"))).to_be_visible()
    yield board
    assert board.visitor.complaints[before:] == []
