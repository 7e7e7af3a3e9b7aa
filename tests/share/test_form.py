"""The form of a share page: a PIN goes in, a link comes out."""

from collections.abc import Callable
import json
import re
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers.data_entry_flow import FlowManagerResourceView

from custom_components.retrocam.instances.door import DOOR
from custom_components.retrocam.instances.share import SHARE_LOCK
from custom_components.retrocam.share_options import share_schema

from ..conftest import LoadEntry
from ..house import LANGUAGES
from ..viewers import QUIET
from .guests import FAST, PIN, Browser, lock_of, page_path


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
    for language in LANGUAGES:
        options = json.loads(language.read_text(encoding="utf-8"))["options"]
        texts = options["step"]["init"]["sections"]["share"]
        fields = {str(field) for field in share_schema("https://home.example").schema}
        assert texts["data"].keys() == texts["data_description"].keys() == fields
        # The form's field of a code shows no text: the link stands with the wish for another one.
        assert "{share_link}" in texts["data_description"]["share_renew"]
        assert "{share_link}" in options["step"]["share_link"]["description"]
        assert {"share_pin_missing", "share_pin_invalid"} <= options["error"].keys()
