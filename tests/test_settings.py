"""Options, as they are read and as the form fills them in."""

from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import pytest

from custom_components.retrocam.const import KINDS
from custom_components.retrocam.flows.options_flow import options_schema
from custom_components.retrocam.settings import Settings

from .conftest import LoadEntry

DRAWS = {"grid", "ascii_player"}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_drawn_for_nobody_starts_off(kind: str) -> None:
    settings = Settings.from_options({}, kind)
    assert settings.lookback_enabled is (kind not in DRAWS)
    assert settings.history_enabled is (kind not in DRAWS)
    sections = {str(key): part.schema({}) for key, part in options_schema(kind).schema.items()}
    # What the form would store, had nobody touched it, is what holds without it.
    assert Settings.from_options(sections, kind) == settings


async def test_options_that_leave_fields_out_wake_no_grid(
    home: HomeAssistant, load: LoadEntry
) -> None:
    home.states.async_set("camera.shed", "idle")
    entry = await load({"kind": "grid", "cameras": ["camera.shed"]}, options={"history": {}})
    result = await home.config_entries.options.async_init(entry.entry_id)
    sections = ("lookback", "history", "recordings", "storage", "mjpeg", "picture", "share")
    result = await home.config_entries.options.async_configure(
        result["flow_id"], {name: {} for name in sections}
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await home.async_block_till_done()
    assert not entry.runtime_data.lookback.enabled
    assert not entry.runtime_data.history.enabled
    assert not entry.runtime_data.supply.held
