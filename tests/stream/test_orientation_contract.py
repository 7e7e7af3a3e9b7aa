"""Orientation of frames equals that of Home Assistant's stream component."""

import av
from homeassistant.components.stream.core import TRANSFORM_IMAGE_FUNCTION, Orientation
import numpy as np
import pytest

from custom_components.retrocam.core.frames.jpeg import planes
from custom_components.retrocam.core.frames.orientation import orient


def picture() -> av.VideoFrame:
    """Return a frame without symmetry."""
    frame = av.VideoFrame(96, 64, "yuv420p")
    random = np.random.default_rng(1)
    for plane in planes(frame):
        plane[:] = random.integers(60, 180, plane.shape)
    return frame


@pytest.mark.parametrize("orientation", list(Orientation))
def test_orientation_matches_home_assistant(orientation: Orientation) -> None:
    frame = picture()

    turned = orient(frame, orientation)

    expected = TRANSFORM_IMAGE_FUNCTION[orientation](frame.to_ndarray(format="bgr24"))
    assert np.array_equal(turned.to_ndarray(format="bgr24"), expected)


def test_home_assistant_has_no_other_orientations() -> None:
    assert [int(orientation) for orientation in Orientation] == list(range(1, 9))
