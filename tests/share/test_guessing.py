"""Guessing the PIN of a share page: it opens nothing, and the owner is told."""

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
from custom_components.retrocam.cameras.share_auth import DOOR, SAVE_DELAY, STORE_KEY, Door
from custom_components.retrocam.const import DOMAIN
from custom_components.retrocam.core.share.credentials import Lock, hash_pin
from custom_components.retrocam.repairs import GuessingRepair, async_create_fix_flow

from ..conftest import LoadEntry
from ..core.media import Clock
from ..waiting import until
from .guests import FAST, PIN, WRONG, Browser, by, change, lock_of, page_path, sharing


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


@pytest.mark.parametrize(("pin", "counted"), [(PIN, 0), (WRONG, 1)])
async def test_who_leaves_before_the_answer_is_judged_all_the_same(
    home: HomeAssistant, load: LoadEntry, *, pin: str, counted: int
) -> None:
    # At its full cost, which gives the time to leave.
    lock = Lock.draw(hash_pin(PIN))
    porch = await load({"kind": "demo", "name": "Porch"}, options=sharing(lock))
    door, slug = home.data[DOOR], lock.slug
    wrong: list[str] = []
    unlock = door.async_unlock(slug, pin, "198.51.100.7", lambda: wrong.append(pin))
    asked = asyncio.Task(unlock, eager_start=True)
    assert door.guesses(porch) == 1
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    await home.async_block_till_done()
    assert door.guesses(porch) == len(wrong) == counted


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
    await change(home, porch, share_pin="60917428")
    assert registry.async_get_issue(DOMAIN, issue_id) is None
    # The address has to wait all the same.
    assert (await stranger.unlock("60917428")).status == 429
    clock.now += 60
    assert (await stranger.unlock("60917428")).status == 204


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
