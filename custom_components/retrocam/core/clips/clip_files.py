"""Files of a clip, from the first fragment to the entry in the library."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
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
from ..files import storage_error, storage_errors
from ..library.files import parse_name, partial_path
from ..library.store import MediaLibrary
from ..mp4.movie_info import MovieInfo
from ..mp4.tracks import tracks_to_write
from ..segments.segment import Segment
from ..segments.timestamps import used_tracks
from .faststart import finish
from .fragmented_file import FragmentedFileWriter
from .fragmented_reader import FragmentedFile, read_recording
from .result import ClipFile
from .sample_selection import Fragment

_LOGGER = logging.getLogger(__name__)


@dataclass(slots=True)
class _Open:
    """The file in progress."""

    file: FragmentedFileWriter
    name: Path
    """Reserved name in the library."""
    start: float
    """Its time, UNIX seconds."""


class ClipFiles:
    """Writes the files of one clip. All methods block; call them in the clip's thread.

    Files in progress are in the library's folder, whatever their final location: recovery after a
    crash finds them there.
    """

    def __init__(
        self, library: MediaLibrary, *, orientation: int, path: Path | None, title: str = ""
    ) -> None:
        self._library = library
        self._title = title.encode(errors="replace")
        self._orientation = orientation
        self._path = path
        self._open: _Open | None = None
        self.parts: list[ClipFile] = []
        """Finished files."""
        self.fault: RetrocamError | None = None
        """Why a file lacks some of the samples written."""
        self.location_error: RetrocamError | None = None
        """Why a file is in the library instead of the requested location."""

    def refuse_existing(self) -> None:
        """Raise MediaExistsError if the requested location is taken."""
        if self._path is not None and os.path.lexists(self._path):
            raise MediaExistsError(f"{self._path} already exists")

    def write(self, fragments: Iterable[Fragment]) -> None:
        """Write fragments, and begin a file at each `first_segment`.

        Raises StorageError; the fragments written before remain valid.
        """
        for fragment in fragments:
            if fragment.first_segment is not None:
                self.close()
                with self._noticing():
                    self._begin(fragment.first_segment, fragment.origin)
            if self._open is None:
                raise FragmentError("fragment without a file")
            self._open.file.append(fragment.runs, fragment.data)

    def close(self) -> None:
        """Finish the file in progress, if any, and move it to its location.

        Raises StorageError, or FragmentError if nothing written can be read back; the file in
        fragments then remains.
        """
        if (opened := self._open) is None:
            return
        self._open = None
        try:
            with self._noticing(), storage_errors():
                opened.file.close()
                self._finish(opened)
        finally:
            self._library.release(opened.name)

    def _finish(self, opened: _Open) -> None:
        if not any(opened.file.samples):
            opened.file.path.unlink(missing_ok=True)
            return
        recording = read_recording(opened.file.path)
        if recording.samples != [count for count in opened.file.samples if count]:
            self.fault = FragmentError(f"{opened.file.path} differs from what was written")
        part = self._export(recording, opened.start)
        self.parts.append(part or keep(self._library, recording, opened.name, opened.start))

    @contextmanager
    def _noticing(self) -> Iterator[None]:
        """Refresh the library if its folder is gone, so that it is created again next time."""
        try:
            yield
        except StorageMissingError:
            with suppress(StorageError):
                self._library.refresh()
            raise

    def _begin(self, segment: Segment, origin: float) -> None:
        tracks = tracks_to_write(used_tracks(segment), self._orientation)
        name, start = _reserve(self._library, segment.wall(origin))
        try:
            file = FragmentedFileWriter(partial_path(name), tracks, MovieInfo(start, self._title))
            self._open = _Open(file, name, start)
        except BaseException:
            self._library.release(name)
            raise

    def _export(self, recording: FragmentedFile, start: float) -> ClipFile | None:
        """Finish a file outside the library; None for a clip that has to stay in it."""
        if self._path is None:
            return None
        path = self._path
        if self.parts:
            path = path.with_stem(f"{path.stem}-{len(self.parts) + 1}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            return finish(recording, path, start)
        except OSError as error:
            own_error = error if isinstance(error, RetrocamError) else storage_error(error)
            _LOGGER.warning("Keeping a clip in the library instead of %s: %s", path, error)
            self.location_error = self.location_error or own_error
            return None


def keep(library: MediaLibrary, recording: FragmentedFile, path: Path, start: float) -> ClipFile:
    """Finish a recording under a name in the library, add it and make its thumbnail; blocks.

    Raises StorageError and MediaExistsError; the recording then remains.
    """
    finished = finish(recording, path, start)
    item = library.adopt(path, duration=finished.duration)
    try:
        library.thumbnail(item.name)
    except RetrocamError as error:
        # It is made again on demand.
        _LOGGER.debug("No thumbnail of %s: %s", path, error)
    return replace(finished, item=item)


def _reserve(library: MediaLibrary, start: float) -> tuple[Path, float]:
    """Reserve a name that no unfinished clip has either; return it with its time, UNIX seconds."""
    while os.path.lexists(partial_path(name := library.reserve(start, "mp4"))):
        library.release(name)
        start += 0.001
    time_ms, _ = parse_name(name.name) or (0, "")
    return name, time_ms / 1000
