"""Defaults of options, in settings and in the form."""

from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import pytest

from custom_components.retrocam.const import KINDS
from custom_components.retrocam.flows.options_flow import options_schema
from custom_components.retrocam.settings import Settings

from .conftest import LoadEntry

DRAWS = {"grid", "ascii_player"}


@pytest.mark.parametrize("kind", KINDS)
def test_generated_cameras_start_without_lookback_and_history(kind: str) -> None:
    settings = Settings.from_options({}, kind)
    assert settings.lookback_enabled is (kind not in DRAWS)
    assert settings.history_enabled is (kind not in DRAWS)
    sections = {str(key): part.schema({}) for key, part in options_schema(kind).schema.items()}
    # Submitting the form unchanged keeps the settings.
    assert Settings.from_options(sections, kind) == settings


async def test_missing_options_do_not_wake_grid(home: HomeAssistant, load: LoadEntry) -> None:
    home.states.async_set("camera.shed", "idle")
    entry = await load({"kind": "grid", "cameras": ["camera.shed"]}, options={"history": {}})
    result = await home.config_entries.options.async_init(entry.entry_id)
    names = ("lookback", "history", "tape", "recordings", "storage", "mjpeg", "picture", "share")
    result = await home.config_entries.options.async_configure(
        result["flow_id"], {name: {} for name in names}
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await home.async_block_till_done()
    assert not entry.runtime_data.lookback.enabled
    assert not entry.runtime_data.history.enabled
    assert not entry.runtime_data.provider.in_use
