"""The store of snapshots: what is kept, in which order, how much of it, and who hears of it."""

from pathlib import Path

from hypothesis import HealthCheck, example, given, settings, strategies as st
import pytest

from custom_components.retrocam.core.errors import MediaNotFoundError, StorageFullError
from custom_components.retrocam.core.library.reader import MediaChange
from custom_components.retrocam.core.library.retention import DAY, Limits
from custom_components.retrocam.core.library.snapshots import SnapshotStore

from ...frames.stills import NOW, jpeg, listing, number_in, png
from .stored import JPEG, NAME, files, names, reloaded

HOUR = 3600.0


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


def test_a_time_without_a_name_is_refused(store: SnapshotStore) -> None:
    with pytest.raises(ValueError, match="named after"):
        store.save(JPEG, -1.0)
    assert listing(store.directory) == []
