"""The transform of rows and columns for each orientation, 1 to 8.

The same transforms as Home Assistant's stream component applies for the camera's orientation
preference: 6 turns left, 8 turns right. EXIF has these two the other way round.
"""

from typing import Final, NamedTuple


class Transform(NamedTuple):
    """Steps of a transform, in the order of their application."""

    transpose: bool
    """Swap rows and columns."""
    flip: bool
    """Reverse the order of rows."""
    mirror: bool
    """Reverse the order of columns."""


TRANSFORMS: Final = {
    1: Transform(transpose=False, flip=False, mirror=False),
    2: Transform(transpose=False, flip=False, mirror=True),
    3: Transform(transpose=False, flip=True, mirror=True),
    4: Transform(transpose=False, flip=True, mirror=False),
    5: Transform(transpose=True, flip=False, mirror=False),
    6: Transform(transpose=True, flip=True, mirror=False),
    7: Transform(transpose=True, flip=True, mirror=True),
    8: Transform(transpose=True, flip=False, mirror=True),
}


def transform_for(orientation: int) -> Transform:
    """Return the transform of an orientation. Raises ValueError unless 1 <= orientation <= 8."""
    if orientation not in TRANSFORMS:
        raise ValueError(f"no orientation {orientation}")
    return TRANSFORMS[orientation]


def preference_of_exif(orientation: int) -> int:
    """Return the orientation preference that transforms as an EXIF orientation does."""
    return {6: 8, 8: 6}.get(orientation, orientation)
