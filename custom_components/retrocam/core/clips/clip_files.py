"""The files of a clip, from its first fragment to its place in the library."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
import logging
import os
from pathlib import Path

from ..errors import (
    FragmentError,
    MediaExistsError,
    RetrocamError,
    StorageError,
    StorageMissingError,
)
from ..files import storage_error
from ..library.files import partial_path
from ..library.store import MediaLibrary
from ..mp4.tracks import track_headers
from ..segments.segment import Segment
from ..segments.timestamps import used_tracks
from .faststart import finish
from .fragmented_file import ClipFile
from .fragmented_reader import Recording, read_recording
from .result import ClipPart
from .sample_selection import Fragment

_LOGGER = logging.getLogger(__name__)


@dataclass(slots=True)
class _Open:
    """The file that is being written."""

    file: ClipFile
    name: Path
    """What it will be called in the library; reserved."""
    start: float


class ClipFiles:
    """Writes the files of one clip. All methods block, in the clip's thread.

    They are made in the library's folder, wherever they are to go, so that after a crash they are
    found there.
    """

    def __init__(self, library: MediaLibrary, *, orientation: int, path: Path | None) -> None:
        """Take where the clip is to go; nothing is written yet."""
        self._library = library
        self._orientation = orientation
        self._path = path
        self._open: _Open | None = None
        self.parts: list[ClipPart] = []
        """The files that are finished."""
        self.start: float | None = None
        """When the first picture was taken, UNIX time; None before it is written."""
        self.fault: RetrocamError | None = None
        """Why a file has lost some of what was written."""
        self.misplaced: RetrocamError | None = None
        """Why a file is in the library that should have gone to another place."""

    @property
    def size(self) -> int:
        """Bytes of all files up to now."""
        return sum(part.size for part in self.parts) + (self._open.file.size if self._open else 0)

    def refuse_existing(self) -> None:
        """Raise MediaExistsError if a file is where the clip is to go."""
        if self._path is not None and os.path.lexists(self._path):
            raise MediaExistsError(f"{self._path} is there already")

    def write(self, fragments: Iterable[Fragment]) -> None:
        """Write fragments, and begin files where they say so.

        Raises StorageError; what was written before is still good.
        """
        for fragment in fragments:
            if fragment.opens is not None:
                self.close()
                with self._noticing():
                    self._begin(fragment.opens, fragment.origin)
            if self._open is None:
                raise FragmentError("a fragment without a file")
            self._open.file.append(fragment.runs, fragment.data)

    def close(self) -> None:
        """Finish the file that is being written, if there is one, and put it in its place.

        Raises StorageError, or FragmentError if the disk gives nothing back of what was written;
        the file in fragments is then still there.
        """
        if (opened := self._open) is None:
            return
        self._open = None
        opened.file.close()
        with self._noticing():
            self._finish(opened)

    def _finish(self, opened: _Open) -> None:
        try:
            if not any(opened.file.samples):
                opened.file.path.unlink(missing_ok=True)
                return
            recording = read_recording(opened.file.path)
            if recording.samples != [count for count in opened.file.samples if count]:
                self.fault = FragmentError(f"{opened.file.path} is not as it was written")
            part = self._export(recording, opened.start)
            self.parts.append(part or keep(self._library, recording, opened.name, opened.start))
        finally:
            self._library.release(opened.name)

    @contextmanager
    def _noticing(self) -> Iterator[None]:
        """Have the library look when its folder is gone, so that it makes it anew next time."""
        try:
            yield
        except StorageMissingError:
            with suppress(StorageError):
                self._library.refresh()
            raise

    def _begin(self, segment: Segment, origin: float) -> None:
        start = segment.wall(origin)
        headers = track_headers(segment.init, used_tracks(segment), self._orientation)
        name = _reserve(self._library, start)
        try:
            self._open = _Open(ClipFile(partial_path(name), headers), name, start)
        except BaseException:
            self._library.release(name)
            raise
        if self.start is None:
            self.start = start

    def _export(self, recording: Recording, start: float) -> ClipPart | None:
        """Put a file outside the library; None if it is to be, or must be, in the library."""
        if self._path is None:
            return None
        path = self._path
        if self.parts:
            path = path.with_stem(f"{path.stem}-{len(self.parts) + 1}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            finished = finish(recording, path)
        except OSError as error:
            ours = error if isinstance(error, RetrocamError) else storage_error(error)
            _LOGGER.warning("A clip is kept in the library instead of %s: %s", path, error)
            self.misplaced = self.misplaced or ours
            return None
        return ClipPart(path, None, start, *finished[1:])


def keep(library: MediaLibrary, recording: Recording, path: Path, start: float) -> ClipPart:
    """Finish a recording under a name in the library, and enter it; blocks.

    Makes its thumbnail as well. Raises StorageError and MediaExistsError; the recording is then
    still there.
    """
    finished = finish(recording, path)
    item = library.adopt(path, duration=finished.duration)
    try:
        library.thumbnail(item.name)
    except RetrocamError as error:
        # It is made when somebody asks for it, if it can be.
        _LOGGER.debug("No thumbnail of %s: %s", path, error)
    return ClipPart(path, item, start, *finished[1:])


def _reserve(library: MediaLibrary, start: float) -> Path:
    """Reserve a name under which no other clip was left unfinished either."""
    while os.path.lexists(partial_path(name := library.reserve(start, "mp4"))):
        library.release(name)
        start += 0.001
    return name
