"""Tests of the cookie of a share page: validity, renewal and revocation."""

import asyncio
import contextlib
import re
from typing import Any

from aiohttp import ClientError, WSMsgType
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.retrocam.cameras.share_auth import SHARE_AUTH, ShareAuth
from custom_components.retrocam.core.ascii.wire import SUBPROTOCOL
from custom_components.retrocam.core.share.credentials import LIFETIME, RENEW_AFTER

from ..conftest import LoadEntry
from ..core.media import Clock
from ..http.cell_clients import Client
from ..viewers import Viewer
from ..waiting import until
from .guests import (
    FAST,
    PIN,
    UNKNOWN_SLUG,
    WRONG,
    Browser,
    change_share,
    page_path,
    proxy_headers,
    sharing,
    visible_response,
)


async def test_pin_sets_a_cookie_valid_for_its_page_only(
    home: HomeAssistant, porch: MockConfigEntry, stranger: Browser
) -> None:
    locked = await stranger.get("/info")
    assert (locked.status, await locked.json()) == (401, {"error": "locked"})
    wrong = await stranger.unlock(WRONG)
    assert (wrong.status, await wrong.json()) == (401, {"error": "wrong_pin"})
    assert stranger.cookie is None
    right = await stranger.unlock()
    assert visible_response(right)[:2] == (204, b"")
    name, _, attributes = right.headers["Set-Cookie"].partition(";")
    assert name.startswith("retrocam_share=")
    assert {part.strip() for part in attributes.split(";")} == {
        "HttpOnly",
        f"Max-Age={LIFETIME}",
        f"Path={page_path(porch)}",
        "SameSite=Strict",
    }
    info = await (await stranger.get("/info")).json()
    assert re.fullmatch("[0-9a-f]{64}", info.pop("token"))
    assert info == {
        "kind": "camera",
        "title": "Porch",
        "control": False,
        "history": False,
        "rewind": 0,
        "preset": "low",
        "presets": ["low", "medium", "high", "tall"],
        "charset": None,
        "layout": None,
        "layouts": [],
        "main": None,
        "members": [],
        "audio": False,
        "expires": "2027-02-14T08:00:00.000+00:00",
        "full": False,
    }


async def test_forged_expired_and_foreign_cookies_are_invalid(
    home: HomeAssistant, load: LoadEntry, guest: Browser, clock: Clock
) -> None:
    other = await load({"kind": "demo", "name": "Yard"}, title="Yard", options=sharing())
    cookie = guest.cookie
    assert cookie is not None

    async def status(value: str, path: str = "") -> int:
        async with Browser.at(home, path) as new:
            if not path:
                new.root = guest.root
            sent = {"Cookie": f"retrocam_share={value}"}
            return (await new.get("/info", headers=sent)).status

    assert await status(cookie) == 200
    forged = [cookie[:-1] + ("0" if cookie[-1] != "0" else "1"), "", "x", f"{cookie}.", "é" * 9]
    name, expires, seal = cookie.split(".")
    forged += [f"{name}.{int(expires) + 1}.{seal}", f"{'A' * 16}.{expires}.{seal}"]
    for value in forged:
        assert await status(value) == 401, value
    assert await status(cookie, page_path(other)) == 401
    assert await status(cookie, f"/retrocam/{UNKNOWN_SLUG}") == 401
    clock.now += LIFETIME - 1
    assert await status(cookie) == 200
    clock.now += 1
    assert await status(cookie) == 401


async def test_cookie_is_renewed_after_a_day(guest: Browser, clock: Clock) -> None:
    first = guest.cookie
    clock.now += RENEW_AFTER - 1
    assert "Set-Cookie" not in (await guest.get("/info")).headers
    clock.now += 1
    renewed = await guest.get("/info")
    assert "HttpOnly" in renewed.headers["Set-Cookie"]
    assert guest.cookie != first
    clock.now += LIFETIME - RENEW_AFTER + 1
    assert (await guest.get("/info")).status == 200


async def test_cookie_cannot_be_replayed_after_logout(
    home: HomeAssistant, porch: MockConfigEntry, guest: Browser, hass_storage: dict[str, Any]
) -> None:
    cookie = guest.cookie
    async with guest.session.get(guest.root + "/mjpeg") as response:
        await Viewer(response).read(1)
        assert (await guest.post("/lock")).status == 204
        await until(lambda: not porch.runtime_data.share.open_streams)
    assert guest.cookie is None
    headers = {"Cookie": f"retrocam_share={cookie}"}
    assert (await guest.get("/info", headers=headers)).status == 401
    # Nor after a restart.
    share_auth = home.data[SHARE_AUTH]
    await share_auth._store.async_save(share_auth._stored())
    again = home.data[SHARE_AUTH] = ShareAuth(home, cost=FAST, clock=share_auth.clock)
    await again.async_load()
    assert (await guest.get("/info", headers=headers)).status == 401


CHANGES: dict[str, dict[str, Any]] = {
    "another PIN": {"share_pin": "81940752"},
    "the same PIN again": {"share_pin": PIN},
    "another link": {"share_renew": True},
    "no page": {"share_enabled": False},
}


@pytest.mark.parametrize("share", CHANGES.values(), ids=CHANGES.keys())
async def test_changes_revoke_all_cookies_and_end_all_streams(
    home: HomeAssistant, porch: MockConfigEntry, guest: Browser, share: dict[str, Any]
) -> None:
    home.data[SHARE_AUTH].cost = FAST
    cookie = guest.cookie
    async with (
        guest.session.get(guest.root + "/mjpeg") as mjpeg,
        guest.session.ws_connect(guest.root + "/cells", protocols=[SUBPROTOCOL]) as socket,
    ):
        client = Client(socket)
        await Viewer(mjpeg).read(1)
        await client.until(lambda: client.seen)
        changing = home.async_create_task(change_share(home, porch, **share))
        async with asyncio.timeout(30):
            while await client.read():
                pass
            with contextlib.suppress(ClientError):
                while not mjpeg.content.at_eof():
                    await mjpeg.content.readany()
        assert socket.close_code in (1001, 1008)
    await changing
    headers = {"Cookie": f"retrocam_share={cookie}"}
    assert (await guest.get("/info", headers=headers)).status == 401
    # Nor when the page is enabled again, under the same link.
    await change_share(home, porch, share_enabled=True)
    async with Browser.at(home, page_path(porch)) as browser:
        assert (await browser.get("/info", headers=headers)).status == 401
        pin = share.get("share_pin", PIN)
        assert (await browser.unlock(pin)).status == 204
        assert (await browser.get("/info")).status == 200


async def test_expiry_of_the_cookie_ends_open_streams(guest: Browser, clock: Clock) -> None:
    clock.now += LIFETIME - 0.2
    async with guest.session.ws_connect(guest.root + "/cells", protocols=[SUBPROTOCOL]) as socket:
        async with asyncio.timeout(30):
            while (message := await socket.receive()).type is not WSMsgType.CLOSE:
                assert message.type in (WSMsgType.TEXT, WSMsgType.BINARY)
        assert socket.close_code == 1008


async def test_cookie_set_over_https_is_secure(behind_a_proxy: None, stranger: Browser) -> None:
    secure = await stranger.unlock(headers=proxy_headers("192.0.2.1", "https"))
    assert "; Secure" in secure.headers["Set-Cookie"]
    plain = await stranger.unlock(headers=proxy_headers("192.0.2.1"))
    assert "Secure" not in plain.headers["Set-Cookie"]
