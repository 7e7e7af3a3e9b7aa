"""Every text that a user may see is there, in every language."""

import ast
from collections.abc import Iterator
import json
from pathlib import Path
import re
from typing import Any, Final

import pytest

from custom_components.retrocam.core import errors
from custom_components.retrocam.core.errors import RetrocamError, SourceError
from custom_components.retrocam.flow_schemas import CREDENTIALS_SCHEMA, URL_SCHEMA
from custom_components.retrocam.options_flow import OPTIONS_SCHEMA

HOUSE: Final = Path(__file__).parent.parent / "custom_components" / "retrocam"
LANGUAGES: Final = sorted((HOUSE / "translations").glob("*.json"))
ENGLISH: Final = json.loads((HOUSE / "translations" / "en.json").read_text(encoding="utf-8"))
ICONS: Final = json.loads((HOUSE / "icons.json").read_text(encoding="utf-8"))


def flat(tree: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from flat(value, f"{path}.{key}")
    else:
        yield path, tree


@pytest.mark.parametrize("path", LANGUAGES, ids=lambda path: path.stem)
def test_languages_are_complete_and_keep_the_placeholders(path: Path) -> None:
    texts = dict(flat(json.loads(path.read_text(encoding="utf-8"))))
    english = dict(flat(ENGLISH))
    assert texts.keys() == english.keys()
    for key, text in texts.items():
        assert text.strip(), key
        assert set(re.findall(r"{\w+}", text)) == set(re.findall(r"{\w+}", english[key])), key


def test_every_field_of_a_form_is_named_and_described() -> None:
    steps = ENGLISH["config"]["step"]
    forms = [
        (steps["camera_url"], URL_SCHEMA),
        (steps["reauth_confirm"], CREDENTIALS_SCHEMA),
        (ENGLISH["options"]["step"]["init"], OPTIONS_SCHEMA),
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


def test_every_error_of_a_source_has_its_words_in_flows_and_exceptions() -> None:
    for kind in source_errors():
        assert ENGLISH["config"]["error"][kind.code]
        if kind.code not in {"invalid_url", "unsupported_scheme"}:
            assert ENGLISH["exceptions"][kind.code]["message"]


def test_every_entity_has_a_name_and_an_icon() -> None:
    for path in sorted(HOUSE.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.keyword) and node.arg == "translation_key":
                if not isinstance(node.value, ast.Constant):
                    continue
                key = node.value.value
                texts = ENGLISH["entity"].get(path.stem)
                if texts is not None:
                    assert texts[key]["name"]
                    assert ICONS["entity"][path.stem][key]["default"].startswith("mdi:")
