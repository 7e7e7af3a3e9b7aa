"""Clips on disks that are full, read-only, slow or gone."""

from collections.abc import Iterator
import contextlib
from dataclasses import replace
import os
from pathlib import Path
import resource
import shutil
import subprocess

import pytest

from custom_components.retrocam.core.clips.recovery import salvage
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

from ...missing import missing
from ..media import Cut
from .clip_checks import Camera, beginning_of, decode_gaps, ended, ffprobe, library_in, numbers_in
from .holding import Held, assert_whole, cuts


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own with room for 384 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    mounted = subprocess.run(
        [*root, "mount", "-t", "tmpfs", "-o", "size=384k", "tmpfs", str(folder)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        missing("no right to mount a disk")
    try:
        yield folder
    finally:
        subprocess.run([*root, "umount", "-l", str(folder)], check=True)


@contextlib.contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond so many bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_file_that_may_not_grow_keeps_what_it_has(camera: Camera) -> None:
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
    # There is room again.
    assert ended(camera.writer(15, 0, trigger=camera.ring.now - 2)).complete


def test_a_full_disk_keeps_the_clip_as_it_is(small_disk: Path) -> None:
    with Camera(small_disk / "recordings") as camera:
        camera.feed(cuts())
        result = ended(camera.writer(15, 0, trigger=camera.ring.now - 2))
        assert isinstance(result.error, StorageFullError)
        assert result.reason == "storage_full"
        assert result.path is not None
        assert not result.parts[0].fast_start
        numbers = numbers_in(result.path)
        assert_whole(numbers)
        assert len(numbers) > 150
        assert mp4_duration(result.path) / 1000 == pytest.approx(len(numbers) / 25, abs=0.01)
        shown = float(ffprobe(result.path, "-show_format")["format"]["duration"])
        assert shown == pytest.approx(len(numbers) / 25, abs=0.05)
        assert [item.size for item in camera.library.latest(9)] == [result.size]
        assert [path for path in camera.folder.iterdir() if path.is_file()] == [result.path]
        # Next to nothing is left: the next clip is refused, and works again once there is room.
        filler = small_disk / "filler"
        free = shutil.disk_usage(small_disk).free
        filler.write_bytes(bytes(free))
        nothing = ended(camera.writer(5, 0, trigger=camera.ring.now - 2))
        assert (nothing.parts, nothing.reason) == ((), "storage_full")
        filler.unlink()
        camera.library.delete([result.path.name])
        assert ended(camera.writer(4, 0, trigger=camera.ring.now - 2)).complete


def test_a_disk_that_becomes_read_only_keeps_it_for_later(small_disk: Path) -> None:
    with Camera(small_disk / "recordings") as camera:
        camera.feed(cuts())
        held = Held()
        writer = camera.writer(5, 0, trigger=camera.ring.now - 2, on_progress=held)
        held.wait(3)
        # Lazily out of sight, since the file is open: the folder is then one that no one may write.
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", str(small_disk / "recordings")],
            check=True,
        )
        try:
            held.release()
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


def test_what_a_crash_left_on_a_read_only_disk_stays_there(small_disk: Path) -> None:
    """It holds nothing, and cannot be removed: that is no reason to stop reading the others."""
    rubbish = small_disk / "20240102T030405.678Z.partial.mp4"
    rubbish.write_bytes(b"rubbish")
    library = library_in(small_disk)
    partials = library.load()
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    found = salvage(library, partials)
    assert [(path, type(error)) for path, error in found.failed] == [
        (rubbish, StorageReadOnlyError)
    ]
    assert found.removed == 0


def test_a_folder_that_goes_away_ends_the_clip(camera: Camera) -> None:
    camera.feed(cuts())
    held = Held()
    writer = camera.writer(9, 0, trigger=camera.ring.now - 2, on_progress=held)
    held.wait(3)
    shutil.rmtree(camera.folder)
    held.release()
    result = ended(writer)
    assert result.parts == ()
    assert isinstance(result.error, StorageMissingError)
    assert result.reason == "storage_missing"
    # And as soon as its place is there again, it works.
    assert ended(camera.writer(5, 0, trigger=camera.ring.now - 2)).complete


def test_without_room_for_a_copy_the_file_in_fragments_is_kept(camera: Camera) -> None:
    camera.feed(cuts())
    held = Held()
    writer = camera.writer(9, 0, trigger=camera.ring.now - 2, on_progress=held)
    held.wait(2)
    (partial,) = camera.folder.glob("*.partial.mp4")
    partial.with_suffix(".copy").mkdir()
    held.release()
    result = ended(writer)
    assert result.path is not None
    assert result.complete
    assert not result.parts[0].fast_start
    assert beginning_of(result.path)[2:4] == [b"moof", b"mdat"]
    numbers = numbers_in(result.path)
    assert_whole(numbers)
    assert mp4_duration(result.path) == pytest.approx(result.duration * 1000, abs=1)
    assert max(decode_gaps(result.path)) <= 2 / 25


def test_a_disk_without_room_for_one_fragment_makes_no_file(camera: Camera) -> None:
    camera.feed(cuts())
    with files_of_at_most(2000):
        result = ended(camera.writer(15, 0, trigger=camera.ring.now - 2))
    assert (result.parts, result.reason, result.lookback) == ((), "storage_failed", 0.0)
    assert list(camera.folder.iterdir()) == []


def test_a_disk_slower_than_the_camera_ends_the_clip(camera: Camera) -> None:
    held = Held()
    camera.feed(cuts()[:1])
    writer = camera.writer(2, 1e6, on_progress=held)
    held.wait(1)
    for _ in range(6):
        camera.run += 1
        # A ring passes over the very parts that it holds.
        camera.feed(Cut(one.init, [replace(part) for part in one.parts], 6) for one in cuts())
    held.release()
    result = ended(writer)
    assert isinstance(result.error, StorageSlowError)
    assert result.reason == "storage_slow"
    assert_whole(numbers_in(result.path))


def test_no_space_that_may_be_used_means_no_clip(camera: Camera) -> None:
    camera.library.limits = Limits(min_free=1 << 60)
    camera.feed(cuts())
    result = ended(camera.writer(5, 0, trigger=camera.ring.now - 2))
    assert (result.parts, result.reason) == ((), "storage_full")
    assert list(camera.folder.iterdir()) == []


def test_what_the_disk_lost_is_told(camera: Camera) -> None:
    camera.feed(cuts())
    held = Held()
    writer = camera.writer(9, 0, trigger=camera.ring.now - 2, on_progress=held)
    held.wait(4)
    (partial,) = camera.folder.glob("*.partial.mp4")
    size = partial.stat().st_size
    held.wait(3)
    os.truncate(partial, size + 10)
    held.release()
    result = ended(writer)
    assert result.reason == "damaged_fragment"
    assert_whole(numbers_in(result.path))


def test_an_error_of_ours_ends_the_clip_and_is_told(camera: Camera) -> None:
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
