"""The share page: who gets in, what strangers can tell, and what ends it."""

import asyncio
from collections.abc import AsyncIterator, Callable
import contextlib
from dataclasses import replace
import json
from pathlib import Path
import re
from typing import Any

from aiohttp import ClientError, WSMsgType
from homeassistant.components.http.ban import KEY_FAILED_LOGIN_ATTEMPTS
from homeassistant.core import HomeAssistant
from homeassistant.helpers import http as http_helper, issue_registry as ir
from homeassistant.helpers.data_entry_flow import FlowManagerResourceView
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.retrocam.const import DOMAIN
from custom_components.retrocam.core.cells.wire import SUBPROTOCOL
from custom_components.retrocam.core.lockouts import BY_ADDRESS, Lockouts
from custom_components.retrocam.core.sharing import LIFETIME, RENEWED_AFTER, Lock, hash_pin
from custom_components.retrocam.diagnostics import async_get_config_entry_diagnostics
from custom_components.retrocam.instances.door import DOOR, SAVE_DELAY, STORE_KEY, Door
from custom_components.retrocam.instances.share import MOST_VISITS, SHARE_LOCK
from custom_components.retrocam.repairs import GuessingRepair, async_create_fix_flow
from custom_components.retrocam.share_options import share_schema

from .cell_clients import Client
from .conftest import LoadEntry
from .guests import (
    FAST,
    NOBODY,
    PIN,
    WRONG,
    Browser,
    build_page,
    lock_of,
    page_path,
    sharing,
    told,
)
from .viewers import QUIET, Viewer, frame_number, url_of, working_threads
from .waiting import until

POSTED = ("play", "pause", "stop", "seek", "preset", "layout")
SHUT = (
    "/info",
    "/cells",
    "/mjpeg",
    "/audio/1/0/0.aac",
    "/snapshots",
    "/snapshots/20260101T000000.000Z.jpg",
    "/thumbnails/20260101T000000.000Z.jpg",
)
"""What only guests get."""


class Clock:
    """A clock that stands still."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def clock(home: HomeAssistant) -> Clock:
    """What the door takes for the time."""
    clock = home.data[DOOR].clock = Clock()
    return clock


@pytest.fixture
async def porch(load: LoadEntry, clock: Clock) -> MockConfigEntry:
    """A shared camera that runs nothing for itself."""
    return await load({"kind": "demo", "name": "Porch"}, options=sharing())


@pytest.fixture
async def stranger(home: HomeAssistant, porch: MockConfigEntry) -> AsyncIterator[Browser]:
    async with Browser.at(home, page_path(porch)) as browser:
        yield browser


@pytest.fixture
async def guest(stranger: Browser) -> Browser:
    """Somebody who knew the PIN."""
    assert (await stranger.unlock()).status == 204
    return stranger


async def change(hass: HomeAssistant, entry: MockConfigEntry, **share: Any) -> None:
    """Change the share page as its owner does, by the options flow."""
    flow = hass.config_entries.options
    result = await flow.async_init(entry.entry_id)
    assert result["data_schema"] is not None
    sections: dict[str, Any] = {str(key): {} for key in result["data_schema"].schema}
    given = {**entry.options["share"], **share}
    result = await flow.async_configure(result["flow_id"], {**sections, **QUIET, "share": given})
    if result.get("step_id") == "share_link":
        result = await flow.async_configure(result["flow_id"], {})
    assert result["type"] == "create_entry", result
    await hass.async_block_till_done()


async def test_the_page_is_the_same_for_all_and_lets_nothing_in(
    home: HomeAssistant, porch: MockConfigEntry, tmp_path: Path
) -> None:
    build_page(home, tmp_path)
    answers = []
    for path in (page_path(porch), f"/retrocam/{NOBODY}"):
        async with Browser.at(home, path) as browser:
            page, script = await browser.get(), await browser.get("/assets/share.js")
            text = await page.text()
            assert f'src="{path}/assets/share.js"' in text
            answers.append((told(page)[0], text.replace(path, ""), page.headers, told(script)))
            for name in ("retrocam.js", "share.html", "%2e%2e", "nothing"):
                assert (await browser.get(f"/assets/{name}")).status == 404, name
    assert answers[0][:2] == answers[1][:2]
    assert {**answers[0][2], "Date": ""} == {**answers[1][2], "Date": ""}
    assert answers[0][3] == answers[1][3]
    headers = answers[0][2]
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"


async def test_files_of_the_page_are_asked_for_only_when_they_changed(
    home: HomeAssistant, porch: MockConfigEntry, tmp_path: Path
) -> None:
    build_page(home, tmp_path)
    async with Browser.at(home, page_path(porch)) as browser:
        first = await browser.get("/assets/share-icon.svg")
        assert first.content_type == "image/svg+xml"
        assert first.headers["Cache-Control"] == "no-cache"
        again = await browser.get(
            "/assets/share-icon.svg", headers={"If-None-Match": first.headers["ETag"]}
        )
        assert told(again)[:2] == (304, b"")
        packed = await browser.get("/assets/share.js")
        assert packed.headers["Content-Encoding"] in ("gzip", "deflate")
        assert (await packed.text()).startswith("'use strict'")


async def test_a_checkout_without_a_build_says_so(
    home: HomeAssistant, stranger: Browser, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("custom_components.retrocam.share.DIST", tmp_path)
    response = await stranger.get()
    assert (response.status, await response.json()) == (503, {"error": "not_built"})
    build_page(home, tmp_path)
    assert (await stranger.get()).status == 200


async def test_the_pin_opens_the_page_and_its_cookie_is_for_nothing_else(
    home: HomeAssistant, porch: MockConfigEntry, stranger: Browser
) -> None:
    locked = await stranger.get("/info")
    assert (locked.status, await locked.json()) == (401, {"error": "locked"})
    wrong = await stranger.unlock(WRONG)
    assert (wrong.status, await wrong.json()) == (401, {"error": "wrong_pin"})
    assert stranger.cookie is None
    right = await stranger.unlock()
    assert told(right)[:2] == (204, b"")
    name, _, attributes = right.headers["Set-Cookie"].partition(";")
    assert name.startswith("retrocam_share=")
    assert {part.strip() for part in attributes.split(";")} == {
        "HttpOnly",
        f"Max-Age={LIFETIME}",
        f"Path={page_path(porch)}",
        "SameSite=Strict",
    }
    info = await (await stranger.get("/info")).json()
    assert info == {
        "kind": "camera",
        "title": "Porch",
        "control": False,
        "history": False,
        "preset": "low",
        "presets": ["low", "medium", "high", "tall"],
        "charset": None,
        "layout": None,
        "layouts": [],
        "main": None,
        "members": [],
        "audio": False,
        "expires": "2027-02-14T08:00:00.000+00:00",
    }


async def test_guests_see_pictures(
    home: HomeAssistant, porch: MockConfigEntry, guest: Browser
) -> None:
    async with guest.session.get(guest.root + "/mjpeg?n=1") as response:
        assert response.status == 200
        parts = await Viewer(response).read(2)
        assert frame_number(parts[0].data) < frame_number(parts[1].data)
    async with guest.session.ws_connect(guest.root + "/cells", protocols=[SUBPROTOCOL]) as socket:
        client = Client(socket)
        await client.until(lambda: len(client.seen) > 3)
    await until(lambda: porch.runtime_data.share.visits == 0)
    await until(lambda: working_threads() == [])


async def test_strangers_cannot_tell_a_page_from_none(
    home: HomeAssistant, porch: MockConfigEntry, clock: Clock
) -> None:
    # One address may go on here.
    home.data[DOOR].lockouts = Lockouts(by_address=replace(BY_ADDRESS, free=1000))
    async with (
        Browser.at(home, page_path(porch)) as known,
        Browser.at(home, f"/retrocam/{NOBODY}") as unknown,
    ):
        for path in SHUT:
            assert told(await known.get(path)) == told(await unknown.get(path)), path
            assert (await known.get(path)).status == 401, path
        for action in POSTED:
            answers = [await browser.post(f"/{action}") for browser in (known, unknown)]
            assert told(answers[0]) == told(answers[1])
            assert answers[0].status == 401
        bodies: list[Any] = [{}, {"pin": 1234}, {"pin": "abcd"}, [], {"pin": "1" * 13}]
        for body in bodies:
            answers = [await browser.post("/unlock", body) for browser in (known, unknown)]
            assert told(answers[0]) == told(answers[1])
            assert answers[0].status == 400
        for number in range(24):
            answers = [await browser.unlock(f"{number:06}") for browser in (known, unknown)]
            assert told(answers[0]) == told(answers[1])
            assert answers[0].status == (401 if number < 20 else 429)
        for browser in (known, unknown):
            left = await browser.post("/lock")
            assert left.status == 204
            # During a lock-out, not even the PIN tells anything.
            refused = await browser.unlock()
            assert (refused.status, refused.headers["Retry-After"]) == (429, "60")
            assert await refused.json() == {"error": "locked_out", "retry_after": 60}
    assert porch.runtime_data.watchers == 0


async def test_what_does_not_look_like_a_link_is_not_found(
    home: HomeAssistant, porch: MockConfigEntry
) -> None:
    slug = lock_of(porch).slug
    for path in (
        f"/retrocam/{slug}x",
        f"/retrocam/{slug[:-1]}",
        "/retrocam/",
        f"/retrocam/{slug}/",
    ):
        async with Browser.at(home, path) as browser:
            assert (await browser.get()).status == 404, path


async def test_forged_expired_and_others_cookies_open_nothing(
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
    assert await status(cookie, f"/retrocam/{NOBODY}") == 401
    clock.now += LIFETIME - 1
    assert await status(cookie) == 200
    clock.now += 1
    assert await status(cookie) == 401


async def test_who_comes_back_after_a_day_gets_a_fresh_cookie(guest: Browser, clock: Clock) -> None:
    first = guest.cookie
    clock.now += RENEWED_AFTER - 1
    assert "Set-Cookie" not in (await guest.get("/info")).headers
    clock.now += 1
    renewed = await guest.get("/info")
    assert "HttpOnly" in renewed.headers["Set-Cookie"]
    assert guest.cookie != first
    clock.now += LIFETIME - RENEWED_AFTER + 1
    assert (await guest.get("/info")).status == 200


async def test_a_cookie_cannot_be_played_back_after_leaving(
    home: HomeAssistant, porch: MockConfigEntry, guest: Browser, hass_storage: dict[str, Any]
) -> None:
    cookie = guest.cookie
    async with guest.session.get(guest.root + "/mjpeg") as response:
        await Viewer(response).read(1)
        assert (await guest.post("/lock")).status == 204
        await until(lambda: porch.runtime_data.share.visits == 0)
    assert guest.cookie is None
    headers = {"Cookie": f"retrocam_share={cookie}"}
    assert (await guest.get("/info", headers=headers)).status == 401
    # Also not after a restart.
    door = home.data[DOOR]
    await door._store.async_save(door._stored())
    again = home.data[DOOR] = Door(home, cost=FAST, clock=door.clock)
    await again.async_load()
    assert (await guest.get("/info", headers=headers)).status == 401


CHANGES: dict[str, dict[str, Any]] = {
    "another PIN": {"share_pin": "99887766"},
    "the same PIN again": {"share_pin": PIN},
    "another link": {"share_renew": True},
    "no page": {"share_enabled": False},
}


@pytest.mark.parametrize("share", CHANGES.values(), ids=CHANGES.keys())
async def test_changes_end_all_cookies_and_all_open_streams(
    home: HomeAssistant, porch: MockConfigEntry, guest: Browser, share: dict[str, Any]
) -> None:
    home.data[DOOR].cost = FAST
    cookie, ended = guest.cookie, asyncio.Event()
    async with (
        guest.session.get(guest.root + "/mjpeg") as mjpeg,
        guest.session.ws_connect(guest.root + "/cells", protocols=[SUBPROTOCOL]) as socket,
    ):
        client = Client(socket)
        await Viewer(mjpeg).read(1)
        await client.until(lambda: client.seen)
        changing = home.async_create_task(change(home, porch, **share))
        changing.add_done_callback(lambda _task: ended.set())
        async with asyncio.timeout(10):
            while await client.read():
                pass
            with contextlib.suppress(ClientError):
                while not mjpeg.content.at_eof():
                    await mjpeg.content.readany()
        assert socket.close_code in (1001, 1008)
    await changing
    headers = {"Cookie": f"retrocam_share={cookie}"}
    assert (await guest.get("/info", headers=headers)).status == 401
    # Not even when it is switched on again, under the link that it had.
    await change(home, porch, share_enabled=True)
    async with Browser.at(home, page_path(porch)) as browser:
        assert (await browser.get("/info", headers=headers)).status == 401
        pin = share.get("share_pin", PIN)
        assert (await browser.unlock(pin)).status == 204
        assert (await browser.get("/info")).status == 200


async def test_a_reload_sends_nobody_back_to_the_pin(
    home: HomeAssistant, porch: MockConfigEntry, guest: Browser
) -> None:
    assert await home.config_entries.async_unload(porch.entry_id)
    for path in SHUT:
        response = await guest.get(path)
        assert (response.status, await response.json()) == (
            503,
            {"error": "unavailable", "retry_after": 2},
        )
    assert await home.config_entries.async_setup(porch.entry_id)
    assert (await guest.get("/info")).status == 200


async def test_a_cookie_that_ends_ends_what_is_open(guest: Browser, clock: Clock) -> None:
    clock.now += LIFETIME - 0.2
    async with guest.session.ws_connect(guest.root + "/cells", protocols=[SUBPROTOCOL]) as socket:
        async with asyncio.timeout(10):
            while (message := await socket.receive()).type is not WSMsgType.CLOSE:
                assert message.type in (WSMsgType.TEXT, WSMsgType.BINARY)
        assert socket.close_code == 1008


async def test_guests_cannot_open_streams_without_end(
    porch: MockConfigEntry, guest: Browser
) -> None:
    share = porch.runtime_data.share
    allowed = guest_pass(share, guest)
    with share.visit(allowed, 60), share.visit(allowed, 60):
        share._visits |= {asyncio.Event(): "somebody" for _ in range(MOST_VISITS - 2)}
        for path in ("/mjpeg", "/cells"):
            response = await guest.get(path)
            assert (response.status, (await response.json())["error"]) == (503, "busy")


def guest_pass(share: Any, guest: Browser) -> Any:
    return share._hass.data[DOOR].enter(guest.root.rpartition("/")[2], guest.cookie or "").allowed


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Sec-Fetch-Site": "same-origin"}, 401),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://{host}"}, 401),
        ({"Content-Type": "text/plain"}, 400),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 400),
    ],
)
async def test_other_sites_cannot_post(
    stranger: Browser, headers: dict[str, str], status: int
) -> None:
    host = stranger.root.split("/")[2]
    sent = {name: value.format(host=host) for name, value in headers.items()}
    response = await stranger.unlock(WRONG, headers=sent)
    assert response.status == status


async def test_other_sites_cannot_open_the_socket(guest: Browser) -> None:
    response = await guest.get("/cells", headers={"Origin": "http://evil.example"})
    assert response.status == 403


async def test_what_is_too_large_or_broken_is_refused(stranger: Browser) -> None:
    for data in (b"", b"{", b'{"pin": "' + b"1" * 5000 + b'"}', b"[[[", b"\xff", b"null"):
        async with stranger.session.post(
            stranger.root + "/unlock", data=data, headers={"Content-Type": "application/json"}
        ) as response:
            assert response.status == 400, data
            assert (await response.json())["error"] == "bad_request"


async def test_a_disabled_entry_has_no_page(
    home: HomeAssistant, porch: MockConfigEntry, guest: Browser
) -> None:
    assert await home.config_entries.async_unload(porch.entry_id)
    object.__setattr__(porch, "disabled_by", "user")
    assert (await guest.get("/info")).status == 401
    object.__setattr__(porch, "disabled_by", None)


async def test_a_lock_that_cannot_be_read_stays_shut(load: LoadEntry, home: HomeAssistant) -> None:
    options = {**sharing(), SHARE_LOCK: {"slug": NOBODY}}
    await load({"kind": "demo", "name": "Porch"}, options=options)
    async with Browser.at(home, f"/retrocam/{NOBODY}") as browser:
        assert (await browser.unlock()).status == 401


async def test_secrets_of_a_page_are_in_no_diagnostics_and_no_log(
    home: HomeAssistant,
    porch: MockConfigEntry,
    guest: Browser,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG", "custom_components.retrocam")
    await guest.unlock(WRONG)
    await change(home, porch, share_pin="44556677")
    await home.async_block_till_done()
    lock = lock_of(porch)
    text = json.dumps(await async_get_config_entry_diagnostics(home, porch), default=str)
    # But for the lines of the server itself, which name each path when they are asked for.
    ours = [
        one for one in caplog.records if not one.name.startswith(("aiohttp", http_helper.__name__))
    ]
    logged = "\n".join(record.getMessage() for record in ours)
    assert "Login attempt" in logged
    for secret in (lock.slug, lock.key, lock.pin_hash, PIN, WRONG, "44556677"):
        assert secret not in text
        assert secret not in logged, secret


@pytest.fixture
async def behind_a_proxy(hass: HomeAssistant) -> None:
    """Home Assistant behind a proxy on this machine that ends https, with a limit of wrong logins."""
    http = {
        "use_x_forwarded_for": True,
        "trusted_proxies": ["127.0.0.1"],
        "ip_ban_enabled": True,
        "login_attempts_threshold": 1000,
    }
    assert await async_setup_component(hass, "http", {"http": http})


def by(address: str, proto: str = "http") -> dict[str, str]:
    return {"X-Forwarded-For": address, "X-Forwarded-Proto": proto}


async def test_a_cookie_given_by_https_is_for_https_only(
    behind_a_proxy: None, stranger: Browser
) -> None:
    secure = await stranger.unlock(headers=by("192.0.2.1", "https"))
    assert "; Secure" in secure.headers["Set-Cookie"]
    plain = await stranger.unlock(headers=by("192.0.2.1"))
    assert "Secure" not in plain.headers["Set-Cookie"]


@pytest.mark.parametrize("count", [1, 100])
async def test_guessing_opens_nothing_and_disturbs_no_guest(
    behind_a_proxy: None,
    *,
    home: HomeAssistant,
    porch: MockConfigEntry,
    guest: Browser,
    clock: Clock,
    count: int,
) -> None:
    async with Browser.at(home, page_path(porch)) as attacker:
        answers: list[int] = []
        for start in range(0, 300, 50):
            addresses = [f"198.51.100.{number % count}" for number in range(start, start + 50)]
            responses = await asyncio.gather(
                *(
                    attacker.unlock(f"{start + number:04}", headers=by(address))
                    for number, address in enumerate(addresses)
                )
            )
            answers += [response.status for response in responses]
            info = await guest.get("/info", headers=by("198.51.100.0"))
            assert info.status == 200
        # Whatever comes at once: not one more than is free is looked at.
        assert answers.count(401) == (5 if count == 1 else 20)
        assert answers.count(429) == 300 - answers.count(401)
        assert attacker.cookie is None
    failed = home.http.app[KEY_FAILED_LOGIN_ATTEMPTS]
    await home.async_block_till_done()
    assert sum(failed.values()) == answers.count(401)
    issue = ir.async_get(home).async_get_issue(DOMAIN, f"share_guessing_{porch.entry_id}")
    assert issue is not None
    assert issue.translation_placeholders == {
        "name": "Porch",
        "count": str(answers.count(401)),
    }
    assert (await guest.get("/info", headers=by("198.51.100.0"))).status == 200


async def test_a_lockout_outlasts_a_restart_and_ends_with_another_pin(
    home: HomeAssistant,
    *,
    porch: MockConfigEntry,
    stranger: Browser,
    clock: Clock,
    hass_storage: dict[str, Any],
) -> None:
    for _ in range(5):
        assert (await stranger.unlock(WRONG)).status == 401
    assert (await stranger.unlock()).status == 429
    door = home.data[DOOR]
    await until(lambda: STORE_KEY in hass_storage, within=SAVE_DELAY + 30)
    assert PIN not in json.dumps(hass_storage[STORE_KEY])
    again = home.data[DOOR] = Door(home, cost=FAST, clock=clock)
    await again.async_load()
    assert again.lockouts.stored() == door.lockouts.stored()
    assert (await stranger.unlock()).status == 429
    registry, issue_id = ir.async_get(home), f"share_guessing_{porch.entry_id}"
    assert await home.config_entries.async_reload(porch.entry_id)
    assert registry.async_get_issue(DOMAIN, issue_id) is not None
    await change(home, porch, share_pin="11223344")
    assert registry.async_get_issue(DOMAIN, issue_id) is None
    # The address has to wait all the same.
    assert (await stranger.unlock("11223344")).status == 429
    clock.now += 60
    assert (await stranger.unlock("11223344")).status == 204


async def test_the_repair_of_guessing_is_another_link(
    home: HomeAssistant, porch: MockConfigEntry, guest: Browser
) -> None:
    old = lock_of(porch).slug
    for _ in range(5):
        await guest.unlock(WRONG)
    registry, issue_id = ir.async_get(home), f"share_guessing_{porch.entry_id}"
    issue = registry.async_get_issue(DOMAIN, issue_id)
    assert issue is not None
    flow = await async_create_fix_flow(home, issue_id, issue.data)
    flow.hass, flow.issue_id = home, issue_id
    assert isinstance(flow, GuessingRepair)
    result = await flow.async_step_init()
    assert result["description_placeholders"] == {"name": "Porch", "count": "5"}
    result = await flow.async_step_confirm({})
    assert result["type"] == "create_entry"
    await home.async_block_till_done()
    assert lock_of(porch).slug != old
    assert (await guest.get("/info")).status == 401
    assert registry.async_get_issue(DOMAIN, issue_id) is None


async def test_the_last_entry_takes_along_what_is_known_of_guests(
    home: HomeAssistant, porch: MockConfigEntry, guest: Browser, hass_storage: dict[str, Any]
) -> None:
    await guest.unlock(WRONG)
    door = home.data[DOOR]
    await door._store.async_save(door._stored())
    assert STORE_KEY in hass_storage
    assert await home.config_entries.async_remove(porch.entry_id)
    assert STORE_KEY not in hass_storage
    assert (await guest.unlock(WRONG)).status == 401
    assert (await guest.get("/info")).status == 401


async def test_a_broken_store_does_not_keep_retrocam_from_starting(
    home: HomeAssistant, hass_storage: dict[str, Any]
) -> None:
    hass_storage[STORE_KEY] = {"version": 1, "data": {"lockouts": {"links": {"x": "y"}}}}
    door = Door(home, cost=FAST)
    await door.async_load()
    assert door.lockouts.stored() == {"addresses": {}, "links": {}}


def our_paths(hass: HomeAssistant) -> list[tuple[str, str]]:
    """Return method and path, with its placeholders, of all that this Home Assistant has of ours."""
    return sorted(
        (route.method, route.resource.canonical)
        for route in hass.http.app.router.routes()
        if route.resource is not None and "retrocam" in route.resource.canonical
    )


def filled(path: str, entry: MockConfigEntry) -> str:
    known = {
        "slug": lock_of(entry).slug,
        "entry_id": entry.entry_id,
        "kind": "snapshots",
        "filename": "20260101T000000.000Z.jpg",
        "name": "share.js",
        "action": "stop",
    }
    return re.sub(r"{(\w+)}", lambda found: known.get(found[1], "1"), path)


async def test_without_a_login_only_the_share_page_answers_and_only_its_own(
    home: HomeAssistant,
    *,
    load: LoadEntry,
    porch: MockConfigEntry,
    guest: Browser,
    tmp_path: Path,
) -> None:
    build_page(home, tmp_path)
    yard = await load(
        {"kind": "demo", "name": "Yard"},
        title="Yard",
        options=sharing(share_control=True, share_history=True),
    )
    routes = [route for route in our_paths(home) if not route[1].startswith("/retrocam_files")]
    assert len(routes) > 20
    open_to_all = {"/retrocam/{slug}", "/retrocam/{slug}/assets/{name}"}
    for method, path in routes:
        for entry in (porch, yard):
            async with asyncio.timeout(10):
                headers = {"Content-Type": "application/json"}
                async with guest.session.request(
                    method, url_of(home, filled(path, entry)), data=b"{}", headers=headers
                ) as response:
                    status = response.status
            if method == "OPTIONS":
                assert status == 403, path  # no site of another origin is let in
            elif path in open_to_all:
                assert status == 200, path
            elif not path.startswith("/retrocam/{slug}/"):
                assert status in (403, 404), (method, path)
            elif path.endswith(("/unlock", "/lock")):
                assert status in (204, 400), (method, path)
            elif entry is yard:
                assert status == 401, (method, path)
            if path.endswith("/lock"):
                assert (await guest.unlock()).status == 204
    assert (await guest.get("/info")).status == 200


async def test_snapshots_only_where_they_are_allowed(
    home: HomeAssistant, porch: MockConfigEntry, guest: Browser
) -> None:
    snapshot = await porch.runtime_data.history.async_take()
    name = snapshot.item.name
    paths = ("/snapshots", f"/snapshots/{name}", f"/thumbnails/{name}")
    for path in paths:
        assert (await guest.get(path)).status == 403, path
    await change(home, porch, share_history=True)
    await until(lambda: porch.runtime_data.media.loaded)
    listed = await (await guest.get("/snapshots?limit=5")).json()
    assert [item["filename"] for item in listed] == [name]
    # No address or id that means anything elsewhere.
    assert listed[0].keys() == {"filename", "timestamp", "size"}
    before = {"before": listed[0]["timestamp"]}
    assert await (await guest.get("/snapshots", params=before)).json() == []
    image, small = [await guest.get(path) for path in paths[1:]]
    assert image.status == small.status == 200
    assert len(told(image)[1]) == listed[0]["size"]
    assert image.headers["Cache-Control"] == small.headers["Cache-Control"] == "no-store"
    for query in ("limit=0", "limit=x", "limit=99999", "before=x", "before=9999999"):
        assert (await guest.get(f"/snapshots?{query}")).status == 400, query
    for path in ("/snapshots/x.jpg", "/thumbnails/x.jpg", "/snapshots/..%2F..%2Fetc"):
        assert (await guest.get(path)).status in (400, 404), path


async def test_two_in_a_thousand_pins_at_once_wait_their_turn(
    home: HomeAssistant, porch: MockConfigEntry, stranger: Browser
) -> None:
    door = home.data[DOOR]
    door._waiting = 10_000
    response = await stranger.unlock()
    assert (response.status, response.headers["Retry-After"]) == (429, "5")
    door._waiting = 0
    # It did not count.
    assert door.lockouts.stored() == {"addresses": {}, "links": {}}


async def test_a_pin_that_is_changed_while_it_is_looked_at_opens_nothing(
    home: HomeAssistant, porch: MockConfigEntry, stranger: Browser
) -> None:
    door, lock = home.data[DOOR], lock_of(porch)
    check: Callable[..., Any] = door._async_check

    async def changing(pin: str, asked: Lock) -> bool:
        right: bool = await check(pin, asked)
        changed = lock.changed(pin_hash=hash_pin("998877", FAST)).stored()
        home.config_entries.async_update_entry(
            porch, options={**porch.options, SHARE_LOCK: changed}
        )
        return right

    door._async_check = changing  # type: ignore[assignment,method-assign]  # to change it meanwhile
    assert (await stranger.unlock()).status == 401


async def test_the_form_takes_a_pin_and_shows_the_link(
    home: HomeAssistant, load: LoadEntry
) -> None:
    home.config.external_url = "https://home.example"
    home.data[DOOR].cost = FAST
    entry = await load({"kind": "demo", "name": "Porch"}, options=QUIET)
    flow = home.config_entries.options
    result = await flow.async_init(entry.entry_id)
    assert result["data_schema"] is not None
    sections: dict[str, Any] = {str(key): {} for key in result["data_schema"].schema}
    for share, error in (
        ({"share_enabled": True}, "share_pin_missing"),
        ({"share_enabled": True, "share_pin": "12a4"}, "share_pin_invalid"),
    ):
        result = await flow.async_configure(
            result["flow_id"], {**sections, **QUIET, "share": share}
        )
        assert result["errors"] == {"base": error}
        assert result["data_schema"] is not None
        assert "12a4" not in str(result["data_schema"].schema)
    given = {"share_enabled": True, "share_pin": PIN, "share_control": True}
    result = await flow.async_configure(result["flow_id"], {**sections, **QUIET, "share": given})
    assert result["step_id"] == "share_link"
    assert result["description_placeholders"] is not None
    link = str(result["description_placeholders"]["share_link"])
    assert re.fullmatch(r"https://home\.example/retrocam/[A-Za-z0-9_-]{22}", link)
    # What a browser gets.
    as_json: Callable[..., Any] = FlowManagerResourceView(flow)._prepare_result_json
    shown = as_json(result)
    assert shown["data_schema"][0]["selector"]["qr_code"]["data"] == link
    assert SHARE_LOCK not in entry.options
    result = await flow.async_configure(result["flow_id"], {})
    assert result["type"] == "create_entry"
    await home.async_block_till_done()
    assert entry.options["share"] == {
        "share_enabled": True,
        "share_control": True,
        "share_history": False,
    }
    assert PIN not in json.dumps(dict(entry.options))
    assert link.endswith(page_path(entry))
    # Later, the form shows the link again, and of the PIN nothing.
    result = await flow.async_init(entry.entry_id)
    text = json.dumps(as_json(result))
    assert link in text
    for secret in (PIN, lock_of(entry).pin_hash, lock_of(entry).key):
        assert secret not in text
    async with Browser.at(home, page_path(entry)) as browser:
        assert (await browser.unlock()).status == 204


def test_the_form_has_words_for_everything() -> None:
    path = Path(__file__).parent.parent / "custom_components/retrocam/translations"
    for language in path.glob("*.json"):
        options = json.loads(language.read_text(encoding="utf-8"))["options"]
        texts = options["step"]["init"]["sections"]["share"]
        fields = {str(field) for field in share_schema("https://home.example").schema}
        assert texts["data"].keys() == texts["data_description"].keys() == fields
        # The form's field of a code shows no text: the link stands with the wish for another one.
        assert "{share_link}" in texts["data_description"]["share_renew"]
        assert "{share_link}" in options["step"]["share_link"]["description"]
        assert {"share_pin_missing", "share_pin_invalid"} <= options["error"].keys()
