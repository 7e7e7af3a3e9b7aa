"""Tests of the form of a share page."""

from collections.abc import Callable
import json
import re
from typing import Any

from homeassistant.config_entries import ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.helpers.data_entry_flow import FlowManagerResourceView
import pytest

from custom_components.retrocam.cameras.share_access import SHARE_LOCK
from custom_components.retrocam.cameras.share_auth import SHARE_AUTH
from custom_components.retrocam.core.share.credentials import ShareCredentials, check_pin, hash_pin
from custom_components.retrocam.core.share.pins import is_common, is_pin
from custom_components.retrocam.flows.share_options import share_schema

from ..conftest import LoadEntry
from ..house import LANGUAGES
from ..viewers import QUIET
from .guests import FAST, PIN, Browser, change_share, credentials_of, page_path, sharing


async def test_form_takes_a_pin_and_shows_the_link(home: HomeAssistant, load: LoadEntry) -> None:
    home.config.external_url = "https://home.example"
    home.data[SHARE_AUTH].cost = FAST
    entry = await load({"kind": "demo", "name": "Porch"}, options=QUIET)
    flow = home.config_entries.options
    result = await flow.async_init(entry.entry_id)
    assert result["data_schema"] is not None
    sections: dict[str, Any] = {str(key): {} for key in result["data_schema"].schema}
    for share, error in (
        ({"share_enabled": True}, "share_pin_missing"),
        ({"share_enabled": True, "share_pin": "12a4"}, "share_pin_invalid"),
        ({"share_enabled": True, "share_pin": "12345"}, "share_pin_short"),
        ({"share_enabled": True, "share_pin": "123456"}, "share_pin_common"),
        ({"share_enabled": False, "share_pin": "19850412"}, "share_pin_common"),
    ):
        result = await flow.async_configure(
            result["flow_id"], {**sections, **QUIET, "share": share}
        )
        assert result["errors"] == {"base": error}
        assert result["data_schema"] is not None
        assert str(share.get("share_pin", "12a4")) not in str(result["data_schema"].schema)
    given = {"share_enabled": True, "share_pin": PIN, "share_control": True}
    result = await flow.async_configure(result["flow_id"], {**sections, **QUIET, "share": given})
    assert result["step_id"] == "share_link"
    assert result["description_placeholders"] is not None
    link = str(result["description_placeholders"]["share_link"])
    assert re.fullmatch(r"https://home\.example/retrocam/[A-Za-z0-9_-]{22}", link)
    # As sent to the browser.
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
        "share_rewind": False,
    }
    assert PIN not in json.dumps(dict(entry.options))
    assert link.endswith(page_path(entry))
    # Later, the form shows the link again, but not the PIN.
    result = await flow.async_init(entry.entry_id)
    text = json.dumps(as_json(result))
    assert link in text
    for secret in (PIN, credentials_of(entry).pin_hash, credentials_of(entry).key):
        assert secret not in text
    async with Browser.at(home, page_path(entry)) as browser:
        assert (await browser.unlock()).status == 204


def test_form_is_fully_translated() -> None:
    for language in LANGUAGES:
        options = json.loads(language.read_text(encoding="utf-8"))["options"]
        texts = options["step"]["init"]["sections"]["share"]
        fields = {str(field) for field in share_schema("https://home.example").schema}
        assert texts["data"].keys() == texts["data_description"].keys() == fields
        # A code field shows no text: the description of the new-link option has the link.
        assert "{share_link}" in texts["data_description"]["share_renew"]
        assert "{share_link}" in options["step"]["share_link"]["description"]
        assert "{pin}" in texts["data_description"]["share_pin"]
        errors = {f"share_pin_{code}" for code in ("missing", "invalid", "short", "common")}
        assert errors <= options["error"].keys()


def pin_field(result: ConfigFlowResult) -> tuple[str | None, str]:
    """Return the PIN that a form suggests, and the type of its field."""
    schema = result["data_schema"]
    assert schema is not None
    fields = schema.schema["share"].schema.schema
    field = next(key for key in fields if key == "share_pin")
    return (field.description or {}).get("suggested_value"), fields[field].config["type"]


async def test_form_suggests_a_random_pin(home: HomeAssistant, load: LoadEntry) -> None:
    home.data[SHARE_AUTH].cost = FAST
    entry = await load({"kind": "demo", "name": "Porch"}, options=QUIET)
    flow = home.config_entries.options
    results = [await flow.async_init(entry.entry_id) for _ in range(5)]
    offered = [pin_field(result)[0] for result in results]
    assert all(pin and is_pin(pin) and not is_common(pin) for pin in offered)
    assert len(set(offered)) > 1
    assert pin_field(results[0])[1] == "text"  # readable
    assert results[0]["data_schema"] is not None
    sections: dict[str, Any] = {str(key): {} for key in results[0]["data_schema"].schema}
    # Submitted with other changes, it creates no page.
    share: dict[str, Any] = {"share_pin": offered[0]}
    result = await flow.async_configure(
        results[0]["flow_id"], {**sections, **QUIET, "share": share}
    )
    assert result["type"] == "create_entry"
    assert SHARE_LOCK not in entry.options
    share = {"share_enabled": True, "share_pin": offered[1]}
    result = await flow.async_configure(
        results[1]["flow_id"], {**sections, **QUIET, "share": share}
    )
    assert result["step_id"] == "share_link"
    await flow.async_configure(result["flow_id"], {})
    await home.async_block_till_done()
    assert check_pin(offered[1] or "", credentials_of(entry).pin_hash)
    # From now on the field is empty, which keeps the PIN.
    result = await flow.async_init(entry.entry_id)
    assert pin_field(result) == (None, "password")
    assert result["description_placeholders"] is not None
    visible_response = result["description_placeholders"]["pin"]
    assert is_pin(visible_response)
    assert visible_response != offered[1]


@pytest.mark.parametrize("pin", ["2468", "13579", "0000"])
async def test_short_pin_of_an_earlier_version_remains_valid(
    home: HomeAssistant, load: LoadEntry, pin: str
) -> None:
    credentials = ShareCredentials.generate(hash_pin(pin, FAST))
    entry = await load({"kind": "demo", "name": "Porch"}, options=sharing(credentials))
    async with Browser.at(home, page_path(entry)) as browser:
        assert (await browser.unlock(pin)).status == 204
        # Other changes do not require another one.
        await change_share(home, entry, share_control=True)
        assert credentials_of(entry) == credentials
        info = await browser.get("/info")
        assert (info.status, (await info.json())["control"]) == (200, True)
