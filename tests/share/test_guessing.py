"""Tests of guessing the PIN of a share page: lockouts and the repair issue."""

import asyncio
from collections.abc import Callable
import json
from typing import Any

from homeassistant.components.http.ban import KEY_FAILED_LOGIN_ATTEMPTS
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.retrocam.cameras.share_access import SHARE_LOCK
from custom_components.retrocam.cameras.share_auth import (
    SAVE_DELAY,
    SHARE_AUTH,
    STORE_KEY,
    ShareAuth,
)
from custom_components.retrocam.const import DOMAIN
from custom_components.retrocam.core.job_limiter import JobLimiter
from custom_components.retrocam.core.share.credentials import ShareCredentials, hash_pin
from custom_components.retrocam.repairs import GuessingRepair, async_create_fix_flow

from ..conftest import LoadEntry
from ..core.media import Clock
from ..waiting import until
from .guests import (
    FAST,
    PIN,
    WRONG,
    Browser,
    change_share,
    credentials_of,
    page_path,
    proxy_headers,
    sharing,
)


@pytest.mark.parametrize("count", [1, 100])
async def test_guessing_is_locked_out_without_affecting_guests(
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
                    attacker.unlock(f"{start + number:04}", headers=proxy_headers(address))
                    for number, address in enumerate(addresses)
                )
            )
            answers += [response.status for response in responses]
            info = await guest.get("/info", headers=proxy_headers("198.51.100.0"))
            assert info.status == 200
        # Of concurrent PINs, no more than the free attempts are checked.
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
    assert (await guest.get("/info", headers=proxy_headers("198.51.100.0"))).status == 200


@pytest.mark.parametrize(("pin", "counted"), [(PIN, 0), (WRONG, 1)])
async def test_pin_is_checked_after_a_disconnect(
    home: HomeAssistant, load: LoadEntry, *, pin: str, counted: int
) -> None:
    # At full cost, which leaves time to disconnect.
    credentials = ShareCredentials.generate(hash_pin(PIN))
    porch = await load({"kind": "demo", "name": "Porch"}, options=sharing(credentials))
    share_auth, slug = home.data[SHARE_AUTH], credentials.slug
    wrong: list[str] = []
    unlock = share_auth.async_unlock(slug, pin, "198.51.100.7", lambda: wrong.append(pin))
    task = asyncio.Task(unlock, eager_start=True)
    assert share_auth.guesses(porch) == 1
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await home.async_block_till_done()
    assert share_auth.guesses(porch) == len(wrong) == counted


async def test_lockout_survives_a_restart_and_ends_with_a_new_pin(
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
    share_auth = home.data[SHARE_AUTH]
    # A busy machine may have saved fewer of them before.
    saved = json.dumps(share_auth._stored())
    await until(
        lambda: json.dumps(hass_storage.get(STORE_KEY, {}).get("data")) == saved,
        within=SAVE_DELAY + 60,
    )
    assert PIN not in json.dumps(hass_storage[STORE_KEY])
    again = home.data[SHARE_AUTH] = ShareAuth(home, cost=FAST, clock=clock)
    await again.async_load()
    assert again.pin_limiter.as_dict() == share_auth.pin_limiter.as_dict()
    assert (await stranger.unlock()).status == 429
    registry, issue_id = ir.async_get(home), f"share_guessing_{porch.entry_id}"
    assert await home.config_entries.async_reload(porch.entry_id)
    assert registry.async_get_issue(DOMAIN, issue_id) is not None
    await change_share(home, porch, share_pin="60917428")
    assert registry.async_get_issue(DOMAIN, issue_id) is None
    # The address stays locked out.
    assert (await stranger.unlock("60917428")).status == 429
    clock.now += 60
    assert (await stranger.unlock("60917428")).status == 204


async def test_repair_of_guessing_creates_a_new_link(
    home: HomeAssistant, porch: MockConfigEntry, guest: Browser
) -> None:
    old = credentials_of(porch).slug
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
    assert credentials_of(porch).slug != old
    assert (await guest.get("/info")).status == 401
    assert registry.async_get_issue(DOMAIN, issue_id) is None


async def test_removal_of_the_last_entry_removes_the_store(
    home: HomeAssistant, porch: MockConfigEntry, guest: Browser, hass_storage: dict[str, Any]
) -> None:
    await guest.unlock(WRONG)
    share_auth = home.data[SHARE_AUTH]
    await share_auth._store.async_save(share_auth._stored())
    assert STORE_KEY in hass_storage
    assert await home.config_entries.async_remove(porch.entry_id)
    assert STORE_KEY not in hass_storage
    assert (await guest.unlock(WRONG)).status == 401
    assert (await guest.get("/info")).status == 401


async def test_broken_store_is_ignored(home: HomeAssistant, hass_storage: dict[str, Any]) -> None:
    hass_storage[STORE_KEY] = {"version": 1, "data": {"lockouts": {"links": {"x": "y"}}}}
    share_auth = ShareAuth(home, cost=FAST)
    await share_auth.async_load()
    assert share_auth.pin_limiter.as_dict() == {"addresses": {}, "links": {}}


async def test_concurrent_pins_beyond_the_queue_are_locked_out(
    home: HomeAssistant, porch: MockConfigEntry, stranger: Browser
) -> None:
    share_auth = home.data[SHARE_AUTH]
    share_auth._hashing = JobLimiter(running=1, waiting=0)
    async with share_auth._hashing.enter():
        response = await stranger.unlock()
    assert (response.status, response.headers["Retry-After"]) == (429, "5")
    # It is not counted.
    assert share_auth.pin_limiter.as_dict() == {"addresses": {}, "links": {}}


async def test_pin_changed_while_it_is_checked_is_rejected(
    home: HomeAssistant, porch: MockConfigEntry, stranger: Browser
) -> None:
    share_auth, credentials = home.data[SHARE_AUTH], credentials_of(porch)
    check: Callable[..., Any] = share_auth._async_check

    async def changing(pin: str, stored: ShareCredentials) -> bool:
        right: bool = await check(pin, stored)
        changed = credentials.rotated(pin_hash=hash_pin("998877", FAST)).as_dict()
        home.config_entries.async_update_entry(
            porch, options={**porch.options, SHARE_LOCK: changed}
        )
        return right

    share_auth._async_check = changing  # type: ignore[assignment,method-assign]  # to change it meanwhile
    assert (await stranger.unlock()).status == 401
