"""What the README shows can be done."""

from pathlib import Path
import re
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.util.yaml import parse_yaml
import pytest
import voluptuous as vol

from custom_components.retrocam.const import DOMAIN

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLES: list[Any] = [
    parse_yaml(text) for text in re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["action"])
async def test_actions_take_what_the_examples_give(
    home: HomeAssistant, example: dict[str, Any]
) -> None:
    domain, _, name = example["action"].partition(".")
    assert domain == DOMAIN
    action = home.services.async_services_for_domain(DOMAIN)[name]
    assert action.schema is not None
    action.schema({**example["target"], **example["data"]})
    with pytest.raises(vol.Invalid):
        action.schema({**example["target"], **example["data"], "no_such_field": 1})


def test_links_and_commands_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)]+)\)", README):
        if not target.startswith("http"):
            assert (ROOT / target).exists(), target
    for command in set(re.findall(r"scripts/\w+", README)):
        assert (ROOT / command).is_file(), command
