"""Names in a picture: letters that Pillow's font lacks are still to be read."""

import numpy as np
import pytest

from custom_components.retrocam.core.grid.labels import _mask


@pytest.mark.parametrize(
    ("name", "read"),
    [("Küche", "Kuche"), ("Caméra à l’étage", "Camera a l’etage"), ("Łódź 2×", "Lodz 2x")],
)
def test_accents_are_left_out_rather_than_shown_as_boxes(name: str, read: str) -> None:
    assert np.array_equal(_mask(name, 24), _mask(read, 24))


def test_other_scripts_are_spelled_in_latin_letters() -> None:
    assert not np.array_equal(_mask("Двор", 24), _mask("Кухня", 24))
    assert np.array_equal(_mask("Двор", 24), _mask("Dvor", 24))


def test_what_the_font_has_is_left_alone() -> None:
    assert not np.array_equal(_mask("°", 24), _mask("deg", 24))
