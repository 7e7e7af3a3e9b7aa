"""Clips on disks that are full, read-only, slow or missing."""

from collections.abc import Iterator
import contextlib
from dataclasses import replace
import os
from pathlib import Path
import resource
import shutil
import subprocess

import pytest

from custom_components.retrocam.core.clips.recovery import recover
from custom_components.retrocam.core.clips.writer import ClipWriter
from custom_components.retrocam.core.errors import (
    StorageError,
    StorageFullError,
    StorageMissingError,
    StorageReadOnlyError,
    StorageSlowError,
)
from custom_components.retrocam.core.library.retention import Limits
from custom_components.retrocam.core.library.store import MediaLibrary
from custom_components.retrocam.core.mp4.duration import mp4_duration

from ..library.disks import mounted_disk
from ..media import Cut
from .clip_checks import Camera, beginning_of, decode_gaps, ended, ffprobe, library_in, numbers_in
from .write_gate import WriteGate, assert_whole, cuts


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A tmpfs of 384 KiB."""
    with mounted_disk(tmp_path / "disk", "384k") as folder:
        yield folder


@contextlib.contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """Limit the size of files that this process writes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_file_size_limit_keeps_the_fragments_written(camera: Camera) -> None:
    camera.feed(cuts())
    with files_of_at_most(200_000):
        result = ended(camera.writer(15, 0, trigger=camera.ring.now - 2))
    assert result.reason == "storage_failed"
    assert not result.complete
    numbers = numbers_in(result.path)
    assert_whole(numbers)
    assert len(numbers) > 100
    assert result.size <= 200_000
    assert not list(camera.folder.glob("*.partial*"))
    # Without the limit, it works again.
    assert ended(camera.writer(15, 0, trigger=camera.ring.now - 2)).complete


def test_full_disk_keeps_the_clip_in_fragments(small_disk: Path) -> None:
    with Camera(small_disk / "recordings") as camera:
        camera.feed(cuts())
        result = ended(camera.writer(15, 0, trigger=camera.ring.now - 2))
        assert isinstance(result.error, StorageFullError)
        assert result.reason == "storage_full"
        assert result.path is not None
        assert beginning_of(result.path)[2:4] == [b"moof", b"mdat"]
        numbers = numbers_in(result.path)
        assert_whole(numbers)
        assert len(numbers) > 150
        assert mp4_duration(result.path) / 1000 == pytest.approx(len(numbers) / 25, abs=0.01)
        shown = float(ffprobe(result.path, "-show_format")["format"]["duration"])
        assert shown == pytest.approx(len(numbers) / 25, abs=0.05)
        assert [item.size for item in camera.library.page(9)] == [result.size]
        assert [path for path in camera.folder.iterdir() if path.is_file()] == [result.path]
        # The next clip is refused, and works again once there is space.
        filler = small_disk / "filler"
        free = shutil.disk_usage(small_disk).free
        filler.write_bytes(bytes(free))
        nothing = ended(camera.writer(5, 0, trigger=camera.ring.now - 2))
        assert (nothing.parts, nothing.reason) == ((), "storage_full")
        filler.unlink()
        camera.library.delete([result.path.name])
        assert ended(camera.writer(4, 0, trigger=camera.ring.now - 2)).complete


def test_disk_that_becomes_read_only_keeps_the_partial_file(small_disk: Path) -> None:
    with Camera(small_disk / "recordings") as camera:
        camera.feed(cuts())
        gate = WriteGate()
        writer = camera.writer(5, 0, trigger=camera.ring.now - 2, on_write=gate)
        gate.wait(3)
        # Mount a read-only file system over the folder; the partial file stays open.
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", str(small_disk / "recordings")],
            check=True,
        )
        try:
            gate.release()
            result = ended(writer)
        finally:
            subprocess.run(["umount", str(small_disk / "recordings")], check=True)
        assert isinstance(result.error, StorageError)
        assert result.parts == ()
        (partial,) = camera.folder.glob("*.partial.mp4")
        assert_whole(numbers_in(partial))
        refused = StorageReadOnlyError
        subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
        nothing = ended(camera.writer(5, 0, trigger=camera.ring.now - 2))
        assert (nothing.parts, type(nothing.error)) == ((), refused)


def test_recovery_on_a_read_only_disk_reports_a_failure(
    small_disk: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """An empty partial file that cannot be deleted is a failure, not an exception."""
    rubbish = small_disk / "20240102T030405.678Z.partial.mp4"
    rubbish.write_bytes(b"rubbish")
    library = library_in(small_disk)
    partials = library.load()
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    assert recover(library, partials) == []
    assert f"Cannot finish {rubbish}" in caplog.text
    assert rubbish.exists()


def test_removed_folder_ends_the_clip(camera: Camera) -> None:
    camera.feed(cuts())
    gate = WriteGate()
    writer = camera.writer(9, 0, trigger=camera.ring.now - 2, on_write=gate)
    gate.wait(3)
    shutil.rmtree(camera.folder)
    gate.release()
    result = ended(writer)
    assert result.parts == ()
    assert isinstance(result.error, StorageMissingError)
    assert result.reason == "storage_missing"
    # The folder is created again for the next clip.
    assert ended(camera.writer(5, 0, trigger=camera.ring.now - 2)).complete


def test_failed_copy_keeps_the_clip_in_fragments(camera: Camera) -> None:
    camera.feed(cuts())
    gate = WriteGate()
    writer = camera.writer(9, 0, trigger=camera.ring.now - 2, on_write=gate)
    gate.wait(2)
    (partial,) = camera.folder.glob("*.partial.mp4")
    partial.with_suffix(".copy").mkdir()
    gate.release()
    result = ended(writer)
    assert result.path is not None
    assert result.complete
    assert beginning_of(result.path)[2:4] == [b"moof", b"mdat"]
    numbers = numbers_in(result.path)
    assert_whole(numbers)
    assert mp4_duration(result.path) == pytest.approx(result.duration * 1000, abs=1)
    assert max(decode_gaps(result.path)) <= 2 / 25


def test_disk_without_room_for_a_fragment_makes_no_file(camera: Camera) -> None:
    camera.feed(cuts())
    with files_of_at_most(2000):
        result = ended(camera.writer(15, 0, trigger=camera.ring.now - 2))
    assert (result.parts, result.reason, result.lookback) == ((), "storage_failed", 0.0)
    assert list(camera.folder.iterdir()) == []


def test_disk_slower_than_the_camera_ends_the_clip(camera: Camera) -> None:
    gate = WriteGate()
    camera.feed(cuts()[:1])
    writer = camera.writer(2, 1e6, on_write=gate)
    gate.wait(1)
    for _ in range(6):
        camera.run += 1
        # The ring ignores part objects that it holds.
        camera.feed(Cut(one.init, [replace(part) for part in one.parts], 6) for one in cuts())
    gate.release()
    result = ended(writer)
    assert isinstance(result.error, StorageSlowError)
    assert result.reason == "storage_slow"
    assert_whole(numbers_in(result.path))


def test_min_free_space_refuses_a_clip(camera: Camera) -> None:
    camera.library.limits = Limits(min_free=1 << 60)
    camera.feed(cuts())
    result = ended(camera.writer(5, 0, trigger=camera.ring.now - 2))
    assert (result.parts, result.reason) == ((), "storage_full")
    assert list(camera.folder.iterdir()) == []


def test_data_lost_by_the_disk_is_reported(camera: Camera) -> None:
    camera.feed(cuts())
    gate = WriteGate()
    writer = camera.writer(9, 0, trigger=camera.ring.now - 2, on_write=gate)
    gate.wait(4)
    (partial,) = camera.folder.glob("*.partial.mp4")
    size = partial.stat().st_size
    gate.wait(3)
    os.truncate(partial, size + 10)
    gate.release()
    result = ended(writer)
    assert result.reason == "damaged_fragment"
    assert_whole(numbers_in(result.path))


def test_unexpected_error_ends_the_clip_and_is_reported(camera: Camera) -> None:
    class Broken(MediaLibrary):
        """A library whose disk driver has a bug."""

        def reserve(self, time: float, extension: str) -> Path:
            raise ZeroDivisionError("a bug")

    camera.feed(cuts())
    library = Broken(camera.folder, extensions=("mp4",))
    writer = ClipWriter(camera.ring, library, lookback=5, duration=0, trigger=camera.ring.now - 2)
    writer.start()
    result = ended(writer)
    assert (result.parts, result.reason) == ((), "unknown")
