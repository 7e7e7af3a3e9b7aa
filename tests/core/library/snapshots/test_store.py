"""Tests of the snapshot store: order, limits and notifications."""

from pathlib import Path

from hypothesis import HealthCheck, example, given, settings, strategies as st
import pytest

from custom_components.retrocam.core.errors import MediaNotFoundError, StorageFullError
from custom_components.retrocam.core.library.reader import MediaChange
from custom_components.retrocam.core.library.retention import DAY, Limits
from custom_components.retrocam.core.library.snapshots import save_still, snapshot_library
from custom_components.retrocam.core.library.store import MediaLibrary

from ...frames.stills import NOW, jpeg, listing, number_in, png
from .stored import JPEG, NAME, files, names, reloaded

HOUR = 3600.0


def test_saved_snapshot_is_listed_and_readable(store: MediaLibrary) -> None:
    item = save_still(store, JPEG, NOW)
    assert (item.name, item.time, item.size) == (NAME, NOW, len(JPEG))
    assert files(store) == [NAME]
    assert list(store.page(10)) == [item]
    assert store.newest == store.find(NAME) == item
    assert store.read(NAME) == JPEG
    assert store.path(NAME).read_bytes() == JPEG
    assert (store.total, store.total_bytes) == (1, len(JPEG))


def test_empty_store(store: MediaLibrary) -> None:
    assert store.newest is None
    assert list(store.page(10)) == []
    assert store.total == store.total_bytes == 0
    assert list(store.paths()) == []


def test_snapshots_of_one_time_get_unique_names(store: MediaLibrary) -> None:
    saved = [save_still(store, png(1, 160, 90) if n % 2 else JPEG, NOW).name for n in range(4)]
    assert saved == [f"20260102T030405.00{n}Z.{'png' if n % 2 else 'jpg'}" for n in range(4)]
    assert files(store) == saved


def test_unindexed_file_is_not_overwritten(store: MediaLibrary) -> None:
    (store.directory / NAME).write_bytes(b"somebody's")
    assert save_still(store, JPEG, NOW).name == "20260102T030405.001Z.jpg"
    assert (store.directory / NAME).read_bytes() == b"somebody's"


def test_clock_set_back_keeps_files_in_order_of_time(store: MediaLibrary) -> None:
    for time in (NOW, NOW - 10, NOW - 5, NOW + 1, NOW - 20):
        save_still(store, JPEG, time)
    assert [item.time - NOW for item in store.page(9)] == [1, 0, -5, -10, -20]
    assert names(reloaded(store)) == names(store)


def test_new_snapshots_are_kept_after_the_clock_is_corrected(store: MediaLibrary) -> None:
    store.limits = Limits(count=3)
    for second in range(3):
        save_still(store, JPEG, NOW + 5 * HOUR + second)
    kept = [save_still(store, JPEG, NOW + second).name for second in range(3)]
    assert names(store) == kept[::-1]
    assert files(store) == kept


def test_pages(store: MediaLibrary) -> None:
    for second in range(30):
        save_still(store, JPEG, NOW + second)
    first = list(store.page(10))
    assert [item.time - NOW for item in first] == list(range(29, 19, -1))
    second_page = list(store.page(10, before=first[-1].time))
    assert [item.time - NOW for item in second_page] == list(range(19, 9, -1))
    assert [item.time - NOW for item in store.page(5, after=NOW + 27)] == [29, 28, 27]
    assert list(store.page(5, after=NOW + 20, before=NOW + 20)) == []
    assert list(store.page(0)) == list(store.page(-1)) == []
    assert store.count(after=NOW + 10, before=NOW + 15) == 5
    assert store.count(after=-1e300, before=1e300) == 30
    oldest_first = [path.name for path in store.paths(after=NOW + 3, before=NOW + 6)]
    assert oldest_first == [f"20260102T0304{second}.000Z.jpg" for second in ("08", "09", "10")]


def test_newest_files_remain_in_index_and_on_disk(store: MediaLibrary) -> None:
    store.limits = Limits(count=20)
    for number in range(60):
        save_still(store, jpeg(number), NOW + number)
    remaining = [number_in(path.read_bytes()) for path in store.paths()]
    assert remaining == list(range(40, 60))
    assert files(store) == names(store)[::-1]
    assert names(reloaded(store)) == names(store)


def test_limits_apply_at_load_and_on_demand(store: MediaLibrary) -> None:
    for day in range(10):
        save_still(store, JPEG, NOW - day * DAY)
    assert reloaded(store, Limits(days=6.5)).total == 7
    store.refresh()
    store.limits = Limits(size=3 * len(JPEG))
    assert store.apply_limits() == 4
    assert len(files(store)) == store.total == 3
    assert store.total_bytes == 3 * len(JPEG)


def test_free_space_limit_is_kept(tmp_path: Path) -> None:
    floor, one = 50_000, len(JPEG)
    free = floor + 10 * one
    store = snapshot_library(
        tmp_path, limits=Limits(min_free=floor), free=lambda _: free, clock=lambda: NOW
    )
    store.load()
    for second in range(5):
        save_still(store, JPEG, NOW + second)
    free = floor - one
    # Two are deleted: one for the missing bytes, one for the new snapshot.
    save_still(store, JPEG, NOW + 5)
    assert [item.time - NOW for item in store.page(9)] == [5, 4, 3, 2]
    assert store.apply_limits() == 1
    # Other files have filled the disk: deleting the whole history would not help.
    free = floor - 4 * one
    for failing in (lambda: save_still(store, JPEG, NOW + 6), lambda: store.reserve(NOW, "jpg")):
        with pytest.raises(StorageFullError) as caught:
            failing()
        assert caught.value.code == "storage_full"
    assert store.apply_limits() == 0
    assert len(files(store)) == store.total == 3
    free = floor + one
    save_still(store, JPEG, NOW + 7)
    assert store.total == 4


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
def test_names_outside_the_directory_are_not_found(store: MediaLibrary, name: str) -> None:
    secret = store.directory.parent.parent / "secret.jpg"
    if store.total == 0:
        secret.write_bytes(JPEG)
        save_still(store, JPEG, NOW)
    assert store.find(name) is None
    for ask in (store.path, store.read, store.thumbnail):
        with pytest.raises(MediaNotFoundError):
            ask(name)
    assert store.delete([name]) == ()
    assert secret.exists()
    assert names(store) == [NAME]


def test_deleting_also_deletes_the_thumbnail(store: MediaLibrary) -> None:
    for second in range(3):
        store.thumbnail(save_still(store, JPEG, NOW + second).name)
    gone = [item.name for item in store.page(2)]
    assert store.delete([*gone, gone[0], "20200101T000000.000Z.jpg"]) == tuple(sorted(gone))
    assert files(store) == [NAME]
    assert listing(store.directory / ".thumbnails") == [f"{NAME}.jpg"]
    assert store.delete([]) == ()


def test_listeners_are_notified_of_every_change(
    store: MediaLibrary, changes: list[MediaChange]
) -> None:
    store.limits = Limits(count=2)
    saved = [save_still(store, JPEG, NOW + second) for second in range(3)]
    assert changes == [
        MediaChange(added=(saved[0],)),
        MediaChange(added=(saved[1],)),
        MediaChange(added=(saved[2],)),
        MediaChange(removed=(saved[0].name,)),
    ]
    changes.clear()
    heard: list[MediaChange] = []
    unsubscribe = store.listeners.add(heard.append)
    store.delete([saved[1].name])
    unsubscribe()
    unsubscribe()
    store.delete([saved[2].name])
    assert heard == changes[:1] == [MediaChange(removed=(saved[1].name,))]
    store.load()
    assert changes[-1] == MediaChange(reset=True)


def test_time_out_of_range_raises_value_error(store: MediaLibrary) -> None:
    with pytest.raises(ValueError, match="named after"):
        save_still(store, JPEG, -1.0)
    assert listing(store.directory) == []
