"""Checks of paths that users enter."""

from collections.abc import Iterable
import os
from pathlib import Path
from typing import Final
from unicodedata import normalize

from ..texts import is_plain

_MAX_COMPONENT: Final = 240
"""Bytes; file systems allow 255, and some names get an ending."""
_MAX_PATH: Final = 2048
"""Bytes; Linux allows 4095, and ours are extended."""


def is_path(text: str) -> bool:
    """Return whether a text is a valid absolute path without `..`."""
    if not is_plain(text, max_length=_MAX_PATH):
        return False
    path = Path(text)
    return (
        path.is_absolute()
        and ".." not in path.parts
        and len(os.fsencode(text)) <= _MAX_PATH
        and all(len(os.fsencode(part)) <= _MAX_COMPONENT for part in path.parts)
    )


def same_place(path: Path, other: Path) -> bool:
    """Return whether two paths lead to the same file or folder, also by links. Blocks.

    Missing ones are compared by name, ignoring case: the file system may ignore it as well.
    """
    try:
        return path.samefile(other)
    except OSError:
        return _folded(path) == _folded(other)


def lies_within(path: Path, directories: Iterable[Path]) -> bool:
    """Return whether a path is, or leads into, one of the directories, also by links. Blocks."""
    real = Path(os.path.realpath(path))
    places = (real, *real.parents)
    return any(same_place(place, directory) for directory in directories for place in places)


def _folded(path: Path) -> str:
    return normalize("NFC", os.path.realpath(path)).casefold()
