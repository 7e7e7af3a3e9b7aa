"""Finish clips whose recording a crash interrupted."""

from collections.abc import Iterable
import logging
from pathlib import Path

from ..errors import FragmentError, MediaNotFoundError, RetrocamError
from ..files import storage_errors
from ..library.files import final_path, parse_name
from ..library.store import MediaLibrary
from .clip_files import keep
from .faststart import copy_path
from .fragmented_reader import read_recording
from .result import ClipFile

_LOGGER = logging.getLogger(__name__)


def recover(library: MediaLibrary, partials: Iterable[Path]) -> list[ClipFile]:
    """Finish the unfinished files found by `MediaLibrary.load`, and return them, oldest first; blocks.

    Call it once, with only these files. All complete fragments are kept: at most the part being
    written is lost. A file without a playable fragment is deleted. Raises nothing: a storage error
    leaves the file for the next start.
    """
    clips: list[ClipFile] = []
    left = sorted(partials)
    # A drive may hold this thread until there is another library of the directory.
    for partial in left:
        library.hold(final_path(partial))
    for partial in left:
        try:
            try:
                if (clip := _recover(library, partial)) is not None:
                    clips.append(clip)
            except FragmentError as error:
                _LOGGER.warning("Deleting %s, which has no playable fragment: %s", partial, error)
                with storage_errors():
                    partial.unlink(missing_ok=True)
        except RetrocamError as error:
            _LOGGER.warning("Cannot finish %s: %s", partial, error)
        finally:
            library.release(final_path(partial))
    return clips


def _recover(library: MediaLibrary, partial: Path) -> ClipFile | None:
    """Finish one file; None if it was finished before the crash, but not yet deleted."""
    name = final_path(partial)
    if (parsed := parse_name(name.name)) is None:
        raise MediaNotFoundError(f"{partial} is not a file of this integration")
    time_ms, _ = parsed
    with storage_errors():
        copy_path(partial).unlink(missing_ok=True)
        if library.find(name.name) is not None:
            partial.unlink()
            return None
        return keep(library, read_recording(partial), name, time_ms / 1000)
