"""Tests of requests without a cookie."""

import asyncio
from dataclasses import replace
import json
from pathlib import Path
import re
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers import http as http_helper
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.retrocam.cameras.share_access import SHARE_LOCK
from custom_components.retrocam.cameras.share_auth import SHARE_AUTH
from custom_components.retrocam.core.share.rate_limit import BY_ADDRESS, PinRateLimiter
from custom_components.retrocam.diagnostics import async_get_config_entry_diagnostics

from ..conftest import LoadEntry
from ..core.media import Clock
from ..viewers import url_of
from .guests import (
    GUEST_PATHS,
    PIN,
    UNKNOWN_SLUG,
    WRONG,
    Browser,
    build_page,
    change_share,
    credentials_of,
    page_path,
    sharing,
    visible_response,
)

POSTED = ("play", "pause", "stop", "seek", "preset", "layout")


async def test_existing_and_missing_pages_are_indistinguishable(
    home: HomeAssistant, porch: MockConfigEntry, clock: Clock
) -> None:
    # One address may try more here.
    home.data[SHARE_AUTH].pin_limiter = PinRateLimiter(
        by_address=replace(BY_ADDRESS, free_attempts=1000)
    )
    async with (
        Browser.at(home, page_path(porch)) as known,
        Browser.at(home, f"/retrocam/{UNKNOWN_SLUG}") as unknown,
    ):
        for path in GUEST_PATHS:
            assert visible_response(await known.get(path)) == visible_response(
                await unknown.get(path)
            ), path
            assert (await known.get(path)).status == 401, path
        for action in POSTED:
            answers = [await browser.post(f"/{action}") for browser in (known, unknown)]
            assert visible_response(answers[0]) == visible_response(answers[1])
            assert answers[0].status == 401
        bodies: list[Any] = [{}, {"pin": 1234}, {"pin": "abcd"}, [], {"pin": "1" * 13}]
        for body in bodies:
            answers = [await browser.post("/unlock", body) for browser in (known, unknown)]
            assert visible_response(answers[0]) == visible_response(answers[1])
            assert answers[0].status == 400
        for number in range(24):
            answers = [await browser.unlock(f"{number:06}") for browser in (known, unknown)]
            assert visible_response(answers[0]) == visible_response(answers[1])
            assert answers[0].status == (401 if number < 20 else 429)
        for browser in (known, unknown):
            left = await browser.post("/lock")
            assert left.status == 204
            # During a lockout, the right PIN is rejected too.
            refused = await browser.unlock()
            assert (refused.status, refused.headers["Retry-After"]) == (429, "60")
            assert await refused.json() == {"error": "locked_out", "retry_after": 60}
    assert porch.runtime_data.viewers.count == 0


async def test_malformed_links_answer_404(home: HomeAssistant, porch: MockConfigEntry) -> None:
    slug = credentials_of(porch).slug
    for path in (
        f"/retrocam/{slug}x",
        f"/retrocam/{slug[:-1]}",
        "/retrocam/",
        f"/retrocam/{slug}/",
    ):
        async with Browser.at(home, path) as browser:
            assert (await browser.get()).status == 404, path


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
async def test_cross_site_posts_are_rejected(
    stranger: Browser, headers: dict[str, str], status: int
) -> None:
    host = stranger.root.split("/")[2]
    sent = {name: value.format(host=host) for name, value in headers.items()}
    response = await stranger.unlock(WRONG, headers=sent)
    assert response.status == status


async def test_cross_site_websockets_are_rejected(guest: Browser) -> None:
    response = await guest.get("/cells", headers={"Origin": "http://evil.example"})
    assert response.status == 403


async def test_large_or_malformed_bodies_are_rejected(stranger: Browser) -> None:
    for data in (b"", b"{", b'{"pin": "' + b"1" * 5000 + b'"}', b"[[[", b"\xff", b"null"):
        async with stranger.session.post(
            stranger.root + "/unlock", data=data, headers={"Content-Type": "application/json"}
        ) as response:
            assert response.status == 400, data
            assert (await response.json())["error"] == "bad_request"


async def test_unreadable_credentials_disable_the_page(
    load: LoadEntry, home: HomeAssistant
) -> None:
    options = {**sharing(), SHARE_LOCK: {"slug": UNKNOWN_SLUG}}
    await load({"kind": "demo", "name": "Porch"}, options=options)
    async with Browser.at(home, f"/retrocam/{UNKNOWN_SLUG}") as browser:
        assert (await browser.unlock()).status == 401


async def test_secrets_are_in_no_diagnostics_and_no_log(
    home: HomeAssistant,
    porch: MockConfigEntry,
    guest: Browser,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG", "custom_components.retrocam")
    await guest.unlock(WRONG)
    await change_share(home, porch, share_pin="70331846")
    await home.async_block_till_done()
    credentials = credentials_of(porch)
    text = json.dumps(await async_get_config_entry_diagnostics(home, porch), default=str)
    # Except for the access log, which has each path if enabled.
    ours = [
        one for one in caplog.records if not one.name.startswith(("aiohttp", http_helper.__name__))
    ]
    logged = "\n".join(record.getMessage() for record in ours)
    assert "Login attempt" in logged
    for secret in (credentials.slug, credentials.key, credentials.pin_hash, PIN, WRONG, "70331846"):
        assert secret not in text
        assert secret not in logged, secret


def our_paths(hass: HomeAssistant) -> list[tuple[str, str]]:
    """Return method and path, with placeholders, of all registered views of Retrocam."""
    return sorted(
        (route.method, route.resource.canonical)
        for route in hass.http.app.router.routes()
        if route.resource is not None and "retrocam" in route.resource.canonical
    )


def filled(path: str, entry: MockConfigEntry) -> str:
    known = {
        "slug": credentials_of(entry).slug,
        "entry_id": entry.entry_id,
        "kind": "snapshots",
        "filename": "20260101T000000.000Z.jpg",
        "name": "share.js",
        "action": "stop",
    }
    return re.sub(r"{(\w+)}", lambda found: known.get(found[1], "1"), path)


async def test_only_share_views_answer_without_a_login(
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
            async with asyncio.timeout(30):
                headers = {"Content-Type": "application/json"}
                async with guest.session.request(
                    method, url_of(home, filled(path, entry)), data=b"{}", headers=headers
                ) as response:
                    status = response.status
            if method == "OPTIONS":
                assert status == 403, path  # cross-site
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
