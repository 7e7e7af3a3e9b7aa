"""What the README says of actions, options, entities and repairs, compared with the code."""

import re
from typing import Final

from homeassistant.util.yaml import load_yaml_dict
import pytest

from custom_components.retrocam import sensor
from custom_components.retrocam.cameras.media_storage import REFRESH_INTERVAL, REREAD_INTERVAL
from custom_components.retrocam.const import DOMAIN, KINDS
from custom_components.retrocam.flows.options_flow import options_schema

from .house import ENGLISH, HOUSE, README

SERVICES: Final = load_yaml_dict(str(HOUSE / "services.yaml"))


def section(heading: str) -> str:
    """Return a section of the README, with its headings of lower levels."""
    found = re.search(rf"^## {heading}$(.*?)(?=^## |\Z)", README, re.MULTILINE | re.DOTALL)
    assert found is not None, heading
    return found[1]


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


def test_every_option_is_in_the_readme() -> None:
    rows = dict(re.findall(r"^\| \*(.+?)\* \| (.+) \|$", section("Options"), re.MULTILINE))
    rows = {name.lower(): text for name, text in rows.items()}
    for kind in KINDS:
        schema = options_schema(kind).schema
        for name, part in schema.items():
            text = rows[str(name)]
            # Each number that one begins with, if it is a limit.
            for field in part.schema.schema:
                default = field.default() if callable(field.default) else 0
                if type(default) is int and default:
                    assert re.search(rf"\b{default}\b|frames kept", text), (kind, field)


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
    "storage_missing": "or gone",
    "storage_read_only": "that cannot be written",
    "storage_failed": "that fails",
    "source_gone": "out of reach for a day",
    "camera_gone": "out of reach for a day",
    "camera_removed": "was removed",
    "grid_member_removed": "a grid with a camera too many",
    "audio_dropped": "sound that is dropped",
    "lookback_short": "a lookback that runs out of memory",
    "share_guessing": "whose PIN somebody guesses",
    "extractor_outdated": "a yt-dlp that is too old",
    "javascript_runtime": "a program that videos of YouTube need",
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
def test_sections_say_what_the_code_does(heading: str, facts: list[str]) -> None:
    text = section(heading)
    assert all(fact in text for fact in facts), [fact for fact in facts if fact not in text]
    assert (REFRESH_INTERVAL, REREAD_INTERVAL) == (60, 3600)  # a minute, an hour
