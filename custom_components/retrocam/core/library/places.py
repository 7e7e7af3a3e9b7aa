"""Paths that users name: whether a file can have one, and whether two are the same place."""

from collections.abc import Iterable
import os
from pathlib import Path
from typing import Final
from unicodedata import normalize

from ..texts import is_plain

MAX_NAME: Final = 240
"""Bytes of one part of a path; file systems take 255, and some names get an ending."""
MAX_PATH: Final = 2048
"""Bytes; Linux takes 4095, of which ours are made longer."""


def is_path(text: str) -> bool:
    """Tell whether a text is an absolute path that a file can have, without `..`."""
    if not is_plain(text, most=MAX_PATH):
        return False
    path = Path(text)
    fits = len(os.fsencode(text)) <= MAX_PATH
    return (
        path.is_absolute()
        and ".." not in path.parts
        and fits
        and all(len(os.fsencode(part)) <= MAX_NAME for part in path.parts)
    )


def same_place(one: Path, other: Path) -> bool:
    """Tell whether two paths lead to the same file or folder, also by links. Blocks.

    What is not there yet is compared by its name, in whatever case: the file system may not tell
    cases apart.
    """
    try:
        return one.samefile(other)
    except OSError:
        return _folded(one) == _folded(other)


def lies_within(path: Path, directories: Iterable[Path]) -> bool:
    """Tell whether a path is one of these directories or leads into one, also by links. Blocks."""
    real = Path(os.path.realpath(path))
    places = (real, *real.parents)
    return any(same_place(place, directory) for directory in directories for place in places)


def _folded(path: Path) -> str:
    return normalize("NFC", os.path.realpath(path)).casefold()
