"""Finishing what a crash left behind: the files of clips that were being recorded."""

from collections.abc import Iterable
from dataclasses import dataclass
import logging
from pathlib import Path

from ..errors import FragmentError, MediaNotFoundError, RetrocamError
from ..files import storage_errors
from ..library.files import parse_name, whole_path
from ..library.store import MediaLibrary
from .clip_files import keep
from .faststart import copy_path
from .fragmented_reader import read_recording
from .result import ClipPart

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Salvage:
    """What became of files that were left unfinished."""

    clips: tuple[ClipPart, ...] = ()
    """Those that are in the library now, oldest first."""
    removed: int = 0
    """Those that held nothing that can be played, and are gone."""
    failed: tuple[tuple[Path, RetrocamError], ...] = ()
    """Those that could not be finished, and are left for the next time."""


def salvage(library: MediaLibrary, partials: Iterable[Path]) -> Salvage:
    """Finish the files that `MediaLibrary.load` has found unfinished; blocks.

    Call it with nothing but those files, once. All whole fragments are kept, so that what is lost is
    at most the part that was being written. Raises nothing: what a disk refuses is left as it is.
    """
    clips: list[ClipPart] = []
    failed: list[tuple[Path, RetrocamError]] = []
    removed = 0
    for partial in sorted(partials):
        try:
            try:
                if (clip := _salvage(library, partial)) is not None:
                    clips.append(clip)
            except FragmentError as error:
                _LOGGER.warning("%s holds nothing that can be played: %s", partial, error)
                with storage_errors():
                    partial.unlink(missing_ok=True)
                removed += 1
        except RetrocamError as error:
            _LOGGER.warning("%s cannot be finished: %s", partial, error)
            failed.append((partial, error))
    return Salvage(tuple(clips), removed, tuple(failed))


def _salvage(library: MediaLibrary, partial: Path) -> ClipPart | None:
    """Finish one file; None if that was done before the crash, and only the file remained."""
    name = whole_path(partial)
    if (parsed := parse_name(name.name)) is None:
        raise MediaNotFoundError(f"{partial} is no file of ours")
    time_ms, _ = parsed
    with storage_errors():
        copy_path(partial).unlink(missing_ok=True)
        if library.find(name.name) is not None:
            partial.unlink()
            return None
        return keep(library, read_recording(partial), name, time_ms / 1000)
