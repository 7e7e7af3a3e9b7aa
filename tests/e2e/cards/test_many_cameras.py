"""Many cameras on one dashboard share the few connections of a browser."""

from collections.abc import AsyncIterator, Callable
import time
from typing import Final

from playwright.async_api import Page
import pytest
import pytest_asyncio
import pytest_socket

from .board import Board
from .still_cameras import add_still_cameras

pytestmark = pytest.mark.asyncio(loop_scope="package")

CAMERAS: Final = 12
STREAMS: Final = 3
FETCHED: Final = """async () => {
  const began = performance.now();
  await (await fetch("/manifest.json", { cache: "no-store" })).text();
  return performance.now() - began;
}"""


IMAGES: Final = """(() => {
  const lives = (root) => [...root.querySelectorAll("*")].flatMap((one) => [
    ...(one.localName === "retrocam-live" ? [one] : []),
    ...(one.shadowRoot ? lives(one.shadowRoot) : []),
  ]);
  return lives(document).map((live) => [...live.shadowRoot.querySelectorAll("img")]);
})()"""
"""The images of each live picture on a page."""
SHOWN: Final = (
    f"{IMAGES}.filter((all) => all.some((one) => one.complete && one.naturalWidth)).length"
)
STREAMING: Final = f"{IMAGES}.flat().filter((one) => one.src.includes('_proxy_stream/')).length"


@pytest_asyncio.fixture(scope="module", loop_scope="package")
async def still_board(
    running_board: Board, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[str]:
    """The URL of a dashboard with a card for each of twelve cameras without a stream."""
    pytest_socket.enable_socket()
    client = running_board.client
    media = running_board.directory / "media"
    cameras = await add_still_cameras(client, media, range(CAMERAS))
    cards = [{"type": "custom:retrocam-camera-card", "entity": camera} for camera in cameras]
    url_path = "many-cameras"
    await client.command(
        "lovelace/dashboards/create", url_path=url_path, title="Many", mode="storage"
    )
    views = [
        {
            "title": "Many",
            "type": "panel",
            "cards": [{"type": "grid", "columns": 4, "cards": cards}],
        },
        {"title": "None", "path": "none", "cards": []},
    ]
    await client.command("lovelace/config/save", url_path=url_path, config={"views": views})
    yield f"{client.url}/{url_path}"


async def all_shown(page: Page) -> None:
    """Wait until all cards show a picture."""
    await page.wait_for_function(f"{SHOWN} === {CAMERAS}")


@pytest.mark.parametrize(
    "script",
    [
        pytest.param("", marks=pytest.mark.long, id="lock"),
        # As over plain HTTP.
        pytest.param("delete Navigator.prototype.locks;", id="worker"),
    ],
)
async def test_twelve_still_cameras_leave_connections_to_the_page(
    board: Board,
    still_board: str,
    script: str,
    record_property: Callable[[str, object], None],
) -> None:
    await board.leave()
    async with board.visitor.another(viewport={"width": 1600, "height": 1400}) as visitor:
        page = visitor.page
        await page.context.add_init_script(script)
        await visitor.log_in(still_board)
        began = time.monotonic()
        await page.goto(still_board)
        await all_shown(page)
        record_property("seconds until all are shown", time.monotonic() - began)
        record_property("milliseconds of a fetch", await page.evaluate(FETCHED))
        await page.wait_for_function(f"{STREAMING} === {STREAMS}")
        # Another page of the same browser waits for the same places.
        other = await page.context.new_page()
        await other.goto(still_board)
        await all_shown(other)
        await other.evaluate(FETCHED)
        assert await page.evaluate(STREAMING) + await other.evaluate(STREAMING) == STREAMS
        # Those of a closed page go to the other one.
        await page.close()
        await other.wait_for_function(f"{STREAMING} === {STREAMS}")
        assert visitor.complaints == []
