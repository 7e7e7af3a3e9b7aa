"""Presets and charsets."""

from itertools import pairwise

import pytest

from custom_components.retrocam.core.ascii.font import coverage
from custom_components.retrocam.core.ascii.presets import CHARSETS, PRESETS


def test_presets_are_those_of_the_interface() -> None:
    sizes = {name: (preset.cols, preset.rows, preset.fps) for name, preset in PRESETS.items()}
    assert sizes == {
        "low": (120, 50, 24),
        "medium": (200, 80, 30),
        "high": (320, 120, 30),
        "tall": (80, 120, 24),
    }


def test_charsets_are_those_of_the_interface() -> None:
    assert list(CHARSETS) == ["ramp", "dense", "blocks", "braille", "shape"]
    assert [name for name, charset in CHARSETS.items() if charset.matched] == ["braille", "shape"]


@pytest.mark.parametrize("name", CHARSETS)
def test_glyphs_are_distinct_and_printable(name: str) -> None:
    glyphs = CHARSETS[name].glyphs
    assert len(set(glyphs)) == len(glyphs) <= 256
    assert all(glyph.isprintable() for glyph in glyphs)


@pytest.mark.parametrize("name", ["ramp", "dense", "blocks"])
def test_brighter_luma_never_gets_less_ink(name: str) -> None:
    ink = coverage(CHARSETS[name].glyphs).mean(axis=(1, 2))
    assert ink[0] == 0
    # Equal except for antialiasing.
    assert all(after - before > -0.012 for before, after in pairwise(ink))
    assert ink[-1] == max(ink)
