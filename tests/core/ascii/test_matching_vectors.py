"""The cards match glyphs by what this core has: their table and their test vectors are its own."""

import json
import re

import numpy as np
import pytest

from .matching_vectors import TABLE, VECTORS, table, vectors


def test_table_of_the_cards_is_that_of_the_core() -> None:
    rows = re.findall(r"^  (\[.*\]),$", TABLE.read_text("utf-8"), re.MULTILINE)
    # Another release of the library that draws letters may draw them slightly differently.
    np.testing.assert_allclose([json.loads(row) for row in rows], table(), atol=0.02)


@pytest.mark.parametrize("charset", ["braille", "shape"])
def test_vectors_of_the_cards_are_what_the_core_matches(charset: str) -> None:
    kept, made = json.loads(VECTORS.read_text("utf-8")), vectors()
    assert kept["samples"] == made["samples"]
    same = np.equal(kept[charset], made[charset])
    assert same.mean() > (0.98 if charset == "shape" else 0.9999)
    # Each picture differs from the one before.
    assert all(a != b for a, b in zip(made[charset], made[charset][1:], strict=False))
