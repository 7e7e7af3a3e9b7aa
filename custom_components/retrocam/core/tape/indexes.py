"""The indexes of the files read last, so that a reader who asks again reads nothing twice."""

from pathlib import Path
import threading
from typing import Final, NamedTuple

from ..errors import FragmentError
from ..files import storage_errors
from .file_reader import TapeFile, TapeSegments
from .records import SUFFIX, Header, Records, parse_index, read_index

_MOST: Final = 1 << 20
"""Bytes kept by default: those of an hour with four parts a second."""

type _Status = tuple[int, ...]
"""What changes whenever a file or its index does."""


class _Known(NamedTuple):
    """What was read; not the TapeFile, which would keep the file from being deleted."""

    status: _Status
    header: Header
    records: Records
    init: bytes
    size: int
    """Bytes of memory."""


class TapeIndexes:
    """Reads the indexes of the files of one tape. Any thread."""

    def __init__(self, most: int = _MOST) -> None:
        """Keep up to `most` bytes, those used last."""
        self._most = most
        self._lock = threading.Lock()
        self._known: dict[Path, _Known] = {}
        """Used last at the end."""

    @property
    def size(self) -> int:
        """Bytes that are kept."""
        with self._lock:
            return sum(known.size for known in self._known.values())

    def read(self, file: TapeFile) -> TapeSegments:
        """Return the segments of a file; blocks.

        Raises StorageError, FragmentError for a damaged index.
        """
        with storage_errors():
            status, size = _status(file.path)
        with self._lock:
            known = self._known.get(file.path)
        if known is None or known.status != status:
            known = _read(file, status, size)
        self._keep(file.path, known)
        return TapeSegments(file, known.header, known.records, known.init)

    def _keep(self, path: Path, known: _Known) -> None:
        with self._lock:
            self._known.pop(path, None)
            self._known[path] = known
            total = sum(one.size for one in self._known.values())
            for oldest in list(self._known):
                if total <= self._most:
                    break
                total -= self._known.pop(oldest).size


def _read(file: TapeFile, status: _Status, size: int) -> _Known:
    with storage_errors():
        data = read_index(file.path.with_suffix(SUFFIX))
    if (parsed := parse_index(data, size)) is None:
        raise FragmentError(f"{file.path} has no valid index")
    header, records = parsed
    init = file.read(0, header.init_size)
    return _Known(status, header, records, init, len(data) + len(init))


def _status(path: Path) -> tuple[_Status, int]:
    """Return the status of a file with its index, and the bytes of the file. Raises OSError.

    It is of before they are read: what comes meanwhile has another.
    """
    index, media = path.with_suffix(SUFFIX).stat(), path.stat()
    status = (index.st_ino, index.st_size, index.st_mtime_ns, media.st_ino, media.st_size)
    return status, media.st_size
