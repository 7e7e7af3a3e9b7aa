"""The README's statements about actions, options, entities and repairs, compared with the code."""

import re
from typing import Any, Final

from homeassistant.util.yaml import load_yaml_dict, parse_yaml
import pytest

from custom_components.retrocam import number, sensor
from custom_components.retrocam.cameras.media_storage import REFRESH_INTERVAL, REREAD_INTERVAL
from custom_components.retrocam.const import DOMAIN, KINDS
from custom_components.retrocam.core.ascii.presets import CHARSETS
from custom_components.retrocam.flows.options_flow import options_schema
from custom_components.retrocam.media.items import MediaKind
from custom_components.retrocam.settings import Settings

from .documents import blocks
from .house import ENGLISH, HOUSE, README, ROOT
from .security.matrix import COMMANDS, VIEWS

SERVICES: Final = load_yaml_dict(str(HOUSE / "services.yaml"))


def section(heading: str) -> str:
    """Return a section of the README with its subsections."""
    match = re.search(rf"^## {heading}$(.*?)(?=^## |\Z)", README, re.MULTILINE | re.DOTALL)
    assert match is not None, heading
    return match[1]


def test_every_action_and_field_is_in_the_readme() -> None:
    text = section("Actions")
    for action, described in SERVICES.items():
        assert f"retrocam.{action}" in text
        for field in described.get("fields", {}):
            assert re.search(rf"\b{field}\b", text), (action, field)


def test_every_entity_is_in_the_readme() -> None:
    rows = [line.lower() for line in section("Entities").splitlines()]
    for domain, texts in ENGLISH["entity"].items():
        for key, said in texts.items():
            names = {said["name"].lower(), key.replace("_", " ")}
            assert any(
                f"`{domain}`" in row and any(name in row for name in names) for row in rows
            ), key


def test_entities_disabled_at_first_are_named() -> None:
    rows = [line.lower() for line in section("Entities").splitlines() if line.startswith("| `")]
    for domain, descriptions in (("sensor", sensor.SENSORS), ("number", number.NUMBERS)):
        for description in descriptions:
            assert not description.entity_registry_enabled_default
            name = ENGLISH["entity"][domain][description.key]["name"].lower()
            (row,) = [row for row in rows if f"`{domain}`" in row and name in row]
            assert "disabled at first" in row
    disabled = [row for row in rows if "disabled at first" in row]
    assert all("`sensor`" in row or "`number`" in row for row in disabled)


def test_every_option_is_in_the_readme() -> None:
    rows = dict(re.findall(r"^\| \*(.+?)\* \| (.+) \|$", section("Options"), re.MULTILINE))
    names = ENGLISH["options"]["step"]["init"]["sections"]
    for kind in KINDS:
        schema = options_schema(kind).schema
        for name, part in schema.items():
            text = rows[names[str(name)]["name"]]
            # Each default that is a limit.
            for field in part.schema.schema:
                default = field.default() if callable(field.default) else 0
                if type(default) is int and default:
                    assert re.search(rf"\b{default}\b", text), (kind, field)


def test_every_kind_and_what_it_asks_is_in_the_readme() -> None:
    text = section("Install")
    menu = ENGLISH["config"]["step"]["user"]["menu_options"]
    assert set(menu) == set(KINDS)
    rows = re.findall(r"^\| (.+?) \| (.+?) \| (.+?) \|$", text, re.MULTILINE)[1:]
    for title in menu.values():
        (asked,) = [asked for name, _, asked in rows if title.startswith(name)]
        assert asked


REPAIRS: Final = {
    "storage_full": "a disk that is full",
    "storage_low": "nearly full",
    "storage_slow": "too slow",
    "storage_missing": "missing",
    "storage_read_only": "read-only",
    "storage_failed": "failing",
    "source_gone": "unreachable for a day",
    "camera_gone": "unreachable for a day",
    "camera_removed": "that was removed",
    "grid_member_removed": "a grid with a removed camera",
    "audio_dropped": "sound that is dropped",
    "audio_dropped_wrapped": "sound that is dropped",
    "lookback_short": "a lookback that needs more memory",
    "share_guessing": "somebody is guessing the PIN",
    "extractor_outdated": "yt-dlp is outdated",
    "javascript_runtime": "YouTube needs a JavaScript runtime",
}


def test_every_repair_is_in_the_readme() -> None:
    text = " ".join(section("Troubleshooting").split())
    assert set(REPAIRS) == set(ENGLISH["issues"])
    for issue, words in REPAIRS.items():
        assert words in text, issue


@pytest.mark.parametrize(
    ("heading", "facts"),
    [
        ("Install", ["HACS", "`retrocam.zip`", f"config/custom_components/{DOMAIN}"]),
        (
            "How data is updated",
            [f"every {sensor.SCAN_INTERVAL.seconds} s", "within a minute", "within an hour"],
        ),
        ("Limits", ["AAC", "MP3"]),
        ("Remove", [f"config/custom_components/{DOMAIN}", "media stays"]),
    ],
)
def test_sections_match_the_code(heading: str, facts: list[str]) -> None:
    text = section(heading)
    assert all(fact in text for fact in facts), [fact for fact in facts if fact not in text]
    assert (REFRESH_INTERVAL, REREAD_INTERVAL) == (60, 3600)  # a minute, an hour


def test_every_row_of_the_sources_document_names_existing_tests() -> None:
    text = (ROOT / "docs" / "sources.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert len(rows) > 10
    for row in rows:
        if row == "| source | what is done | test |":
            continue
        names = re.findall(r"`([\w/]*(?:\.py)?)::(\w+)`", row.rpartition(" | ")[2])
        assert names, row
        file = ""
        for path, name in names:
            # `::name` is in the file of the name before it.
            file = path or file
            source = (ROOT / file).read_text(encoding="utf-8")
            assert re.search(rf"^(async )?def {name}\(", source, re.MULTILINE), (file, name)


MEASURED: Final = {
    "the lookback of 16 cameras": ("lookback", "16 streams"),
    "64 cameras with lookback and snapshots": (
        "scale",
        "64 cameras, against 64 bare stream workers",
    ),
    "10 viewers of MJPEG": ("against_core", "10 viewers, against core's ffmpeg camera"),
    "each further viewer of MJPEG": ("against_core", "each viewer from the 2nd to the 50th"),
    "a snapshot": ("snapshots", "against an ffmpeg process"),
    "a minute of 1080p as a clip": ("clips", "writing 60 s of 1080p, against ffmpeg -c copy"),
}
"""Rows of the README's table of ratios: the benchmark, and words of its row."""


def test_ratios_of_the_readme_were_measured() -> None:
    text = (ROOT / "docs" / "performance.md").read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines()]
    shown = dict(
        re.findall(r"^\| (.+?) \| .+? \| (\d\.\d\d) \|$", section("Performance"), re.MULTILINE)
    )
    assert set(shown) == set(MEASURED)
    for what, (case, words) in MEASURED.items():
        (ratio,) = [row[4] for row in rows if len(row) == 7 and row[0] == case and words in row[1]]
        # A later run of a benchmark differs a little.
        assert float(shown[what]) == pytest.approx(float(ratio), rel=0.15, abs=0.01), what


def test_memory_of_a_long_lookback_is_told_beside_the_default() -> None:
    (row,) = [line for line in section("Options").splitlines() if line.startswith("| *Lookback*")]
    settings = Settings()
    bytes_a_second = 4_000_000 / 8
    for seconds in (settings.lookback_seconds, 900):
        assert f"{seconds * bytes_a_second / 1e6:.0f} MB" in row
    assert f"{settings.lookback_megabytes} MB must be raised" in row


FORMS: Final = (ROOT / "frontend" / "src" / "cards" / "forms.ts").read_text(encoding="utf-8")


def card_fields(card: str) -> dict[str, Any]:
    """Return the fields of a card's editor with their defaults, None where it has none."""
    form = re.search(
        rf"export function {card}Form\(\): Form {{(.*?)^}}", FORMS, re.MULTILINE | re.DOTALL
    )
    assert form is not None, card
    fields = re.findall(
        r"{\s*name: \"(\w+)\"(?:, required: true)?,\s*(?:default: ([^,]+),)?", form[1]
    )
    assert fields
    return {name: parse_yaml(default) if default else None for name, default in fields}


def test_every_option_of_the_cards_is_in_the_readme() -> None:
    rows = re.findall(
        r"^\| `custom:retrocam-(\w+)-card`: .+? \| (.+) \|$", section("Cards"), re.MULTILINE
    )
    assert len(rows) == 3
    for card, options in rows:
        shown = dict(re.findall(r"`(\w+)` \(([^)]*)\)", options))
        fields = card_fields(card)
        assert set(shown) == set(fields) - {"entity", "name"}
        for name, text in shown.items():
            if fields[name] is not None:
                default = re.match(r"`?(\w+(?::\d+)?)", text)
                assert default is not None, text
                assert default[1] == str(fields[name]).lower(), (card, name)


def test_examples_of_cards_have_fields_of_their_editors() -> None:
    examples: list[Any] = [
        parse_yaml(block.text)
        for block in blocks(ROOT / "README.md")
        if block.language == "yaml" and block.text.startswith("type: ")
    ]
    assert len({example["type"] for example in examples}) == 3
    for example in examples:
        name = re.fullmatch(r"custom:retrocam-(\w+)-card", example.pop("type"))
        assert name is not None
        fields = card_fields(name[1])
        assert set(example) <= set(fields)
        for field, value in example.items():
            if fields[field] is not None:
                assert type(value) is type(fields[field]), field
            if field == "kinds":
                assert set(value) <= {*MediaKind}
            if field == "charset":
                assert value in CHARSETS


INTERNAL: Final = {
    "/api/retrocam/live/{entry_id}.ts",
    "/api/retrocam/preview/{flow_id}",
    "/api/retrocam/footage/{entry_id}/media/{epoch}/{name}",
}
"""What is read by Home Assistant's stream worker, shown by a form, and named by playlists."""


def test_every_url_is_in_the_readme() -> None:
    lines = re.findall(r"^GET (\S+)", section("For developers"), re.MULTILINE)
    shown = {line.partition("?")[0] for line in lines}
    kinds = "{snapshots|recordings|timelapses}"
    shown = {line.replace("{index|latest}", "{index}").replace(kinds, "{kind}") for line in shown}
    views = set(re.findall(r"^GET +(\S+)", VIEWS, re.MULTILINE))
    assert shown == views - INTERNAL


def test_every_websocket_command_is_in_the_readme() -> None:
    shown = set(re.findall(r"`(retrocam/[a-z/]+)`", section("For developers")))
    assert shown == set(re.findall(r"^(retrocam/\S+)", COMMANDS, re.MULTILINE))
