"""A small test pattern at a known time."""

from datetime import UTC, datetime
from typing import Final

import av
import numpy as np
from numpy.typing import NDArray

from custom_components.retrocam.core.frames.jpeg import planes
from custom_components.retrocam.core.pattern.picture import TestPattern

NOON: Final = datetime(2026, 10, 4, 12, 34, 56, 789_000, UTC).timestamp()
SMALL: Final = TestPattern(320, 180, 25)


def luma_of(frame: av.VideoFrame) -> NDArray[np.uint8]:
    """Copy the luma of a picture, (rows, cols) uint8."""
    return planes(frame)[0].copy()
