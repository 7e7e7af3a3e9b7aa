"""Disks that are full, read-only or gone, kills, and what others do in the directory."""

import os
from pathlib import Path
import shutil
import signal
import subprocess
import sys

import pytest

from custom_components.retrocam.core.errors import (
    MediaNotFoundError,
    StorageError,
    StorageMissingError,
)
from custom_components.retrocam.core.library.folder import TICK
from custom_components.retrocam.core.library.reader import MediaChange
from custom_components.retrocam.core.library.retention import Limits
from custom_components.retrocam.core.library.snapshots import SnapshotStore

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


def test_foreign_files_are_neither_listed_nor_counted_nor_deleted(store: SnapshotStore) -> None:
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


def test_left_overs_of_a_kill_and_of_a_power_cut_go_at_load(store: SnapshotStore) -> None:
    item = store.save(JPEG, NOW)
    store.thumbnail(item.name)
    thumbnails = store.directory / ".thumbnails"
    for path in (
        store.directory / "20260102T030406.000Z.partial.jpg",
        store.directory / "20260102T030407.000Z.jpg",
        thumbnails / "20260102T030406.000Z.jpg.jpg",
        thumbnails / f"{NAME}.partial.jpg",
    ):
        path.write_bytes(b"" if path.name == "20260102T030407.000Z.jpg" else b"half")
    (thumbnails / "other.txt").write_bytes(b"mine")
    (thumbnails / f"{'x' * 24}.jpg").write_bytes(b"mine")
    again = reloaded(store)
    assert files(again) == names(again) == [NAME]
    assert listing(thumbnails) == [f"{NAME}.jpg", "other.txt", f"{'x' * 24}.jpg"]


def test_what_others_do_is_noticed(
    store: SnapshotStore, clock: Clock, changes: list[MediaChange]
) -> None:
    for second in range(3):
        store.save(JPEG, NOW + second)
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


def test_what_others_do_just_before_our_own_write_is_noticed(
    store: SnapshotStore, clock: Clock
) -> None:
    store.save(JPEG, NOW)
    (store.directory / "20250101T000000.000Z.jpg").write_bytes(JPEG)
    store.save(JPEG, NOW + 1)
    assert store.refresh() is True
    assert store.total == 3
    settle(store, clock)


def by_others(store: SnapshotStore, name: str) -> None:
    """Write or delete a file as somebody else does, in the tick of the last change."""
    status = store.directory.stat()
    path = store.directory / name
    path.unlink() if path.exists() else path.write_bytes(JPEG)
    os.utime(store.directory, ns=(status.st_atime_ns, status.st_mtime_ns))


def test_what_others_do_in_one_tick_with_our_own_write_is_noticed(
    store: SnapshotStore, clock: Clock, changes: list[MediaChange]
) -> None:
    settle(store, clock)
    for second, moment in enumerate((0.0, 0.5, TICK)):
        store.save(JPEG, NOW + second)
        changes.clear()
        by_others(store, f"20250101T00000{second}.000Z.jpg")
        clock.now += moment
        assert store.refresh() is True
        assert [item.name for item in changes[0].added] == [f"20250101T00000{second}.000Z.jpg"]
        by_others(store, f"20250101T00000{second}.000Z.jpg")
        clock.now += TICK - moment
        # After a tick nobody can do anything that its time stamp does not tell.
        assert store.refresh() is (moment < TICK)
        assert store.total == second + 1 + (moment == TICK)
        assert store.refresh() is False


def test_what_others_do_in_the_tick_of_the_first_reading_is_noticed(
    store: SnapshotStore, clock: Clock
) -> None:
    by_others(store, "20250101T000000.000Z.jpg")
    settle(store, clock)
    assert store.total == 1


def test_a_folder_that_takes_long_to_read_is_not_read_all_the_time(
    store: SnapshotStore, clock: Clock
) -> None:
    settle(store, clock)
    store.save(JPEG, NOW)
    clock.step = 0.5  # of the reading
    assert store.refresh() is True
    clock.step = 0.0
    clock.now += 49.0
    assert store.refresh() is False
    clock.now += 1.0
    settle(store, clock)


def test_a_flood_of_changes_is_told_in_one_word(
    store: SnapshotStore, changes: list[MediaChange]
) -> None:
    for number in range(1100):
        name = f"20250101T00{number // 60:02}{number % 60:02}.000Z.jpg"
        (store.directory / name).write_bytes(b"x")
    store.refresh(force=True)
    assert changes == [MediaChange(reset=True)]
    assert store.total == 1100


def test_a_file_that_is_gone_is_not_found_and_then_not_listed(store: SnapshotStore) -> None:
    for ask in (store.read, store.thumbnail):
        name = store.save(JPEG, NOW).name
        store.path(name).unlink()
        with pytest.raises(MediaNotFoundError):
            ask(name)
        assert names(store) == []
    name = store.save(JPEG, NOW).name
    store.path(name).unlink()
    assert store.delete([name]) == (name,)
    assert names(store) == []


def test_a_link_in_place_of_a_picture_is_not_followed(store: SnapshotStore, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(JPEG)
    name = store.save(JPEG, NOW).name
    store.path(name).unlink()
    store.path(name).symlink_to(tmp_path / "secret")
    with pytest.raises(MediaNotFoundError):
        store.read(name)


def test_a_removed_directory_is_told_and_taken_up_again(
    store: SnapshotStore, changes: list[MediaChange]
) -> None:
    store.save(JPEG, NOW)
    root, away = store.directory.parent, store.directory.parent.with_name("unplugged")
    root.rename(away)
    for failing in (lambda: store.save(JPEG, NOW + 1), store.refresh, store.apply_limits):
        with pytest.raises(StorageMissingError) as caught:
            failing()
        assert caught.value.code == "storage_missing"
        assert names(store) == []
    assert not root.exists()
    assert changes[-1] == MediaChange(removed=(NAME,))
    away.rename(root)
    store.save(JPEG, NOW + 2)
    assert names(store) == files(store)[::-1] == ["20260102T030407.000Z.jpg", NAME]


def test_only_the_last_folder_is_made_again(store: SnapshotStore) -> None:
    store.save(JPEG, NOW)
    shutil.rmtree(store.directory)
    with pytest.raises(StorageMissingError):
        store.refresh()
    assert store.refresh() is True
    assert store.total == 0
    store.save(JPEG, NOW)
    assert files(store) == [NAME]


def test_a_store_that_could_not_be_loaded_goes_on_trying(tmp_path: Path) -> None:
    (tmp_path / "snapshots").write_bytes(b"a file where the directory should be")
    store = SnapshotStore(tmp_path / "snapshots", clock=lambda: NOW)
    for failing in (store.load, store.refresh, lambda: store.save(JPEG, NOW)):
        with pytest.raises(StorageError):
            failing()
    (tmp_path / "snapshots").unlink()
    store.save(JPEG, NOW)
    assert files(store) == names(store) == [NAME]


ENDLESS = """
import sys, itertools
from pathlib import Path
from custom_components.retrocam.core.library.snapshots import SnapshotStore
from custom_components.retrocam.core.library.retention import Limits
store = SnapshotStore(Path(sys.argv[1]), limits=Limits(count=20), clock=lambda: 2e9)
store.load()
picture = sys.stdin.buffer.read()
for number in itertools.count():
    store.save(picture, 1e9 + number)
    if number == 200:
        print("well under way", flush=True)
"""


def test_a_kill_in_the_middle_leaves_whole_pictures_only(tmp_path: Path) -> None:
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
    store = SnapshotStore(tmp_path, limits=Limits(count=20), clock=lambda: 2e9)
    store.load()
    assert store.total == 20
    assert files(store) == names(store)[::-1]
    assert [number_in(path.read_bytes()) for path in store.span()] == [9] * 20


FAULTS = """
import subprocess, sys
from pathlib import Path
from custom_components.retrocam.core.errors import StorageFullError, StorageReadOnlyError
from custom_components.retrocam.core.library.snapshots import SnapshotStore
picture = sys.stdin.buffer.read()
picture = picture[:-2] + bytes(100_000) + picture[-2:]
store = SnapshotStore(Path(sys.argv[1]), clock=lambda: 1e9)
store.load()
try:
    for number in range(100):
        store.save(picture, 1e9 + number)
except StorageFullError:
    print("full", store.total == sum(path.stat().st_size > 0 for path in store.directory.iterdir()))
store.delete([store.latest(1)[0].name])
print("room", store.save(picture, 2e9).size == len(picture))
def remount(mode):
    subprocess.run(["mount", "-o", f"remount,{mode}", sys.argv[1]], check=True)
remount("ro")
total = store.total
for fail in (lambda: store.save(picture, 3e9), lambda: store.delete([store.newest.name])):
    try:
        fail()
    except StorageReadOnlyError:
        store.refresh()
        print("read-only", store.total == total)
remount("rw")
store.delete([store.newest.name])
print("writable", store.save(picture, 3e9).name)
"""


def test_a_real_disk_that_fills_and_then_is_read_only(tmp_path: Path) -> None:
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
