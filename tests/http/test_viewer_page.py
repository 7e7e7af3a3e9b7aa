"""The page that shows MJPEG, in a browser."""

from collections.abc import AsyncIterator

from homeassistant.core import HomeAssistant
import pytest

from custom_components.retrocam.urls import VIEWER_PATH, signed

from ..conftest import LoadEntry
from ..core.frames.stills import jpeg
from ..e2e.browser import Visit, chromium, seen_number, visit
from ..foreign import StillCamera, add
from ..viewers import QUIET, url_of
from ..waiting import until


@pytest.fixture
async def visitor(socket_enabled: None) -> AsyncIterator[Visit]:
    """An empty page."""
    chromium()
    async with visit(viewport={"width": 640, "height": 360}) as opened:
        yield opened


async def test_picture_that_seldom_changes_is_shown_at_once(
    home: HomeAssistant, load: LoadEntry, visitor: Visit
) -> None:
    still = jpeg(0, 640, 360)
    await add(home, StillCamera(lambda: still))
    entry = await load({"kind": "camera_entity", "entity_id": "camera.source"}, options=QUIET)
    page = url_of(home, signed(home, VIEWER_PATH.format(entry_id=entry.entry_id)))
    await visitor.page.goto(page, wait_until="commit")
    picture = visitor.page.locator("img")
    for number in range(5):
        still = jpeg(number, 640, 360)
        assert (await seen_number(picture, number - 1))[0] == number


async def test_page_shows_the_camera_again_after_a_reload_of_its_entry(
    home: HomeAssistant, load: LoadEntry, visitor: Visit
) -> None:
    number = 0
    await add(home, StillCamera(lambda: jpeg(number, 640, 360)))
    entry = await load({"kind": "camera_entity", "entity_id": "camera.source"}, options=QUIET)
    page = url_of(home, signed(home, VIEWER_PATH.format(entry_id=entry.entry_id)))
    await visitor.page.goto(page, wait_until="commit")
    picture = visitor.page.locator("img")
    assert (await seen_number(picture))[0] == 0
    number = 1
    assert await home.config_entries.async_reload(entry.entry_id)
    assert (await seen_number(picture, 0))[0] == 1
    await until(lambda: entry.runtime_data.viewers.count == 1)
