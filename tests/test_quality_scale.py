"""Home Assistant's Integration Quality Scale, and what hassfest and HACS ask for.

hassfest is in no package, so that what it asks of a custom integration is written down here.
"""

import ast
from collections.abc import Iterator
import json
from pathlib import Path
import re
from typing import Any, Final

from homeassistant.components import (
    binary_sensor,
    button,
    camera,
    event,
    image,
    media_player,
    number,
    select,
    sensor,
    switch,
)
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import load_yaml_dict
import pytest

from custom_components.retrocam.const import DOMAIN, KINDS
from custom_components.retrocam.core import errors
from custom_components.retrocam.core.clips import ClipReason
from custom_components.retrocam.core.errors import PlayError, RetrocamError
from custom_components.retrocam.instances.happenings import MediaEvent
from custom_components.retrocam.options_flow import options_schema
from custom_components.retrocam.repairs import _REPAIRS, RuntimeRepair
from custom_components.retrocam.settings import Settings

from .conftest import LoadEntry
from .test_readme import README, ROOT
from .test_translations import ENGLISH, ICONS, LANGUAGES, flat
from .viewers import QUIET

HOUSE: Final = ROOT / "custom_components" / "retrocam"
TREES: Final = {
    path: ast.parse(path.read_text(encoding="utf-8"))
    for path in sorted(HOUSE.rglob("*.py"))
    if "core" not in path.relative_to(HOUSE).parts
}
MANIFEST: Final = json.loads((HOUSE / "manifest.json").read_text(encoding="utf-8"))
SERVICES: Final = load_yaml_dict(str(HOUSE / "services.yaml"))
SCALE: Final = load_yaml_dict(str(HOUSE / "quality_scale.yaml"))["rules"]
PLATFORMS: Final = {
    "binary_sensor": binary_sensor,
    "button": button,
    "camera": camera,
    "event": event,
    "image": image,
    "media_player": media_player,
    "number": number,
    "select": select,
    "sensor": sensor,
    "switch": switch,
}
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


# The scale


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


# Entities, as they are registered


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


# Texts against code


def constants(node: ast.AST, argument: str) -> Iterator[str]:
    """Yield the constant values of a keyword argument."""
    for each in ast.walk(node):
        if isinstance(each, ast.keyword) and each.arg == argument:
            for value in ast.walk(each.value):
                if isinstance(value, ast.Constant) and isinstance(value.value, str):
                    yield value.value


def test_there_are_four_languages() -> None:
    assert [path.stem for path in LANGUAGES] == ["de", "en", "es", "fr"]


def test_no_language_is_a_copy_of_another() -> None:
    english = dict(flat(ENGLISH))
    for path in LANGUAGES:
        if path.stem == "en":
            continue
        texts = dict(flat(json.loads(path.read_text(encoding="utf-8"))))
        same = [key for key, text in texts.items() if text == english[key]]
        # Names such as TCP, JPEG and yt-dlp are the same everywhere.
        assert len(same) < len(texts) / 12, same


def test_steps_of_flows_are_those_of_the_texts() -> None:
    flows = {"config": ("config_flow", "source_flow"), "options": ("options_flow",)}
    for section, modules in flows.items():
        methods = {
            node.name.removeprefix("async_step_")
            for module in modules
            for node in ast.walk(TREES[HOUSE / f"{module}.py"])
            if isinstance(node, ast.AsyncFunctionDef) and node.name.startswith("async_step_")
        }
        # Two that only lead to others.
        assert set(ENGLISH[section]["step"]) == methods - {"reauth", "reconfigure"}


def test_menus_of_flows_are_those_of_the_texts() -> None:
    texts = ENGLISH["config"]["step"]["user"]
    assert set(texts["menu_options"]) == set(texts["menu_option_descriptions"]) == set(KINDS)


def test_options_of_every_kind_have_their_words() -> None:
    texts = ENGLISH["options"]["step"]["init"]["sections"]
    seen = set()
    for kind in KINDS:
        for name, part in options_schema(kind, "https://home/x").schema.items():
            seen.add(str(name))
            fields = {str(field) for field in part.schema.schema}
            assert fields <= set(texts[str(name)]["data"]), name
            assert set(texts[str(name)]["data"]) == set(texts[str(name)]["data_description"])
    assert seen == set(texts)


def test_every_option_is_read() -> None:
    known = set(Settings.__slots__)
    for kind in KINDS:
        for name, part in options_schema(kind).schema.items():
            if str(name) != "share":
                assert {str(field) for field in part.schema.schema} <= known


def leaves(kind: type[RetrocamError]) -> Iterator[type[RetrocamError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from leaves(child)


def test_every_exception_has_its_words_and_every_word_its_exception() -> None:
    raised = {str(reason) for reason in ClipReason} | {"clip_empty"}
    for kind in leaves(RetrocamError):
        raised.add(f"play_{kind.code}" if issubclass(kind, PlayError) else kind.code)
    for tree in TREES.values():
        raised |= set(constants(tree, "translation_key"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "invalid":
                raised |= {arg.value for arg in node.args if isinstance(arg, ast.Constant)}  # type: ignore[misc]  # keys are strings
    said = set(ENGLISH["exceptions"])
    assert said <= raised
    # Those of our own making that no user ever sees.
    inside = {"invalid_url", "unsupported_scheme", "clip_ended", "damaged_packet"}
    inside |= {
        "locked_out",
        "wrong_pin",
        "frame_overwritten",
        "frame_not_ready",
        "ring_stopped",
    }
    codes = {kind.code for kind in vars(errors).values() if _is_ours(kind)}
    assert {code for code in codes if code not in inside} <= said


def _is_ours(kind: Any) -> bool:
    return (
        isinstance(kind, type)
        and issubclass(kind, RetrocamError)
        and not issubclass(kind, PlayError)
    )


def test_every_raise_that_a_user_may_see_is_translated() -> None:
    told = {"HomeAssistantError", "ServiceValidationError", "Unresolvable", "BrowseError"}
    told |= {"ConfigEntryError", "ConfigEntryNotReady", "ConfigEntryAuthFailed", "MediaSourceError"}
    count = 0
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or getattr(node.func, "id", "") not in told:
                continue
            count += 1
            have = {keyword.arg for keyword in node.keywords}
            assert {"translation_domain", "translation_key"} <= have, (path, node.lineno)
            assert not node.args, (path, node.lineno)
    assert count > 4


def test_every_issue_has_its_words_and_every_repair_its_steps() -> None:
    issues = ENGLISH["issues"]
    for key, repair in {**_REPAIRS, "javascript_runtime": RuntimeRepair}.items():
        flow = issues[key]["fix_flow"]
        for name in dir(repair):
            step = name.removeprefix("async_step_")
            if name.startswith("async_step_") and (step != "init" or "init" in flow["step"]):
                assert flow["step"][step]["title"]
        assert issues[key]["title"]
    raised = set(_REPAIRS) | {"javascript_runtime", "extractor_outdated"}
    assert {key for key in issues if key not in raised} == set()


# Actions: services.yaml, the schemas, the texts and the icons


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


# hassfest and HACS


def test_the_manifest_is_as_hassfest_wants_it() -> None:
    keys = list(MANIFEST)
    assert keys == ["domain", "name", *sorted(keys[2:])]
    known = {"domain", "name", "after_dependencies", "codeowners", "config_flow", "dependencies"}
    known |= {"documentation", "integration_type", "iot_class", "issue_tracker", "loggers"}
    known |= {"quality_scale", "requirements", "version", "zeroconf", "dhcp", "ssdp"}
    assert set(keys) <= known
    assert MANIFEST["domain"] == DOMAIN == HOUSE.name
    assert re.fullmatch(r"\d+\.\d+\.\d+((a|b|rc)\d+)?", MANIFEST["version"])
    assert MANIFEST["iot_class"] in {"local_push", "local_polling", "cloud_push", "calculated"}
    assert MANIFEST["integration_type"] in {"device", "hub", "service", "helper"}
    assert MANIFEST["config_flow"] is True
    assert all(re.fullmatch(r"@[\w-]+", owner) for owner in MANIFEST["codeowners"])
    assert MANIFEST["codeowners"]
    for key in ("documentation", "issue_tracker"):
        assert MANIFEST[key].startswith("https://")
    pinned = {"av", "numpy", "pillow"}
    names = {re.split(r"[\[<>=!~ ]", one)[0].lower() for one in MANIFEST["requirements"]}
    assert not names & pinned
    assert all(">=" in one or "==" in one for one in MANIFEST["requirements"])


def test_what_is_imported_is_a_dependency() -> None:
    # What hassfest allows without: they are always there, or the file is a platform of theirs.
    free = {*PLATFORMS, "frontend", "persistent_notification", "system_health", "websocket_api"}
    known = {*MANIFEST["dependencies"], *MANIFEST.get("after_dependencies", []), *free}
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module]
                if node.module == "homeassistant.components":
                    names = [f"{node.module}.{alias.name}" for alias in node.names]
                for name in names:
                    if name.startswith("homeassistant.components."):
                        platform = path.relative_to(HOUSE).parts[0].removesuffix(".py")
                        assert name.split(".")[2] in {*known, platform}, (path, name)


def test_hacs_finds_what_it_asks_for() -> None:
    hacs = json.loads((ROOT / "hacs.json").read_text(encoding="utf-8"))
    known = {"content_in_root", "country", "filename", "hacs", "hide_default_branch"}
    known |= {"homeassistant", "name", "persistent_directory", "render_readme", "zip_release"}
    assert set(hacs) <= known
    assert hacs["name"] == MANIFEST["name"]
    assert hacs["zip_release"] is True
    assert hacs["filename"] == "retrocam.zip"
    assert hacs["homeassistant"] == "2026.10.0"
    assert (ROOT / "README.md").is_file()
    assert (ROOT / "LICENSE").is_file()
    for name, side in (("icon.png", 256), ("icon@2x.png", 512)):
        data = (HOUSE / "brand" / name).read_bytes()
        assert data[:8] == b"\x89PNG\r\n\x1a\n"
        assert int.from_bytes(data[16:20]) == int.from_bytes(data[20:24]) == side
    # One integration, whose own files are all that is in it.
    assert [path.name for path in _integrations()] == [DOMAIN]


def _integrations() -> list[Path]:
    parent = ROOT / "custom_components"
    return [path for path in parent.iterdir() if (path / "manifest.json").is_file()]


def test_texts_hold_no_addresses_but_examples() -> None:
    for path in LANGUAGES:
        for key, text in flat(json.loads(path.read_text(encoding="utf-8"))):
            # hassfest: addresses belong into placeholders.
            assert not re.search(r"https?://\w", text), (path.stem, key)
