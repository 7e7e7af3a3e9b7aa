"""Labels stay readable for characters missing in Pillow's font."""

import numpy as np
import pytest

from custom_components.retrocam.core.grid.labels import _mask


@pytest.mark.parametrize(
    ("name", "read"),
    [("Küche", "Kuche"), ("Caméra à l’étage", "Camera a l’etage"), ("Łódź 2×", "Lodz 2x")],
)
def test_accents_are_stripped(name: str, read: str) -> None:
    assert np.array_equal(_mask(name, 24), _mask(read, 24))


def test_other_scripts_are_transliterated() -> None:
    assert not np.array_equal(_mask("Двор", 24), _mask("Кухня", 24))
    assert np.array_equal(_mask("Двор", 24), _mask("Dvor", 24))


def test_supported_characters_are_kept() -> None:
    assert not np.array_equal(_mask("°", 24), _mask("deg", 24))
