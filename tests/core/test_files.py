"""Tests of files by descriptor, and of errors of the disk."""

import errno
import os
from pathlib import Path
import socket

import pytest

from custom_components.retrocam.core.errors import (
    MediaNotFoundError,
    StorageError,
    StorageFullError,
    StorageMissingError,
    StorageReadOnlyError,
)
from custom_components.retrocam.core.files import (
    free_space,
    open_regular,
    storage_error,
    storage_errors,
    sync_and_close,
    write_all,
)
from custom_components.retrocam.core.mp4.duration import mp4_duration

from .frames.stills import listing

NAME = "20260102T030405.678Z.jpg"
FULL_DEVICE = Path("/dev/full")


def open_files() -> int:
    """Return the number of descriptors of this process; 0 where the system has no count."""
    folder = Path("/proc/self/fd")
    return len(listing(folder)) if folder.is_dir() else 0


@pytest.mark.parametrize("kind", ["fifo", "socket", "device", "folder", "linked folder"])
def test_only_regular_files_are_opened(tmp_path: Path, kind: str) -> None:
    """A FIFO without a writer would otherwise block the reader for ever."""
    path = tmp_path / NAME
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind(str(path))
    elif kind == "device":
        path = FULL_DEVICE
    elif kind == "folder":
        path.mkdir()
    else:
        (tmp_path / "real").mkdir()
        (tmp_path / "real" / NAME).write_bytes(b"elsewhere")
        (tmp_path / "link").symlink_to(tmp_path / "real")
        path = tmp_path / "link" / NAME
    before = open_files()
    for flags in (os.O_RDONLY, os.O_WRONLY):
        with pytest.raises(StorageError) as caught, storage_errors():
            os.close(open_regular(path, flags))
        assert isinstance(caught.value, StorageMissingError) or kind == "folder"
    with pytest.raises(StorageMissingError), storage_errors():
        mp4_duration(path)
    assert open_files() == before


@pytest.mark.skipif(not FULL_DEVICE.exists(), reason="Linux has a disk that is always full")
def test_full_disk_raises_storage_full() -> None:
    descriptor = os.open(FULL_DEVICE, os.O_WRONLY)
    try:
        with pytest.raises(StorageFullError), storage_errors():
            write_all(descriptor, b"x")
    finally:
        os.close(descriptor)


@pytest.mark.parametrize(
    ("number", "kind", "code"),
    [
        (errno.ENOSPC, StorageFullError, "storage_full"),
        (errno.EDQUOT, StorageFullError, "storage_full"),
        (errno.EROFS, StorageReadOnlyError, "storage_read_only"),
        (errno.EACCES, StorageReadOnlyError, "storage_read_only"),
        (errno.ENOENT, StorageMissingError, "storage_missing"),
        (errno.ENOTDIR, StorageMissingError, "storage_missing"),
        (errno.EIO, StorageError, "storage_failed"),
        (None, StorageError, "storage_failed"),
    ],
)
def test_os_errors_map_to_storage_errors(
    number: int | None, kind: type[StorageError], code: str
) -> None:
    error = storage_error(OSError() if number is None else OSError(number, "why"))
    assert type(error) is kind
    assert error.code == code
    assert isinstance(error, OSError)


def test_retrocam_errors_pass_unchanged() -> None:
    with pytest.raises(MediaNotFoundError), storage_errors():
        raise MediaNotFoundError(NAME)


def test_unsupported_folder_sync_is_ignored() -> None:
    # A pipe answers EINVAL, as some network drives do.
    reader, writer = os.pipe()
    os.close(reader)
    sync_and_close(writer)
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(writer)


def test_free_space_matches_statvfs(tmp_path: Path) -> None:
    status = os.statvfs(tmp_path)
    assert free_space(tmp_path) == pytest.approx(status.f_bavail * status.f_frsize, rel=0.1)
