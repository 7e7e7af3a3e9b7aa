"""What each EXIF orientation, 1 to 8, does to the rows and columns of a picture.

The transforms are those that Home Assistant's stream component applies for the camera's orientation
preference: 6 turns left, 8 turns right.
"""

from typing import Final, NamedTuple


class Turn(NamedTuple):
    """Steps of a transform, to be applied in this order."""

    transpose: bool
    """Rows become columns."""
    flip: bool
    """The order of rows is reversed."""
    mirror: bool
    """The order of columns is reversed."""


TURNS: Final = {
    1: Turn(transpose=False, flip=False, mirror=False),
    2: Turn(transpose=False, flip=False, mirror=True),
    3: Turn(transpose=False, flip=True, mirror=True),
    4: Turn(transpose=False, flip=True, mirror=False),
    5: Turn(transpose=True, flip=False, mirror=False),
    6: Turn(transpose=True, flip=True, mirror=False),
    7: Turn(transpose=True, flip=True, mirror=True),
    8: Turn(transpose=True, flip=False, mirror=True),
}


def turn_of(orientation: int) -> Turn:
    """Return the transform of an orientation. Raises ValueError unless 1 <= orientation <= 8."""
    if orientation not in TURNS:
        raise ValueError(f"no orientation {orientation}")
    return TURNS[orientation]
