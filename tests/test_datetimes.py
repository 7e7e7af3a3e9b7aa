"""Parsing of times."""

import pytest
import voluptuous as vol

from custom_components.retrocam.datetimes import unix_time


@pytest.mark.parametrize(
    "text",
    [
        "2026-0-01T00:00:00",
        "2026-01-32T00:00:00",
        "2026-1-1T24:60:00",
        "2026-1-1T00:00:00+99:99",
        "0001-01-01T00:00:00+14:00",
        "now",
    ],
)
def test_malformed_time_is_rejected(text: str) -> None:
    with pytest.raises(vol.Invalid):
        unix_time(text)


def test_time_is_parsed() -> None:
    assert unix_time("2026-01-01T01:00:00+01:00") == 1_767_225_600
