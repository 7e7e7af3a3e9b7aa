"""The blueprints do what they say, as automations of a real Home Assistant."""

from pathlib import Path
from typing import Any

from homeassistant.components.automation.config import AUTOMATION_BLUEPRINT_SCHEMA
from homeassistant.components.blueprint.models import Blueprint, BlueprintInputs
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import load_yaml_dict, parse_yaml
import pytest
from pytest_homeassistant_custom_component.common import async_mock_service

from custom_components.retrocam.instances import CameraInstance

from .waiting import until

BLUEPRINTS = Path(__file__).parent.parent / "blueprints" / "automation" / "retrocam"


def automation(name: str, inputs: dict[str, Any]) -> dict[str, Any]:
    """Return the configuration of an automation that is made of a blueprint."""
    blueprint = Blueprint(
        load_yaml_dict(str(BLUEPRINTS / f"{name}.yaml")),
        path=f"retrocam/{name}.yaml",
        expected_domain="automation",
        schema=AUTOMATION_BLUEPRINT_SCHEMA,
    )
    assert blueprint.validate() is None
    use = {"use_blueprint": {"path": f"retrocam/{name}.yaml", "input": inputs}}
    made = BlueprintInputs(blueprint, use)
    made.validate()
    return dict(made.async_substitute())


@pytest.mark.parametrize("path", sorted(BLUEPRINTS.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_blueprint_names_its_inputs(path: Path) -> None:
    parsed = load_yaml_dict(str(path))["blueprint"]
    assert parsed["source_url"].endswith(path.name)
    for given in parsed["input"].values():
        assert given["name"]
        assert given["selector"]


async def test_save_what_happened_before(home: HomeAssistant, demo: CameraInstance) -> None:
    sent = async_mock_service(home, "notify", "send_message")
    config = automation(
        "save_what_happened_before",
        {
            "triggers": parse_yaml("- trigger: event\n  event_type: motion"),
            "cameras": ["camera.porch"],
            "lookback": 2,
            "duration": 1,
            "notify": ["notify.phone"],
        },
    )
    assert await async_setup_component(home, "automation", {"automation": [config]})
    await until(lambda: demo.ring.available > 3)
    home.bus.async_fire("motion")
    await until(lambda: sent)
    newest = demo.media.recordings.newest
    assert newest is not None
    assert 3 <= newest.duration <= 4.5
    assert "from before" in sent[0].data["message"]
    assert "/api/retrocam/thumbnails/" in sent[0].data["message"]
