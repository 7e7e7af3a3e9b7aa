"""Tests of full, read-only and missing disks, of crashes, and of changes by others."""

import os
from pathlib import Path
import shutil
import signal
import subprocess
import sys
import time

import pytest

from custom_components.retrocam.core.errors import (
    MediaNotFoundError,
    StorageError,
    StorageMissingError,
)
from custom_components.retrocam.core.library.folder import TICK
from custom_components.retrocam.core.library.reader import MediaChange
from custom_components.retrocam.core.library.retention import Limits
from custom_components.retrocam.core.library.snapshots import save_still, snapshot_library
from custom_components.retrocam.core.library.store import MediaLibrary

from ...frames.stills import NOW, jpeg, listing, number_in
from ..disks import with_small_disk
from .stored import JPEG, NAME, Clock, files, names, reloaded, settle

FOREIGN = [
    "holiday.jpg",
    "20260102T030405.678Z.gif",
    "20260102T030405.678Z.mp4",
    "20260102T030405.678Z.jpg.bak",
    "20261302T030405.678Z.jpg",
    "20260230T030405.678Z.jpg",
    "20260102T250405.678Z.jpg",
    "20260102T030405.67xZ.jpg",
    "20260102 030405.678Z.jpg",
    "1969123 T235959.999Z.jpg",
    "20260102T030405.678Z.partial.gif",
    "2026010aT030405.678Z.partial.jpg",
    "20260102T030405.678Z.partial.mp4",
    "20260102T030405.678Z.Partial.jpg",
    "x.partial" * 3 + "x.jpg",
]


def test_foreign_files_are_ignored(store: MediaLibrary) -> None:
    for name in FOREIGN:
        (store.directory / name).write_bytes(b"mine")
    (store.directory / "20260102T030405.100Z.jpg").mkdir()
    (store.directory / "20260102T030405.200Z.jpg").symlink_to(store.directory / FOREIGN[0])
    (store.directory / "20260102T030405.300Z.partial.jpg").mkdir()
    before = listing(store.directory)
    again = reloaded(store, Limits(count=1, size=1, days=0.001))
    assert (again.total, again.total_bytes) == (0, 0)
    assert again.delete([*FOREIGN, "20260102T030405.100Z.jpg"]) == ()
    assert listing(store.directory) == before


def test_load_deletes_files_left_by_a_crash_or_power_cut(store: MediaLibrary) -> None:
    item = save_still(store, JPEG, NOW)
    store.thumbnail(item.name)
    thumbnails = store.directory / ".thumbnails"
    for path in (
        store.directory / "20260102T030406.000Z.partial.jpg",
        store.directory / "20260102T030407.000Z.jpg",
        thumbnails / "20260102T030406.000Z.jpg.jpg",
        thumbnails / f"{NAME}.partial.jpg",
    ):
        path.write_bytes(b"" if path.name == "20260102T030407.000Z.jpg" else b"half")
        hour_ago = time.time() - 3600
        os.utime(path, (hour_ago, hour_ago))
    (thumbnails / "other.txt").write_bytes(b"mine")
    (thumbnails / f"{'x' * 24}.jpg").write_bytes(b"mine")
    again = reloaded(store)
    assert files(again) == names(again) == [NAME]
    assert listing(thumbnails) == [f"{NAME}.jpg", "other.txt", f"{'x' * 24}.jpg"]


def test_load_leaves_what_others_begin_to_write(store: MediaLibrary) -> None:
    path = store.directory / "20260102T030407.000Z.jpg"
    with path.open("wb") as file:
        again = reloaded(store)
        assert names(again) == []
        file.write(JPEG)
    assert again.refresh(force=True)
    assert names(again) == [path.name]


def test_changes_by_others_are_detected(
    store: MediaLibrary, clock: Clock, changes: list[MediaChange]
) -> None:
    for second in range(3):
        save_still(store, JPEG, NOW + second)
    settle(store, clock)
    changes.clear()
    store.path(NAME).unlink()
    (store.directory / "20250101T000000.000Z.jpg").write_bytes(JPEG)
    assert store.refresh() is True
    assert [item.name for item in changes[0].added] == ["20250101T000000.000Z.jpg"]
    assert changes[0].removed == (NAME,)
    assert sorted(names(store)) == files(store)
    assert store.refresh(force=True) is True
    assert len(changes) == 1


def test_changes_by_others_before_our_write_are_detected(store: MediaLibrary, clock: Clock) -> None:
    save_still(store, JPEG, NOW)
    (store.directory / "20250101T000000.000Z.jpg").write_bytes(JPEG)
    save_still(store, JPEG, NOW + 1)
    assert store.refresh() is True
    assert store.total == 3
    settle(store, clock)


def by_others(store: MediaLibrary, name: str) -> None:
    """Write or delete a file as others do, in the tick of the last change."""
    status = store.directory.stat()
    path = store.directory / name
    path.unlink() if path.exists() else path.write_bytes(JPEG)
    os.utime(store.directory, ns=(status.st_atime_ns, status.st_mtime_ns))


def test_changes_by_others_in_the_tick_of_our_write_are_detected(
    store: MediaLibrary, clock: Clock, changes: list[MediaChange]
) -> None:
    settle(store, clock)
    for second, moment in enumerate((0.0, 0.5, TICK)):
        save_still(store, JPEG, NOW + second)
        changes.clear()
        by_others(store, f"20250101T00000{second}.000Z.jpg")
        clock.now += moment
        assert store.refresh() is True
        assert [item.name for item in changes[0].added] == [f"20250101T00000{second}.000Z.jpg"]
        by_others(store, f"20250101T00000{second}.000Z.jpg")
        clock.now += TICK - moment
        # After a tick, any change changes the time stamp.
        assert store.refresh() is (moment < TICK)
        assert store.total == second + 1 + (moment == TICK)
        assert store.refresh() is False


def test_changes_by_others_in_the_tick_of_the_first_scan_are_detected(
    store: MediaLibrary, clock: Clock
) -> None:
    by_others(store, "20250101T000000.000Z.jpg")
    settle(store, clock)
    assert store.total == 1


def test_slow_folder_is_scanned_rarely(store: MediaLibrary, clock: Clock) -> None:
    settle(store, clock)
    save_still(store, JPEG, NOW)
    clock.step = 0.5  # of the scan
    assert store.refresh() is True
    clock.step = 0.0
    clock.now += 49.0
    assert store.refresh() is False
    clock.now += 1.0
    settle(store, clock)


def test_many_changes_are_one_reset(store: MediaLibrary, changes: list[MediaChange]) -> None:
    for number in range(1100):
        name = f"20250101T00{number // 60:02}{number % 60:02}.000Z.jpg"
        (store.directory / name).write_bytes(b"x")
    store.refresh(force=True)
    assert changes == [MediaChange(reset=True)]
    assert store.total == 1100


def test_deleted_file_is_not_found_then_not_listed(store: MediaLibrary) -> None:
    for ask in (store.read, store.thumbnail):
        name = save_still(store, JPEG, NOW).name
        store.path(name).unlink()
        with pytest.raises(MediaNotFoundError):
            ask(name)
        assert names(store) == []
    name = save_still(store, JPEG, NOW).name
    store.path(name).unlink()
    assert store.delete([name]) == (name,)
    assert names(store) == []


def test_link_in_place_of_a_snapshot_is_not_followed(store: MediaLibrary, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(JPEG)
    name = save_still(store, JPEG, NOW).name
    store.path(name).unlink()
    store.path(name).symlink_to(tmp_path / "secret")
    with pytest.raises(MediaNotFoundError):
        store.read(name)


def test_removed_directory_is_reported_and_recovered(
    store: MediaLibrary, changes: list[MediaChange]
) -> None:
    save_still(store, JPEG, NOW)
    root, away = store.directory.parent, store.directory.parent.with_name("unplugged")
    root.rename(away)
    for failing in (lambda: save_still(store, JPEG, NOW + 1), store.refresh, store.apply_limits):
        with pytest.raises(StorageMissingError) as caught:
            failing()
        assert caught.value.code == "storage_missing"
        assert names(store) == []
    assert not root.exists()
    assert changes[-1] == MediaChange(removed=(NAME,))
    away.rename(root)
    save_still(store, JPEG, NOW + 2)
    assert names(store) == files(store)[::-1] == ["20260102T030407.000Z.jpg", NAME]


def test_only_the_last_folder_is_created_again(store: MediaLibrary) -> None:
    save_still(store, JPEG, NOW)
    shutil.rmtree(store.directory)
    with pytest.raises(StorageMissingError):
        store.refresh()
    assert store.refresh() is True
    assert store.total == 0
    save_still(store, JPEG, NOW)
    assert files(store) == [NAME]


def test_store_that_failed_to_load_retries(tmp_path: Path) -> None:
    (tmp_path / "snapshots").write_bytes(b"a file where the directory should be")
    store = snapshot_library(tmp_path / "snapshots", clock=lambda: NOW)
    for failing in (store.load, store.refresh, lambda: save_still(store, JPEG, NOW)):
        with pytest.raises(StorageError):
            failing()
    (tmp_path / "snapshots").unlink()
    save_still(store, JPEG, NOW)
    assert files(store) == names(store) == [NAME]


ENDLESS = """
import sys, itertools
from pathlib import Path
from custom_components.retrocam.core.library.snapshots import save_still, snapshot_library
from custom_components.retrocam.core.library.store import MediaLibrary
from custom_components.retrocam.core.library.retention import Limits
store = snapshot_library(Path(sys.argv[1]), limits=Limits(count=20), clock=lambda: 2e9)
store.load()
picture = sys.stdin.buffer.read()
for number in itertools.count():
    save_still(store, picture, 1e9 + number)
    if number == 200:
        print("well under way", flush=True)
"""


def test_kill_leaves_complete_images_only(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", ENDLESS, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(jpeg(9))
        process.stdin.close()
        assert process.stdout.readline() == b"well under way\n"
        process.send_signal(signal.SIGKILL)
    (tmp_path / NAME.replace(".jpg", ".partial.jpg")).write_bytes(jpeg(9)[:500])
    store = snapshot_library(tmp_path, limits=Limits(count=20), clock=lambda: 2e9)
    store.load()
    assert store.total == 20
    assert files(store) == names(store)[::-1]
    assert [number_in(path.read_bytes()) for path in store.paths()] == [9] * 20


FAULTS = """
import subprocess, sys
from pathlib import Path
from custom_components.retrocam.core.errors import StorageFullError, StorageReadOnlyError
from custom_components.retrocam.core.library.snapshots import save_still, snapshot_library
from custom_components.retrocam.core.library.store import MediaLibrary
picture = sys.stdin.buffer.read()
picture = picture[:-2] + bytes(100_000) + picture[-2:]
store = snapshot_library(Path(sys.argv[1]), clock=lambda: 1e9)
store.load()
try:
    for number in range(100):
        save_still(store, picture, 1e9 + number)
except StorageFullError:
    print("full", store.total == sum(path.stat().st_size > 0 for path in store.directory.iterdir()))
store.delete([store.newest.name])
print("room", save_still(store, picture, 2e9).size == len(picture))
def remount(mode):
    subprocess.run(["mount", "-o", f"remount,{mode}", sys.argv[1]], check=True)
remount("ro")
total = store.total
for fail in (lambda: save_still(store, picture, 3e9), lambda: store.delete([store.newest.name])):
    try:
        fail()
    except StorageReadOnlyError:
        store.refresh()
        print("read-only", store.total == total)
remount("rw")
store.delete([store.newest.name])
print("writable", save_still(store, picture, 3e9).name)
"""


def test_full_then_read_only_disk(tmp_path: Path) -> None:
    done = subprocess.run(
        with_small_disk(tmp_path, sys.executable, "-c", FAULTS, str(tmp_path)),
        input=JPEG,
        capture_output=True,
        check=False,
    )
    assert done.stderr == b""
    assert done.stdout.decode().splitlines() == [
        "full True",
        "room True",
        "read-only True",
        "read-only True",
        "writable 20650124T052000.000Z.jpg",
    ]
