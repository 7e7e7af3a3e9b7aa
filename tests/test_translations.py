"""Translations: complete in every language, and in line with the code."""

import ast
from collections.abc import Iterator
import json
from pathlib import Path
import re
from typing import Any

import pytest

from custom_components.retrocam.const import KINDS
from custom_components.retrocam.core import errors
from custom_components.retrocam.core.clips.result import ClipReason
from custom_components.retrocam.core.errors import PlayError, RetrocamError, SourceError
from custom_components.retrocam.flows.options_flow import options_schema
from custom_components.retrocam.flows.schemas import CREDENTIALS_SCHEMA, URL_SCHEMA
from custom_components.retrocam.repairs import _REPAIRS, RuntimeRepair

from .house import ENGLISH, HOUSE, LANGUAGES, flat
from .source import TREES


@pytest.mark.parametrize("path", LANGUAGES, ids=lambda path: path.stem)
def test_languages_have_same_keys_and_placeholders(path: Path) -> None:
    texts = dict(flat(json.loads(path.read_text(encoding="utf-8"))))
    english = dict(flat(ENGLISH))
    assert texts.keys() == english.keys()
    for key, text in texts.items():
        assert text.strip(), key
        assert set(re.findall(r"{\w+}", text)) == set(re.findall(r"{\w+}", english[key])), key


def test_every_field_of_a_form_is_translated() -> None:
    steps = ENGLISH["config"]["step"]
    forms = [
        (steps["camera_url"], URL_SCHEMA),
        (steps["reauth_confirm"], CREDENTIALS_SCHEMA),
        (ENGLISH["options"]["step"]["init"], options_schema("demo", "https://home/x")),
    ]
    for texts, schema in forms:
        for key, value in schema.schema.items():
            if (inner := getattr(value, "schema", None)) is None:
                assert texts["data"][str(key)]
                assert texts["data_description"][str(key)]
            else:
                section = texts["sections"][str(key)]
                assert section["name"]
                fields = {str(field) for field in inner.schema}
                assert section["data"].keys() == fields
                assert section["data_description"].keys() == fields


def source_errors() -> list[type[RetrocamError]]:
    return [
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, SourceError)
    ]


def test_every_source_error_is_translated() -> None:
    for kind in source_errors():
        assert ENGLISH["config"]["error"][kind.code]
        if kind.code not in {"invalid_url", "unsupported_scheme"}:
            assert ENGLISH["exceptions"][kind.code]["message"]


def test_every_entity_has_a_name() -> None:
    for domain, texts in ENGLISH["entity"].items():
        # Of the class; a description's key is its translation key.
        keys = set(constants(TREES[HOUSE / f"{domain}.py"], "translation_key"))
        for key in keys or texts:
            assert texts[key]["name"]


def constants(node: ast.AST, argument: str) -> Iterator[str]:
    """Yield the constant values of a keyword argument."""
    for child_node in ast.walk(node):
        if isinstance(child_node, ast.keyword) and child_node.arg == argument:
            for value in ast.walk(child_node.value):
                if isinstance(value, ast.Constant) and isinstance(value.value, str):
                    yield value.value


def test_four_languages() -> None:
    assert [path.stem for path in LANGUAGES] == ["de", "en", "es", "fr"]


def test_languages_differ() -> None:
    english = dict(flat(ENGLISH))
    for path in LANGUAGES:
        if path.stem == "en":
            continue
        texts = dict(flat(json.loads(path.read_text(encoding="utf-8"))))
        same = [key for key, text in texts.items() if text == english[key]]
        # Names such as TCP, JPEG and yt-dlp are the same in all languages.
        assert len(same) < len(texts) / 12, same


def test_every_flow_step_is_translated() -> None:
    flows = {
        "config": ("config_flow", "flows/source_flow", "flows/wrapped_flow"),
        "options": ("flows/options_flow",),
    }
    for section, modules in flows.items():
        methods = {
            node.name.removeprefix("async_step_")
            for module in modules
            for node in ast.walk(TREES[HOUSE / f"{module}.py"])
            if isinstance(node, ast.AsyncFunctionDef) and node.name.startswith("async_step_")
        }
        # These steps show nothing: they forward to others, or add a camera that was chosen in another.
        assert set(ENGLISH[section]["step"]) == methods - {"reauth", "reconfigure", "import"}


def test_every_menu_option_is_translated() -> None:
    texts = ENGLISH["config"]["step"]["user"]
    assert set(texts["menu_options"]) == set(texts["menu_option_descriptions"]) == set(KINDS)


def test_every_option_is_translated() -> None:
    texts = ENGLISH["options"]["step"]["init"]["sections"]
    seen = set()
    for kind in KINDS:
        for name, part in options_schema(kind, "https://home/x").schema.items():
            seen.add(str(name))
            fields = {str(field) for field in part.schema.schema}
            assert fields <= set(texts[str(name)]["data"]), name
            assert set(texts[str(name)]["data"]) == set(texts[str(name)]["data_description"])
    assert seen == set(texts)


def leaves(kind: type[RetrocamError]) -> Iterator[type[RetrocamError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from leaves(child)


def called(node: ast.Call) -> str:
    """Return the name of a called function or method."""
    return str(getattr(node.func, "id", getattr(node.func, "attr", "")))


def test_exceptions_match_translations() -> None:
    raised = {str(reason) for reason in ClipReason} | {"clip_empty"}
    for kind in leaves(RetrocamError):
        raised.add(f"play_{kind.code}" if issubclass(kind, PlayError) else kind.code)
    for tree in TREES.values():
        raised |= set(constants(tree, "translation_key"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and called(node) in {"validation_error", "_error"}:
                raised |= {arg.value for arg in node.args if isinstance(arg, ast.Constant)}  # type: ignore[misc]  # keys are strings
    translated = set(ENGLISH["exceptions"])
    assert translated <= raised
    # Codes that no user sees.
    inside = {"invalid_url", "unsupported_scheme", "clip_ended", "damaged_packet"}
    inside |= {
        "locked_out",
        "wrong_pin",
        "frame_overwritten",
        "frame_not_ready",
        "ring_stopped",
    }
    codes = {kind.code for kind in vars(errors).values() if _is_ours(kind)}
    assert {code for code in codes if code not in inside} <= translated


def _is_ours(kind: Any) -> bool:
    return (
        isinstance(kind, type)
        and issubclass(kind, RetrocamError)
        and not issubclass(kind, PlayError)
    )


def test_every_user_visible_raise_is_translated() -> None:
    error_types = {"HomeAssistantError", "ServiceValidationError", "Unresolvable", "BrowseError"}
    error_types |= {
        "ConfigEntryError",
        "ConfigEntryNotReady",
        "ConfigEntryAuthFailed",
        "MediaSourceError",
    }
    count = 0
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or getattr(node.func, "id", "") not in error_types:
                continue
            count += 1
            have = {keyword.arg for keyword in node.keywords}
            assert {"translation_domain", "translation_key"} <= have, (path, node.lineno)
            assert not node.args, (path, node.lineno)
    assert count > 4


def test_every_issue_and_repair_step_is_translated() -> None:
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


def test_texts_contain_no_urls() -> None:
    for path in LANGUAGES:
        for key, text in flat(json.loads(path.read_text(encoding="utf-8"))):
            # hassfest: URLs belong in placeholders.
            assert not re.search(r"https?://\w", text), (path.stem, key)
