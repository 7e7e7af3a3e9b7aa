"""Home Assistant's Integration Quality Scale: its rules, the entities and the actions.

Its texts are compared with the code in `test_translations.py`, the manifest in `test_manifest.py`.
"""

import ast
from collections.abc import Iterator
import re
import tomllib
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
from .house import ENGLISH, HOUSE, ICONS, MANIFEST, PLATFORMS, ROOT
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


DISCOVERY: Final = {"bluetooth", "dhcp", "homekit", "mqtt", "ssdp", "usb", "zeroconf"}
"""Keys of a manifest by which Home Assistant finds devices."""

SHOWN: Final = {
    "action-exceptions": "test_every_raise_that_a_user_may_see_is_translated",
    "action-setup": "test_actions_are_there_without_an_entry",
    "appropriate-polling": "test_hls_mjpeg_and_stills_share_one_connection",
    "brands": "test_hacs_finds_what_it_asks_for",
    "common-modules": "test_entities_are_named_iconed_and_sorted",
    "config-entry-unloading": "test_unloading_leaves_nothing_behind",
    "config-flow": "test_url_camera_is_opened_shown_and_made",
    "config-flow-test-coverage": "test_refusals_are_told_apart_and_can_be_mended",
    "dependency-transparency": "test_what_is_imported_is_required",
    "devices": "test_entities_are_named_and_belong_to_one_device",
    "diagnostics": "test_every_kind_has_diagnostics",
    "docs-actions": "test_every_action_and_field_is_in_the_readme",
    "docs-configuration-parameters": "test_every_option_is_in_the_readme",
    "docs-data-update": "test_sections_say_what_the_code_does",
    "docs-examples": "test_the_examples_of_automations_run",
    "docs-high-level-description": "test_sections_say_what_the_code_does",
    "docs-installation-instructions": "test_sections_say_what_the_code_does",
    "docs-installation-parameters": "test_every_kind_and_what_it_asks_is_in_the_readme",
    "docs-known-limitations": "test_sections_say_what_the_code_does",
    "docs-removal-instructions": "test_media_stays_when_an_entry_is_removed",
    "docs-supported-functions": "test_every_entity_is_in_the_readme",
    "docs-troubleshooting": "test_every_repair_is_in_the_readme",
    "docs-use-cases": "test_every_blueprint_is_in_the_readme",
    "entity-category": "test_entities_are_named_iconed_and_sorted",
    "entity-device-class": "test_entities_are_named_iconed_and_sorted",
    "entity-disabled-by-default": "test_entities_are_named_iconed_and_sorted",
    "entity-event-setup": "test_ten_reloads_leave_memory_flat",
    "entity-translations": "test_every_entity_has_a_name_and_an_icon",
    "entity-unavailable": "test_a_camera_that_is_gone_says_so_in_the_user_s_language",
    "entity-unique-id": "test_entities_are_named_iconed_and_sorted",
    "exception-translations": "test_every_exception_has_its_words_and_every_word_its_exception",
    "has-entity-name": "test_entities_are_named_iconed_and_sorted",
    "icon-translations": "test_entities_are_named_iconed_and_sorted",
    "integration-owner": "test_the_manifest_is_as_hassfest_wants_it",
    "log-when-unavailable": "test_a_killed_source_is_told_once_and_comes_back_by_itself",
    "parallel-updates": "test_every_platform_says_how_many_updates_run_at_once",
    "reauthentication-flow": "test_reauth",
    "reconfiguration-flow": "test_reconfigure_demo_and_entity",
    "repair-issues": "test_every_issue_has_its_words_and_every_repair_its_steps",
    "runtime-data": "test_unloading_leaves_nothing_behind",
    "strict-typing": "test_types_are_strict",
    "test-before-configure": "test_nobody_at_the_address",
    "test-coverage": "test_what_tests_do_not_reach_is_limited",
    "unique-config-entry": "test_the_same_url_twice",
}
"""The test that shows that a rule is kept."""


def test_every_rule_is_kept_and_shown_or_exempt() -> None:
    assert set(SCALE) == set(" ".join(RULES.values()).split())
    status = {
        rule: said if isinstance(said, str) else said["status"] for rule, said in SCALE.items()
    }
    assert set(status.values()) == {"done", "exempt"}
    assert {rule for rule, found in status.items() if found == "done"} == set(SHOWN)
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py")]
    tests = {
        name
        for text in sources
        for name in re.findall(r"^(?:async )?def (\w+)", text, re.MULTILINE)
    }
    assert set(SHOWN.values()) <= tests


async def test_what_a_rule_exempts_is_not_there(entities: list[er.RegistryEntry]) -> None:
    """The reasons for each exemption, as the code has them."""
    imported = {
        name
        for tree in TREES.values()
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import | ast.ImportFrom)
            else []
        )
    }
    one_device = len({one.device_id for one in entities}) == len(KINDS)
    found = DISCOVERY & set(MANIFEST)
    reasons = {
        "docs-conditions": not (HOUSE / "condition.py").exists(),
        "docs-triggers": not (HOUSE / "trigger.py").exists(),
        "test-before-setup": "ConfigEntryNotReady" not in imported,
        "discovery": not found,
        "discovery-update-info": not found,
        "docs-supported-devices": not found,
        "dynamic-devices": one_device,
        "stale-devices": one_device,
        "async-dependency": not {"requests", "httpx"} & imported,
        "inject-websession": "async_get_clientsession" not in imported,
    }
    assert set(reasons) == set(SCALE) - set(SHOWN)
    assert all(reasons.values()), reasons


def test_what_tests_do_not_reach_is_limited() -> None:
    script = (ROOT / "scripts" / "test").read_text(encoding="utf-8")
    (least,) = re.findall(r"^\S*coverage report --fail-under (\d+)", script, re.MULTILINE)
    assert int(least) >= 95


def test_types_are_strict() -> None:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert config["tool"]["mypy"]["strict"] is True


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
