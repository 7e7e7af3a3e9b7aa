"""Limits of a tape, its names, and its times while the clock is set."""

from collections.abc import Callable
from itertools import pairwise
import math
from pathlib import Path

import numpy as np
import pytest

from custom_components.retrocam.core.errors import StorageFullError, StorageMissingError
from custom_components.retrocam.core.library.index import MediaIndex
from custom_components.retrocam.core.segments.ring import SegmentRing
from custom_components.retrocam.core.tape.indexes import TapeIndexes
from custom_components.retrocam.core.tape.store import TapeLimits, TapeStore

from ..media import WALL, Clock, Cut, Part, feed, ring_of, short_cuts
from .taping import files_of, loaded, segments_of, store_in, taping

WALL_MS = round(WALL) * 1000
FILES = 6
LENGTH = 4
"""Seconds of each file, which is of a run of its own."""


def some_files(
    folder: Path, *, away: float = 3600.0, step: Callable[[Clock, int], None] | None = None
) -> tuple[SegmentRing, Clock, TapeStore]:
    """Tape some runs, one file each."""
    ring, clock = ring_of()
    store = store_in(folder, clock)
    for run in range(FILES):
        feed(ring, copies(short_cuts(LENGTH)), clock, run=run)
        clock.now += away
        if step is not None:
            step(clock, run)
        with taping(ring, store):
            pass
    return ring, clock, store


def copies(cuts: list[Cut]) -> list[Cut]:
    return [Cut(one.init, [Part(1.0, True, one.parts[0].data)], 1.0) for one in cuts]


def test_files_beyond_hours_are_deleted(tmp_path: Path) -> None:
    _, clock, store = some_files(tmp_path)
    paths = files_of(tmp_path)
    assert len(paths) == FILES
    # The clock was trusted all the time; the first begin to be too old.
    store.limits = TapeLimits(hours=3, size=0, min_free=0)
    store.apply_limits()
    assert files_of(tmp_path) == paths[-3:]
    assert list(store.spans(0, 1e10)) == list(loaded(tmp_path, clock).spans(0, 1e10))
    assert all(path.with_suffix(".idx").exists() for path in paths[-3:])
    assert len(list((tmp_path / "tape").glob("*/*"))) == 6


def test_oldest_files_beyond_a_size_are_deleted(tmp_path: Path) -> None:
    _, _, store = some_files(tmp_path, away=60)
    paths = files_of(tmp_path)
    size = paths[0].stat().st_size
    store.limits = TapeLimits(hours=9, size=2 * size + 1, min_free=0)
    store.apply_limits()
    assert files_of(tmp_path) == paths[-2:]
    assert store.total_bytes == 2 * size


def test_oldest_files_make_room(tmp_path: Path) -> None:
    _, clock, _ = some_files(tmp_path, away=60)
    paths = files_of(tmp_path)
    size = paths[0].stat().st_size
    there = sum(path.stat().st_size for path in paths)
    limits = TapeLimits(hours=9, size=0, min_free=1000)

    def free(_: Path) -> int:
        return 1000 - size - 1 + there - sum(path.stat().st_size for path in files_of(tmp_path))

    small = store_in(tmp_path, clock, limits, free=free)
    small.load()
    # Nothing is deleted of which it is not known yet whether it is ours.
    small.apply_limits()
    assert files_of(tmp_path) == paths
    while small.read_indexes():
        pass
    small.apply_limits()
    assert files_of(tmp_path) == paths[2:]
    small.apply_limits()
    assert files_of(tmp_path) == paths[2:]


def test_nothing_is_deleted_where_it_does_not_help(tmp_path: Path) -> None:
    _, clock, _ = some_files(tmp_path, away=60)
    paths = files_of(tmp_path)
    limits = TapeLimits(hours=9, size=0, min_free=1 << 50)
    store = store_in(tmp_path, clock, limits, free=lambda _: 0)
    store.load()
    with pytest.raises(StorageFullError):
        store.begin(clock.wall())
    assert files_of(tmp_path) == paths


def test_file_that_is_read_is_deleted_when_its_reader_is_done(tmp_path: Path) -> None:
    ring, _, store = some_files(tmp_path, away=60)
    paths = files_of(tmp_path)
    first = segments_of(store)[:LENGTH]
    parts = [part for segment in first for part in segment.parts]
    del first
    store.limits = TapeLimits(hours=9, size=1, min_free=0)
    store.apply_limits()
    assert files_of(tmp_path) == paths[:1]
    # Nobody else gets it.
    assert store.files(0, 1e10) == []
    assert store.total_bytes == 0
    wanted = [part.data for segment in ring.segments[:LENGTH] for part in segment.parts]
    assert [len(part.data) for part in parts] == [len(data) for data in wanted]
    del parts
    store.apply_limits()
    assert files_of(tmp_path) == []
    assert list((tmp_path / "tape").iterdir()) == []


def test_file_being_written_stays(tmp_path: Path) -> None:
    ring, clock = ring_of(short_cuts(3))
    store = store_in(tmp_path, clock, TapeLimits(hours=1, size=1, min_free=0))
    with taping(ring, store):
        pass
    (path,) = files_of(tmp_path)
    store.load()
    path = store.begin(clock.wall() + 10)
    path.write_bytes(b"media")
    store.update(5, 1.0)
    while store.read_indexes():
        pass
    store.apply_limits()
    assert files_of(tmp_path) == [path]


@pytest.mark.parametrize("step", [-7200.0, -62.0, -2.5, 0.4, 90.0, 86_400.0])
def test_spans_do_not_overlap_when_the_clock_is_set(step: float, tmp_path: Path) -> None:
    def set_clock(clock: Clock, run: int) -> None:
        clock.wall_ahead += step * (run in (2, 3))

    _, clock, store = some_files(tmp_path, away=60, step=set_clock)
    assert len(files_of(tmp_path)) == FILES
    for tape in (store, loaded(tmp_path, clock)):
        spans = list(tape.spans(0, 1e10))
        assert all(start < end for start, end in spans)
        assert all(before[1] <= after[0] for before, after in pairwise(spans))
        held = [(file.start, end) for file, end in tape.files(0, 1e10)]
        assert len(held) == FILES
        assert tape.seconds == pytest.approx(sum(end - start for start, end in held), abs=0.01)
        assert all(before[1] <= after[0] for before, after in pairwise(held))


def test_names_are_unique_when_the_clock_stands(tmp_path: Path) -> None:
    ring, clock = ring_of()
    store = store_in(tmp_path, clock)
    for run in range(5):
        feed(ring, copies(short_cuts(2)), clock, run=run)
        # Each run begins at the same time by the wall clock.
        clock.wall_ahead -= 2
        with taping(ring, store):
            pass
    paths = files_of(tmp_path)
    assert len({path.name for path in paths}) == 5
    assert sum(len(TapeIndexes().read(file).records) for file, _ in store.files(0, 1e10)) > 0
    assert len(loaded(tmp_path, clock).files(0, 1e10)) == 5


def test_clock_set_inside_a_run_begins_another_file(tmp_path: Path) -> None:
    ring, clock = ring_of()
    store = store_in(tmp_path, clock)
    feed(ring, copies(short_cuts(3)), clock)
    with taping(ring, store):
        pass
    clock.wall_ahead += 3600
    # A second writer would begin another file anyway.
    feed(ring, copies(short_cuts(1)), clock)
    with taping(ring, store) as writer:
        feed(ring, copies(short_cuts(3)), clock)
        clock.wall_ahead += 3600
        feed(ring, copies(short_cuts(3)), clock)
    assert writer.lost == 0
    starts = [file.start for file, _ in store.files(0, 1e10)]
    assert len(starts) == 3
    assert starts[2] - starts[0] == pytest.approx(7200, abs=10)
    assert sum(len(TapeIndexes().read(file).records) for file, _ in store.files(0, 1e10)) == 10


def test_directory_that_was_gone_is_read_again(tmp_path: Path) -> None:
    _, clock, store = some_files(tmp_path, away=60)
    spans = list(store.spans(0, 1e10))
    (tmp_path / "tape").rename(tmp_path / "elsewhere")
    with pytest.raises(StorageMissingError):
        store.begin(clock.wall())
    assert list(store.spans(0, 1e10)) == []
    assert not store.loaded
    (tmp_path / "elsewhere").rename(tmp_path / "tape")
    store.load()
    while store.read_indexes():
        pass
    assert list(store.spans(0, 1e10)) == spans
    # The parent is not created: it may be the mount point of a drive.
    gone = store_in(tmp_path / "drive", clock)
    gone.load()
    (tmp_path / "drive" / "tape").rmdir()
    (tmp_path / "drive").rmdir()
    with pytest.raises(StorageMissingError):
        gone.load()
    assert not (tmp_path / "drive").exists()


def test_many_spans_are_listed_at_once(tmp_path: Path) -> None:
    clock = Clock()
    store = store_in(tmp_path, clock)
    count = 50_000
    times = WALL_MS + np.arange(count, dtype=np.int64) * 60_000
    lengths = np.full(count, 30_000, np.uint32)
    store._set_index(
        MediaIndex.from_columns(times, np.full(count, 1000), np.full(count, 2), lengths)
    )
    spans = store.spans(-math.inf, math.inf)
    assert len(spans) == count
    assert store.seconds == pytest.approx(30 * count)
    assert store.spans(-math.inf, math.inf, newest=2) == spans[-2:]
    assert spans[1] == pytest.approx((WALL_MS / 1000 + 60, WALL_MS / 1000 + 90))
    start = WALL_MS / 1000 + 60 * 40_000 + 10
    assert store.spans(start, start + 5) == [pytest.approx((start, start + 5))]
    assert store.until == pytest.approx(WALL_MS / 1000 + 60 * (count - 1) + 30)


def test_what_is_held_beside_a_time_is_found(tmp_path: Path) -> None:
    assert store_in(tmp_path, Clock()).last_before(math.inf) == -math.inf
    assert store_in(tmp_path, Clock()).first_after(-math.inf) == math.inf
    _, _, store = some_files(tmp_path, away=60)
    spans = store.spans(-math.inf, math.inf)
    assert len(spans) == FILES
    edges = [edge for span in spans for edge in span]
    times = [edge + step for edge in edges for step in (-30, -1.5, 0, 1.5, 30)]
    for time in (-1e9, *times, 9e9):
        earlier = [min(end, time) for start, end in spans if start < time]
        assert store.last_before(time) == max(earlier, default=-math.inf)
        later = [max(start, time) for start, end in spans if end > time]
        assert store.first_after(time) == min(later, default=math.inf)
        for length in (0.5, 40, math.inf):
            assert store.has_files(time, time + length) == bool(store.files(time, time + length))
