"""Home Assistant's Integration Quality Scale: its rules, the entities and the actions.

Its texts are compared with the code in `test_translations.py`, the manifest in `test_manifest.py`.
"""

import ast
from collections.abc import Iterator
import re
from typing import Any, Final

from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import load_yaml_dict
import pytest

from custom_components.retrocam.cameras.media_events import MediaEvent
from custom_components.retrocam.const import DOMAIN, KINDS
from custom_components.retrocam.flows.options_flow import options_schema
from custom_components.retrocam.settings import Settings

from .conftest import LoadEntry
from .house import ENGLISH, HOUSE, ICONS, PLATFORMS, README
from .source import TREES
from .viewers import QUIET

SERVICES: Final = load_yaml_dict(str(HOUSE / "services.yaml"))
SCALE: Final = load_yaml_dict(str(HOUSE / "quality_scale.yaml"))["rules"]


RULES: Final = {
    "bronze": """action-setup appropriate-polling brands common-modules config-flow-test-coverage
        config-flow dependency-transparency docs-actions docs-conditions
        docs-high-level-description docs-installation-instructions docs-removal-instructions
        docs-triggers entity-event-setup entity-unique-id has-entity-name runtime-data
        test-before-configure test-before-setup unique-config-entry""",
    "silver": """action-exceptions config-entry-unloading docs-configuration-parameters
        docs-installation-parameters entity-unavailable integration-owner log-when-unavailable
        parallel-updates reauthentication-flow test-coverage""",
    "gold": """devices diagnostics discovery-update-info discovery docs-data-update docs-examples
        docs-known-limitations docs-supported-devices docs-supported-functions
        docs-troubleshooting docs-use-cases dynamic-devices entity-category entity-device-class
        entity-disabled-by-default entity-translations exception-translations icon-translations
        reconfiguration-flow repair-issues stale-devices""",
    "platinum": "async-dependency inject-websession strict-typing",
}
"""The rules of Home Assistant 2026.10, by tier."""


def test_every_rule_is_kept_or_exempt_for_a_reason() -> None:
    assert set(SCALE) == set(" ".join(RULES.values()).split())
    for rule, said in SCALE.items():
        status = said if isinstance(said, str) else said["status"]
        assert status in {"done", "exempt"}, rule
        if status == "exempt":
            assert len(said["comment"]) > 30, rule


@pytest.mark.parametrize(
    "heading",
    [
        "Install",
        "Use cases",
        "Actions",
        "Entities",
        "Options",
        "How data is updated",
        "Examples",
        "Limits",
        "Troubleshooting",
        "Scaling out",
        "Remove",
    ],
)
def test_the_readme_has_what_the_scale_asks_for(heading: str) -> None:
    assert re.search(rf"^#+ {heading}$", README, re.MULTILINE)


def test_every_action_and_option_is_in_the_readme() -> None:
    for action in SERVICES:
        assert f"retrocam.{action}" in README
    for kind in KINDS:
        for name in options_schema(kind).schema:
            assert f"| *{name}* |" in README.lower(), name


def test_every_platform_says_how_many_updates_run_at_once() -> None:
    for name in PLATFORMS:
        found = [
            node
            for node in TREES[HOUSE / f"{name}.py"].body
            if isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Name)
            and node.targets[0].id == "PARALLEL_UPDATES"
        ]
        assert len(found) == 1, name


async def test_actions_are_there_without_an_entry(hass: HomeAssistant) -> None:
    for component in ("camera", DOMAIN):
        assert await async_setup_component(hass, component, {})
    assert set(hass.services.async_services_for_domain(DOMAIN)) == set(SERVICES)


@pytest.fixture
async def entities(home: HomeAssistant, load: LoadEntry) -> list[er.RegistryEntry]:
    """The entities of one entry of each kind."""
    home.states.async_set("camera.shed", "idle")
    data: dict[str, dict[str, Any]] = {
        "camera_url": {"url": "rtsp://127.0.0.1:9/x"},
        "camera_entity": {"entity_id": "camera.shed"},
        "demo": {"name": "Demo"},
        "grid": {"cameras": ["camera.shed"]},
        "ascii_player": {"name": "Player"},
    }
    assert set(data) == set(KINDS)
    registry, found = er.async_get(home), list[er.RegistryEntry]()
    for kind, more in data.items():
        entry = await load({"kind": kind, **more}, title=kind, options=QUIET)
        found += er.async_entries_for_config_entry(registry, entry.entry_id)
    return found


async def test_entities_are_named_iconed_and_sorted(entities: list[er.RegistryEntry]) -> None:
    assert len({(one.domain, one.unique_id) for one in entities}) == len(entities)
    for one in entities:
        key = one.unique_id.removeprefix(f"{one.config_entry_id}_")
        assert one.device_id
        assert one.has_entity_name
        if key in ("camera", "media_player"):
            assert one.original_name is None
            assert one.entity_category is None
            continue
        assert one.translation_key == key
        assert ENGLISH["entity"][one.domain][key]["name"] == one.original_name
        icon = ICONS["entity"][one.domain].get(key)
        assert icon or one.original_device_class, one.entity_id
        tuned = one.domain in ("number", "switch") or key in ("preset", "charset")
        if tuned:
            assert one.entity_category is EntityCategory.CONFIG
        if one.disabled_by is not None:
            assert one.entity_category is EntityCategory.DIAGNOSTIC
    used = {(one.domain, one.translation_key) for one in entities if one.translation_key}
    for source in (ENGLISH["entity"], ICONS["entity"]):
        assert {(domain, key) for domain, keys in source.items() for key in keys} <= used


async def test_every_choice_of_an_entity_has_its_words(
    home: HomeAssistant, entities: list[er.RegistryEntry]
) -> None:
    for one in entities:
        texts = ENGLISH["entity"].get(one.domain, {}).get(one.translation_key or "", {})
        options = (one.capabilities or {}).get("options")
        if one.domain == "select":
            assert list(texts["state"]) == options
        if one.domain == "event":
            said = texts["state_attributes"]["event_type"]["state"]
            assert set(said) == set((one.capabilities or {})["event_types"]) == set(MediaEvent)


def test_every_option_is_read() -> None:
    known = set(Settings.__slots__)
    for kind in KINDS:
        for name, part in options_schema(kind).schema.items():
            if str(name) != "share":
                assert {str(field) for field in part.schema.schema} <= known


async def test_actions_are_the_same_everywhere(home: HomeAssistant) -> None:
    actions = home.services.async_services_for_domain(DOMAIN)
    assert set(SERVICES) == set(ENGLISH["services"]) == set(ICONS["services"]) == set(actions)
    for name, described in SERVICES.items():
        texts = ENGLISH["services"][name]
        assert texts["name"]
        assert texts["description"].endswith(".")
        fields = described.get("fields", {})
        assert set(texts.get("fields", {})) == set(fields)
        for field, given in fields.items():
            assert given["selector"], (name, field)
            assert "name" not in given
            assert texts["fields"][field]["description"].endswith(".")
        schema = actions[name].schema
        assert schema is not None
        known = {str(key) for key in _keys(schema)} - {
            "entity_id",
            "device_id",
            "area_id",
            "metadata",
        }
        assert known - {"floor_id", "label_id"} == set(fields), name


def _keys(schema: Any) -> Iterator[Any]:
    """Yield the keys of a schema, whatever it is wrapped in."""
    if isinstance(schema, dict):
        yield from schema
    elif hasattr(schema, "validators"):
        for each in schema.validators:
            yield from _keys(each)
    elif hasattr(schema, "schema"):
        yield from _keys(schema.schema)
