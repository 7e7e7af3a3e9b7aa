"""A home with two cameras, two shared players, and all kinds of callers."""

from collections.abc import AsyncIterator
import contextlib
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from homeassistant.auth.models import User
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.retrocam.cameras import CameraInstance
from custom_components.retrocam.core.frames import jpeg
from custom_components.retrocam.core.pattern.picture import TestPattern
from custom_components.retrocam.http.live import async_previews
from custom_components.retrocam.media.items import MediaKind

from ..conftest import LoadEntry
from ..share.guests import PIN, build_page, page_path, sharing
from ..viewers import QUIET
from ..waiting import until
from .matrix import COLUMNS
from .people import Person, add_users, log_in

TIME: Final = 1_767_441_600.0
"""2026-01-03, 12:00 UTC."""
DAY: Final = "2026-01-03"
SPAN: Final = "hour-20260103T120000Z"

type People = dict[str, Person]


@pytest.fixture
def expected_lingering_timers(request: pytest.FixtureRequest) -> bool:
    """Allow the timer that aiohttp keeps for a socket closed by Home Assistant itself."""
    return "people" in request.fixturenames


@dataclass(slots=True)
class House:
    """The cameras and players, by the name of their entities."""

    cameras: dict[str, CameraInstance]
    files: dict[MediaKind, str]
    """The name of a file of each kind: the same for every camera."""


async def fill(instance: CameraInstance) -> dict[MediaKind, str]:
    """Put a file of each kind into the libraries; return their names."""
    await until(lambda: instance.media.loaded)
    picture = jpeg.encode(TestPattern(640, 360, 25).render(7, 0.0))
    data = {MediaKind.SNAPSHOTS: (picture, "jpg")}
    names = {}
    for kind in MediaKind:
        content, extension = data.get(kind, (b"no film at all", "mp4"))
        library = instance.media.libraries[kind]
        item = await instance.media.async_run(partial(library.add, content, TIME, extension), kind)
        names[kind] = item.name
    return names


@pytest.fixture
async def house(home: HomeAssistant, load: LoadEntry, tmp_path: Path) -> House:
    """Two demo cameras and two players, all with media; the share page is built."""
    options = {
        "Porch": QUIET,
        "Garden": QUIET,
        "Screen": sharing(share_control=False, share_history=True, share_rewind=True),
        "Stage": sharing(share_control=True, share_history=False, share_rewind=False),
    }
    cameras: dict[str, CameraInstance] = {}
    files: dict[MediaKind, str] = {}
    for title, chosen in options.items():
        kind = "ascii_player" if "share" in chosen else "demo"
        entry = await load({"kind": kind, "name": title}, title=title, options=chosen)
        cameras[title.lower()] = entry.runtime_data
        files = await fill(entry.runtime_data)
    async_previews(home)["flow"] = b"a picture"
    dist = tmp_path / "dist"
    dist.mkdir()
    build_page(home, dist)
    return House(cameras, files)


@pytest.fixture
async def users(home: HomeAssistant) -> dict[str, User]:
    return await add_users(home)


@pytest.fixture
async def people(
    home: HomeAssistant,
    house: House,
    users: dict[str, User],
    hass_ws_client: WebSocketGenerator,
) -> AsyncIterator[People]:
    """All callers, by the columns of the matrix."""
    async with contextlib.AsyncExitStack() as stack:
        people: People = {}
        for column in COLUMNS:
            user = users.get("one" if column in {"own", "other"} else column)
            token = None if user is None else await log_in(home, user)
            person = await stack.enter_async_context(Person.at(home, token))
            camera, player = ("garden", "stage") if column == "other" else ("porch", "screen")
            page = house.cameras["stage" if column == "control" else "screen"]
            root = page_path(page.entry)
            person.targets = {
                "entry_id": house.cameras[camera].entry.entry_id,
                "player_id": house.cameras[player].entry.entry_id,
                "camera": f"camera.{camera}",
                "player": f"media_player.{player}",
                "slug": root.rpartition("/")[2],
            }
            if column in {"guest", "control"}:
                assert await person.http("POST", f"{root}/unlock", {"pin": PIN}) == 204
            if token is not None:
                person.socket = await hass_ws_client(home, token)
            people[column] = person
        yield people
