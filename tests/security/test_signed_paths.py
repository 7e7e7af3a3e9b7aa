"""A signed path acts for the user who signed it, and returns nothing that is valid for longer."""

from datetime import timedelta
from functools import partial
import re
from typing import Any

from homeassistant.auth.models import User
from homeassistant.components.http.auth import async_sign_path
from homeassistant.core import HomeAssistant
import jwt
import pytest
from yarl import URL

from custom_components.retrocam.media.items import MediaKind
from custom_components.retrocam.urls import MEDIA_LIST_PATH, MJPEG_PATH, VIEWER_PATH

from ..viewers import url_of
from .conftest import TIME, House, People
from .people import BLIND, Person

DAY = 86_400


def claims(path: str) -> dict[str, Any]:
    """Return a signature's claims: `iss` is the id of the refresh token, `exp` and `iat` are UNIX s."""
    read: dict[str, Any] = jwt.decode(
        URL(path).query["authSig"], options={"verify_signature": False}
    )
    return read


def signed_by(hass: HomeAssistant, user: User, path: str, seconds: int = 60) -> str:
    """Return a path as signed by the user's browser."""
    refresh = next(iter(user.refresh_tokens.values()))
    return async_sign_path(hass, path, timedelta(seconds=seconds), refresh_token_id=refresh.id)


async def paths_in(person: Person, path: str) -> list[str]:
    """Request a list or a page and return the signed paths in it."""
    async with person.session.get(url_of(person.hass, path)) as response:
        assert response.status == 200
        text = await response.text()
    return [
        found.replace("&amp;", "&") for found in re.findall(r'"(/api/[^"]*authSig=[^"]*)"', text)
    ]


@pytest.mark.parametrize("path", [MEDIA_LIST_PATH, VIEWER_PATH])
async def test_returned_paths_do_not_outlive_the_signed_request(
    home: HomeAssistant, house: House, people: People, users: dict[str, User], path: str
) -> None:
    path = path.format(kind="snapshots", entry_id=house.cameras["porch"].entry.entry_id)
    by_content_user = async_sign_path(home, path, timedelta(seconds=60))
    for opener in (signed_by(home, users["one"], path), by_content_user):
        found = await paths_in(people["nobody"], opener)
        assert found
        for handed in found:
            assert claims(handed)["exp"] <= claims(opener)["exp"]
            # And it acts for the same user.
            assert claims(handed)["iss"] == claims(opener)["iss"]
            assert await people["nobody"].http("GET", handed) == 200


async def test_login_gets_paths_valid_for_a_day(
    home: HomeAssistant, house: House, people: People
) -> None:
    path = MEDIA_LIST_PATH.format(kind="snapshots", entry_id=house.cameras["porch"].entry.entry_id)
    for query in ("", "?authSig=nonsense"):
        found = await paths_in(people["own"], path + query)
        assert found
        assert {claims(handed)["exp"] - claims(handed)["iat"] for handed in found} == {DAY}


async def test_signed_path_acts_for_the_user_who_signed_it(
    home: HomeAssistant, house: House, people: People, users: dict[str, User]
) -> None:
    stranger, one = people["nobody"], users["one"]
    porch, garden = (
        MJPEG_PATH.format(entry_id=house.cameras[name].entry.entry_id)
        for name in ("porch", "garden")
    )
    for path in (porch, garden):
        # As cast devices get it.
        assert await stranger.http("GET", async_sign_path(home, path, timedelta(60))) == 200
    assert await stranger.http("GET", signed_by(home, one, garden)) == 403
    path = signed_by(home, one, porch)
    assert await stranger.http("GET", path) == 200
    await home.auth.async_update_user(one, group_ids=[BLIND])
    assert await stranger.http("GET", path) == 403
    await home.auth.async_remove_user(one)
    assert await stranger.http("GET", path) == 403


async def test_pushed_events_act_for_the_subscriber_and_end_with_the_right(
    home: HomeAssistant, house: House, people: People, users: dict[str, User]
) -> None:
    person, porch = people["own"], house.cameras["porch"]
    assert (await person.ask("retrocam/media/subscribe", entry_id=porch.entry.entry_id))["success"]
    assert person.socket is not None

    async def keep(time: float) -> None:
        add = partial(porch.media.snapshots.add, b"a picture", time, "jpg")
        await porch.media.async_run(add, MediaKind.SNAPSHOTS)

    await keep(TIME + 1)
    while (event := (await person.socket.receive_json())["event"])["type"] != "saved":
        pass
    path = event["item"]["url"]
    assert claims(path)["iss"] in users["one"].refresh_tokens
    assert await people["nobody"].http("GET", path) == 200
    await home.auth.async_update_user(users["one"], group_ids=[BLIND])
    assert await people["nobody"].http("GET", path) == 403
    await keep(TIME + 2)
    await home.async_block_till_done()
    await person.socket.send_json_auto_id({"type": "ping"})
    assert (await person.socket.receive_json())["type"] == "pong"
