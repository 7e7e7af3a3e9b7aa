"""Layout of planes in a vector of codes."""

import numpy as np
import pytest

from custom_components.retrocam.core.ascii.planes import AsciiPlanes, PlaneLayout

from .ascii_decoder import decode_planes, split_planes


def test_planes_are_joined_in_wire_order() -> None:
    layout = PlaneLayout(3, 5, glyphs=10)
    assert layout.names == ["y", "cb", "cr", "g"]
    assert layout.size == 15 + 6 + 6 + 15
    planes = split_planes(layout, np.arange(layout.size, dtype=np.uint8))
    assert planes.y.tolist()[0] == [0, 1, 2]
    assert planes.cb.tolist() == [[15, 16], [17, 18], [19, 20]]
    assert planes.cr[0, 0] == 21
    assert planes.g is not None
    assert planes.g[4].tolist() == [39, 40, 41]
    np.testing.assert_array_equal(layout.join(planes), np.arange(layout.size))


def test_code_decodes_to_the_middle_of_its_step() -> None:
    layout = PlaneLayout(2, 2, glyphs=95)
    planes = decode_planes(layout, np.array([0, 1, 64, 127, 32, 63, 0, 1, 94, 2], np.uint8))
    assert planes.y.tolist() == [[1, 3], [129, 255]]
    assert (planes.cb.item(), planes.cr.item()) == (130, 254)
    assert planes.g is not None
    assert planes.g.tolist() == [[0, 1], [94, 2]]


def test_no_glyph_plane_without_matched_glyphs() -> None:
    layout = PlaneLayout(2, 2)
    assert layout.names == ["y", "cb", "cr"]
    assert split_planes(layout, np.zeros(layout.size, np.uint8)).g is None


@pytest.mark.parametrize("glyphs", [0, 95])
def test_join_rejects_planes_of_another_layout(glyphs: int) -> None:
    small = split_planes(PlaneLayout(2, 2), np.zeros(6, np.uint8))
    planes = AsciiPlanes(small.y, small.cb, small.cr, None)
    with pytest.raises(ValueError, match="layout"):
        PlaneLayout(4, 2, glyphs=glyphs).join(planes)
