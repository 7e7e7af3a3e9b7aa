"""A signed path acts for the user that signed it."""

from datetime import timedelta
from functools import partial
from typing import Any

from homeassistant.auth.models import User
from homeassistant.components.http.auth import async_sign_path
from homeassistant.core import HomeAssistant
import jwt
from yarl import URL

from custom_components.retrocam.media_items import MediaKind
from custom_components.retrocam.urls import MJPEG_PATH

from .conftest import TIME, House, People
from .people import BLIND


def claims(path: str) -> dict[str, Any]:
    """Return what a signature says: `iss` is the id of the refresh token, `exp` and `iat` are UNIX s."""
    read: dict[str, Any] = jwt.decode(
        URL(path).query["authSig"], options={"verify_signature": False}
    )
    return read


def signed_by(hass: HomeAssistant, user: User, path: str, seconds: int = 60) -> str:
    """Return a path as the user's browser has it signed."""
    refresh = next(iter(user.refresh_tokens.values()))
    return async_sign_path(hass, path, timedelta(seconds=seconds), refresh_token_id=refresh.id)


async def test_a_signed_path_acts_for_the_user_that_signed_it(
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


async def test_what_is_pushed_acts_for_the_subscriber_and_ends_with_the_right(
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
