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

from custom_components.retrocam.cameras.media_events import MediaEventType
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
    "action-exceptions": "test_every_user_visible_raise_is_translated",
    "action-setup": "test_actions_exist_without_an_entry",
    "appropriate-polling": "test_hls_mjpeg_and_stills_share_one_connection",
    "brands": "test_repository_passes_hacs_rules",
    "common-modules": "test_entities_have_names_icons_and_categories",
    "config-entry-unloading": "test_unloading_leaves_nothing_behind",
    "config-flow": "test_url_camera_is_probed_previewed_and_added",
    "config-flow-test-coverage": "test_connection_errors_can_be_corrected",
    "dependency-transparency": "test_imported_packages_are_requirements",
    "devices": "test_entities_are_named_and_belong_to_one_device",
    "diagnostics": "test_every_kind_has_diagnostics",
    "docs-actions": "test_every_action_and_field_is_in_the_readme",
    "docs-configuration-parameters": "test_every_option_is_in_the_readme",
    "docs-data-update": "test_sections_match_the_code",
    "docs-examples": "test_event_example_runs",
    "docs-high-level-description": "test_sections_match_the_code",
    "docs-installation-instructions": "test_sections_match_the_code",
    "docs-installation-parameters": "test_every_kind_and_what_it_asks_is_in_the_readme",
    "docs-known-limitations": "test_sections_match_the_code",
    "docs-removal-instructions": "test_removing_entry_keeps_media",
    "docs-supported-functions": "test_every_entity_is_in_the_readme",
    "docs-troubleshooting": "test_every_repair_is_in_the_readme",
    "docs-use-cases": "test_every_blueprint_is_in_the_readme",
    "entity-category": "test_entities_have_names_icons_and_categories",
    "entity-device-class": "test_entities_have_names_icons_and_categories",
    "entity-disabled-by-default": "test_what_people_use_is_on_at_first",
    "entity-event-setup": "test_ten_reloads_leave_memory_flat",
    "entity-translations": "test_every_entity_has_a_name",
    "entity-unavailable": "test_figures_of_the_picture_are_unavailable_while_the_camera_is",
    "entity-unique-id": "test_entities_have_names_icons_and_categories",
    "exception-translations": "test_exceptions_match_translations",
    "has-entity-name": "test_entities_have_names_icons_and_categories",
    "icon-translations": "test_entities_have_names_icons_and_categories",
    "integration-owner": "test_manifest_passes_hassfest_rules",
    "log-when-unavailable": "test_outage_is_logged_once_and_source_reconnects",
    "parallel-updates": "test_every_platform_sets_parallel_updates",
    "reauthentication-flow": "test_reauth",
    "reconfiguration-flow": "test_reconfigure_demo_and_entity",
    "repair-issues": "test_every_issue_and_repair_step_is_translated",
    "runtime-data": "test_unloading_leaves_nothing_behind",
    "strict-typing": "test_mypy_is_strict",
    "test-before-configure": "test_nothing_listens",
    "test-coverage": "test_coverage_minimum",
    "unique-config-entry": "test_duplicate_url_aborts",
}
"""The test that verifies a rule."""


NO_EXCEPTIONS: Final = (
    "test-before-setup",
    "async-dependency",
    "inject-websession",
    "strict-typing",
)
"""Rules that apply to every integration: `done`, or `todo` with the reason."""


def test_every_rule_is_excused_or_shown_by_a_test() -> None:
    assert set(SCALE) == set(" ".join(RULES.values()).split())
    status = {
        rule: value if isinstance(value, str) else value["status"] for rule, value in SCALE.items()
    }
    assert set(status.values()) <= {"done", "exempt", "todo"}
    assert all(status[rule] != "exempt" for rule in NO_EXCEPTIONS)
    assert {rule for rule, state in status.items() if state == "done"} == set(SHOWN)
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py")]
    tests = {
        name
        for text in sources
        for name in re.findall(r"^(?:async )?def (\w+)", text, re.MULTILINE)
    }
    assert set(SHOWN.values()) <= tests


async def test_excuses_are_true(entities: list[er.RegistryEntry]) -> None:
    """Check in the code the reason for each rule that is exempt or to do."""
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
    one_device = len({entity.device_id for entity in entities}) == len(KINDS)
    discovery = DISCOVERY & set(MANIFEST)
    reasons = {
        "docs-conditions": not (HOUSE / "condition.py").exists(),
        "docs-triggers": not (HOUSE / "trigger.py").exists(),
        "test-before-setup": "ConfigEntryNotReady" not in imported,
        "discovery": not discovery,
        "discovery-update-info": not discovery,
        "docs-supported-devices": not discovery,
        "dynamic-devices": one_device,
        "stale-devices": one_device,
        "async-dependency": not {"requests", "httpx"} & imported,
        "inject-websession": "async_get_clientsession" not in imported,
    }
    assert set(reasons) == set(SCALE) - set(SHOWN)
    assert all(SCALE[rule]["comment"] for rule in reasons)
    assert all(reasons.values()), reasons


def test_coverage_minimum() -> None:
    script = (ROOT / "scripts" / "test").read_text(encoding="utf-8")
    (least,) = re.findall(r"^\S*coverage report --fail-under (\d+)", script, re.MULTILINE)
    assert int(least) >= 95


def test_mypy_is_strict() -> None:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert config["tool"]["mypy"]["strict"] is True
    untyped = [one["module"] for one in config["tool"]["mypy"]["overrides"] if len(one) > 1]
    loose = {module for module in untyped if module != "homeassistant.*"}
    # No package that Retrocam imports.
    assert loose == {"pytest_homeassistant_custom_component.*"}


def test_every_platform_sets_parallel_updates() -> None:
    for name in PLATFORMS:
        assignments = [
            node
            for node in TREES[HOUSE / f"{name}.py"].body
            if isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Name)
            and node.targets[0].id == "PARALLEL_UPDATES"
        ]
        assert len(assignments) == 1, name


async def test_actions_exist_without_an_entry(hass: HomeAssistant) -> None:
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
    registry, entries = er.async_get(home), list[er.RegistryEntry]()
    for kind, more in data.items():
        entry = await load({"kind": kind, **more}, title=kind, options=QUIET)
        entries += er.async_entries_for_config_entry(registry, entry.entry_id)
    return entries


async def test_entities_have_names_icons_and_categories(entities: list[er.RegistryEntry]) -> None:
    assert len({(entity.domain, entity.unique_id) for entity in entities}) == len(entities)
    for entity in entities:
        key = entity.unique_id.removeprefix(f"{entity.config_entry_id}_")
        assert entity.device_id
        assert entity.has_entity_name
        if key in ("camera", "media_player"):
            assert entity.original_name is None
            assert entity.entity_category is None
            continue
        assert entity.translation_key == key
        assert ENGLISH["entity"][entity.domain][key]["name"] == entity.original_name
        icon = ICONS["entity"].get(entity.domain, {}).get(key)
        # A device class has an icon of its own, which tells states apart.
        assert bool(icon) != bool(entity.original_device_class), entity.entity_id
        assert icon is None or icon["default"].startswith("mdi:")
        tuned = entity.domain in ("number", "switch") or key in ("preset", "charset")
        if tuned:
            assert entity.entity_category is EntityCategory.CONFIG
        if entity.disabled_by is not None and not tuned:
            assert entity.entity_category is EntityCategory.DIAGNOSTIC
    used = {
        (entity.domain, entity.translation_key) for entity in entities if entity.translation_key
    }
    for source in (ENGLISH["entity"], ICONS["entity"]):
        assert {(domain, key) for domain, keys in source.items() for key in keys} <= used


async def test_every_option_of_an_entity_is_translated(
    home: HomeAssistant, entities: list[er.RegistryEntry]
) -> None:
    for entity in entities:
        texts = ENGLISH["entity"].get(entity.domain, {}).get(entity.translation_key or "", {})
        options = (entity.capabilities or {}).get("options")
        if entity.domain == "select":
            assert list(texts["state"]) == options
        if entity.domain == "event":
            translated = set(texts["state_attributes"]["event_type"]["state"])
            assert translated == set((entity.capabilities or {})["event_types"])
            assert translated == set(MediaEventType)


def test_every_option_is_a_setting() -> None:
    setting_names = set(Settings.__slots__)
    for kind in KINDS:
        for name, part in options_schema(kind).schema.items():
            if str(name) != "share":
                assert {str(field) for field in part.schema.schema} <= setting_names


async def test_actions_match_descriptions_and_translations(home: HomeAssistant) -> None:
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
        schema_fields = {str(key) for key in _keys(schema)} - {
            "entity_id",
            "device_id",
            "area_id",
            "metadata",
        }
        assert schema_fields - {"floor_id", "label_id", "exclude"} == set(fields), name


def _keys(schema: Any) -> Iterator[Any]:
    """Yield the keys of a schema, also of a wrapped one."""
    if isinstance(schema, dict):
        yield from schema
    elif hasattr(schema, "validators"):
        for validator in schema.validators:
            yield from _keys(validator)
    elif hasattr(schema, "schema"):
        yield from _keys(schema.schema)
