"""The store of snapshots: what a user finds in the directory, in the list, and after a fault."""

from collections.abc import Callable
from pathlib import Path
import shutil
import signal
import subprocess
import sys

import av
from hypothesis import HealthCheck, example, given, settings, strategies as st
import numpy as np
import pytest

from custom_components.retrocam.core.catalog import MediaChange
from custom_components.retrocam.core.errors import (
    InvalidFrameError,
    MediaNotFoundError,
    StorageError,
    StorageFullError,
    StorageMissingError,
)
from custom_components.retrocam.core.jpeg import size
from custom_components.retrocam.core.retention import DAY, Limits
from custom_components.retrocam.core.snapshots import SnapshotStore
from custom_components.retrocam.core.stills import (
    ImageFormat,
    StillEncoder,
    decode_still,
    still_extension,
)

from .stills import NOW, frame, jpeg, listing, number_in, png

NAME = "20260102T030405.000Z.jpg"
JPEG = jpeg(1, 160, 90)
HOUR = 3600.0


@pytest.fixture
def store(tmp_path: Path) -> SnapshotStore:
    store = SnapshotStore(tmp_path / "garden" / "snapshots", clock=lambda: NOW)
    store.load()
    return store


@pytest.fixture
def changes(store: SnapshotStore) -> list[MediaChange]:
    told: list[MediaChange] = []
    store.subscribe(told.append)
    return told


def files(store: SnapshotStore) -> list[str]:
    return sorted(name for name in listing(store.directory) if not name.startswith("."))


def names(store: SnapshotStore) -> list[str]:
    return [item.name for item in store.latest(1000)]


def reloaded(store: SnapshotStore, limits: Limits | None = None) -> SnapshotStore:
    again = SnapshotStore(store.directory, limits=limits, clock=lambda: NOW)
    again.load()
    return again


def test_a_saved_picture_is_listed_and_read_back(store: SnapshotStore) -> None:
    item = store.save(JPEG, NOW)
    assert (item.name, item.time, item.size) == (NAME, NOW, len(JPEG))
    assert files(store) == [NAME]
    assert store.latest(10) == [item]
    assert store.newest == store.find(NAME) == item
    assert store.read(NAME) == JPEG
    assert store.path(NAME).read_bytes() == JPEG
    assert (store.total, store.total_bytes) == (1, len(JPEG))


def test_an_empty_store_says_so(store: SnapshotStore) -> None:
    assert store.newest is None
    assert store.latest(10) == []
    assert store.total == store.total_bytes == 0
    assert list(store.span()) == []


def test_pictures_of_one_moment_never_collide(store: SnapshotStore) -> None:
    saved = [store.save(png(1, 160, 90) if n % 2 else JPEG, NOW).name for n in range(4)]
    assert saved == [f"20260102T030405.00{n}Z.{'png' if n % 2 else 'jpg'}" for n in range(4)]
    assert files(store) == saved


def test_a_file_that_the_index_does_not_know_is_not_overwritten(store: SnapshotStore) -> None:
    (store.directory / NAME).write_bytes(b"somebody's")
    assert store.save(JPEG, NOW).name == "20260102T030405.001Z.jpg"
    assert (store.directory / NAME).read_bytes() == b"somebody's"


def test_a_clock_that_jumps_back_puts_pictures_where_their_time_is(store: SnapshotStore) -> None:
    for time in (NOW, NOW - 10, NOW - 5, NOW + 1, NOW - 20):
        store.save(JPEG, time)
    assert [item.time - NOW for item in store.latest(9)] == [1, 0, -5, -10, -20]
    assert names(reloaded(store)) == names(store)


def test_after_a_wrong_clock_is_put_right_new_pictures_are_kept(store: SnapshotStore) -> None:
    store.limits = Limits(count=3)
    for second in range(3):
        store.save(JPEG, NOW + 5 * HOUR + second)
    kept = [store.save(JPEG, NOW + second).name for second in range(3)]
    assert names(store) == kept[::-1]
    assert files(store) == kept


def test_pages_of_the_list(store: SnapshotStore) -> None:
    for second in range(30):
        store.save(JPEG, NOW + second)
    first = store.latest(10)
    assert [item.time - NOW for item in first] == list(range(29, 19, -1))
    second_page = store.latest(10, before=first[-1].time)
    assert [item.time - NOW for item in second_page] == list(range(19, 9, -1))
    assert [item.time - NOW for item in store.latest(5, after=NOW + 27)] == [29, 28, 27]
    assert store.latest(5, after=NOW + 20, before=NOW + 20) == []
    assert store.latest(0) == store.latest(-1) == []
    assert store.count(after=NOW + 10, before=NOW + 15) == 5
    assert store.count(after=-1e300, before=1e300) == 30
    oldest_first = [path.name for path in store.span(after=NOW + 3, before=NOW + 6)]
    assert oldest_first == [f"20260102T0304{second}.000Z.jpg" for second in ("08", "09", "10")]


def test_the_newest_remain_and_the_disk_agrees(store: SnapshotStore) -> None:
    store.limits = Limits(count=20)
    for number in range(60):
        store.save(jpeg(number), NOW + number)
    remaining = [number_in(path.read_bytes()) for path in store.span()]
    assert remaining == list(range(40, 60))
    assert files(store) == names(store)[::-1]
    assert names(reloaded(store)) == names(store)


def test_limits_apply_at_load_and_on_demand(store: SnapshotStore) -> None:
    for day in range(10):
        store.save(JPEG, NOW - day * DAY)
    assert reloaded(store, Limits(days=6.5)).total == 7
    store.refresh()
    store.limits = Limits(size=3 * len(JPEG))
    assert store.apply_limits() == 4
    assert len(files(store)) == store.total == 3
    assert store.total_bytes == 3 * len(JPEG)


def test_bytes_free_on_the_disk_are_kept(tmp_path: Path) -> None:
    floor, one = 50_000, len(JPEG)
    free = floor + 10 * one
    store = SnapshotStore(
        tmp_path, limits=Limits(min_free=floor), free=lambda _: free, clock=lambda: NOW
    )
    store.load()
    for second in range(5):
        store.save(JPEG, NOW + second)
    free = floor - one
    # Two must go: one for what is missing, one for the new picture.
    store.save(JPEG, NOW + 5)
    assert [item.time - NOW for item in store.latest(9)] == [5, 4, 3, 2]
    assert store.apply_limits() == 1
    # Something else has filled the disk: the whole history would not help, so it stays.
    free = floor - 4 * one
    for failing in (lambda: store.save(JPEG, NOW + 6), lambda: store.reserve(NOW, "jpg")):
        with pytest.raises(StorageFullError) as caught:
            failing()
        assert caught.value.code == "storage_full"
    assert store.apply_limits() == 0
    assert len(files(store)) == store.total == 3
    free = floor + one
    store.save(JPEG, NOW + 7)
    assert store.total == 4


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


HOSTILE = st.one_of(
    st.text(),
    st.from_regex(r"(\.\./|%2e%2e%2f|/|//|\./|~/)+[a-zA-Z0-9./%]*", fullmatch=True),
    st.tuples(st.sampled_from(["../", "/", "./", "..\\", "", "\0", "%00"]), st.just(NAME)).map(
        "".join
    ),
    st.tuples(st.just(NAME), st.sampled_from(["/", "/..", "\0", "\n", " ", ".jpg", "%00"])).map(
        "".join
    ),
)


@given(name=HOSTILE.filter(lambda name: name != NAME))
@example(name="../../secret.jpg")
@example(name="20260102T030406.000Z.jpg")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_name_leads_out_of_the_directory(store: SnapshotStore, name: str) -> None:
    secret = store.directory.parent.parent / "secret.jpg"
    if store.total == 0:
        secret.write_bytes(JPEG)
        store.save(JPEG, NOW)
    assert store.find(name) is None
    for ask in (store.path, store.read, store.thumbnail):
        with pytest.raises(MediaNotFoundError):
            ask(name)
    assert store.delete([name]) == ()
    assert secret.exists()
    assert names(store) == [NAME]


def test_deleting_takes_the_thumbnail_along(store: SnapshotStore) -> None:
    for second in range(3):
        store.thumbnail(store.save(JPEG, NOW + second).name)
    gone = [item.name for item in store.latest(2)]
    assert store.delete([*gone, gone[0], "20200101T000000.000Z.jpg"]) == tuple(sorted(gone))
    assert files(store) == [NAME]
    assert listing(store.directory / ".thumbnails") == [f"{NAME}.jpg"]
    assert store.delete([]) == ()


def test_listeners_hear_of_every_change(store: SnapshotStore, changes: list[MediaChange]) -> None:
    store.limits = Limits(count=2)
    saved = [store.save(JPEG, NOW + second) for second in range(3)]
    assert changes == [
        MediaChange(added=(saved[0],)),
        MediaChange(added=(saved[1],)),
        MediaChange(added=(saved[2],)),
        MediaChange(removed=(saved[0].name,)),
    ]
    changes.clear()
    heard: list[MediaChange] = []
    unsubscribe = store.subscribe(heard.append)
    store.delete([saved[1].name])
    unsubscribe()
    unsubscribe()
    store.delete([saved[2].name])
    assert heard == changes[:1] == [MediaChange(removed=(saved[1].name,))]
    store.load()
    assert changes[-1] == MediaChange(reset=True)


def test_what_others_do_is_noticed(store: SnapshotStore, changes: list[MediaChange]) -> None:
    for second in range(3):
        store.save(JPEG, NOW + second)
    assert store.refresh() is False
    changes.clear()
    store.path(NAME).unlink()
    (store.directory / "20250101T000000.000Z.jpg").write_bytes(JPEG)
    assert store.refresh() is True
    assert [item.name for item in changes[0].added] == ["20250101T000000.000Z.jpg"]
    assert changes[0].removed == (NAME,)
    assert sorted(names(store)) == files(store)
    assert store.refresh(force=True) is True
    assert len(changes) == 1


def test_what_others_do_just_before_our_own_write_is_noticed(store: SnapshotStore) -> None:
    store.save(JPEG, NOW)
    (store.directory / "20250101T000000.000Z.jpg").write_bytes(JPEG)
    store.save(JPEG, NOW + 1)
    assert store.refresh() is True
    assert store.total == 3
    assert store.refresh() is False


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


@pytest.mark.parametrize("make", [jpeg, png])
def test_thumbnails_are_small_and_made_once(
    store: SnapshotStore, make: Callable[[int, int, int], bytes]
) -> None:
    name = store.save(make(77, 1280, 720), NOW).name
    small = store.thumbnail(name)
    assert size(small) == (320, 180)
    assert number_in(small) == 77
    assert len(small) < 20_000
    store.path(name).write_bytes(b"no picture any more")
    assert store.thumbnail(name) == small


def test_a_thumbnail_of_a_small_picture_keeps_its_size(store: SnapshotStore) -> None:
    assert size(store.thumbnail(store.save(JPEG, NOW).name)) == (160, 90)


def test_a_thumbnail_is_shown_even_if_it_cannot_be_kept(store: SnapshotStore) -> None:
    (store.directory / ".thumbnails").write_bytes(b"in the way")
    name = store.save(jpeg(5), NOW).name
    assert number_in(store.thumbnail(name)) == 5
    with pytest.raises(StorageError):
        store.delete([name])


def test_a_damaged_picture_has_no_thumbnail(store: SnapshotStore) -> None:
    for data in (b"no picture", JPEG[:3] + bytes(500) + JPEG[-2:], JPEG[:-200] + JPEG[-2:]):
        name = store.save(JPEG, NOW).name
        store.path(name).write_bytes(data)
        with pytest.raises(InvalidFrameError):
            store.thumbnail(name)


def test_both_formats_are_told_apart_by_what_they_hold(store: SnapshotStore) -> None:
    assert store.save(jpeg(3), NOW).name.endswith(".jpg")
    item = store.save(png(4), NOW + 1)
    assert item.name.endswith(".png")
    rgb = decode_still(store.read(item.name))
    assert number_in(rgb.reformat(format="yuvj420p")) == 4
    assert number_in(StillEncoder().encode(rgb, "jpeg")) == 4


PNG = png(1, 160, 90)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff",
        b"text",
        JPEG[:-2],
        PNG[:8],
        PNG[:-1],
        PNG[:16] + b"\0" * 8 + PNG[24:],
        PNG[:16] + b"\x7f\xff\xff\xff" * 2 + PNG[24:],
    ],
    ids=["empty", "byte", "text", "cut-jpeg", "png-head", "cut-png", "png-0x0", "png-huge"],
)
def test_what_is_no_picture_is_refused(store: SnapshotStore, data: bytes) -> None:
    with pytest.raises(InvalidFrameError):
        store.save(data, NOW)
    assert listing(store.directory) == []


def test_a_damaged_png_is_told() -> None:
    damaged = PNG[:60] + bytes(40) + PNG[100:]
    assert still_extension(damaged) == "png"
    with pytest.raises(InvalidFrameError):
        decode_still(damaged)


def test_a_png_keeps_the_colours_of_limited_video() -> None:
    white = frame(1, 160, 90)
    for plane, value in zip(white.planes, (235, 128, 128), strict=True):
        plane.update(bytes([value]) * plane.buffer_size)
    rgb = decode_still(StillEncoder().encode(white, "png")).to_ndarray()
    assert int(np.min(rgb)) >= 254


@pytest.mark.parametrize("image_format", ["jpeg", "png"])
def test_a_frame_without_a_picture_cannot_be_kept(image_format: ImageFormat) -> None:
    with pytest.raises(InvalidFrameError):
        StillEncoder().encode(av.VideoFrame(0, 0, "yuv420p"), image_format)


def test_a_time_without_a_name_is_refused(store: SnapshotStore) -> None:
    with pytest.raises(ValueError, match="named after"):
        store.save(JPEG, -1.0)
    assert listing(store.directory) == []


ENDLESS = """
import sys, itertools
from pathlib import Path
from custom_components.retrocam.core.snapshots import SnapshotStore
from custom_components.retrocam.core.retention import Limits
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
from custom_components.retrocam.core.snapshots import SnapshotStore
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
        print("read-only", store.total == total, store.refresh() is False)
remount("rw")
store.delete([store.newest.name])
print("writable", store.save(picture, 3e9).name)
"""


def may_mount() -> bool:
    unshare = shutil.which("unshare")
    return (
        unshare is not None
        and subprocess.run([unshare, "-rm", "true"], check=False, capture_output=True).returncode
        == 0
    )


@pytest.mark.skipif(not may_mount(), reason="needs a small disk of its own")
def test_a_real_disk_that_fills_and_then_is_read_only(tmp_path: Path) -> None:
    mount = 'mount -t tmpfs -o size=1m none "$1" && exec "$2" -c "$3" "$1"'
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", mount, "sh", str(tmp_path), sys.executable, FAULTS],
        input=JPEG,
        capture_output=True,
        check=False,
    )
    assert done.stderr == b""
    assert done.stdout.decode().splitlines() == [
        "full True",
        "room True",
        "read-only True True",
        "read-only True True",
        "writable 20650124T052000.000Z.jpg",
    ]
