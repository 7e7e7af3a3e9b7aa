"""Tests of the selection of files to delete: by count, age, bytes and free space."""

from hypothesis import given, strategies as st
import numpy as np
import pytest

from custom_components.retrocam.core.library.index import MediaIndex
from custom_components.retrocam.core.library.retention import DAY, FUTURE, Limits, excess

NOW = 1_767_323_045.0
HOUR = 3600.0


def index_of(times: list[float], sizes: list[int]) -> MediaIndex:
    count = len(times)
    return MediaIndex.from_columns(
        np.array([round(time * 1000) for time in times], np.int64),
        np.array(sizes, np.int64),
        np.zeros(count, np.int64),
    )


def hourly(count: int, size: int = 10) -> MediaIndex:
    """Return an index of one file an hour, the newest at NOW."""
    return index_of([NOW - HOUR * back for back in range(count)], [size] * count)


@pytest.mark.parametrize(
    ("limits", "gone"),
    [
        (Limits(), 0),
        (Limits(count=100), 0),
        (Limits(count=70), 30),
        (Limits(days=2), 51),
        (Limits(days=0.01), 99),
        (Limits(size=1000), 0),
        (Limits(size=995), 1),
        (Limits(size=91), 91),
        (Limits(size=5), 100),
        (Limits(count=70, days=2, size=600), 51),
        (Limits(count=70, days=3, size=600), 40),
        (Limits(count=40, days=3, size=600), 60),
    ],
)
def test_oldest_are_deleted_until_every_limit_holds(limits: Limits, gone: int) -> None:
    assert excess(hourly(100), limits, NOW).tolist() == list(range(gone))


@pytest.mark.parametrize(
    ("missing", "gone"),
    [(0, 0), (1, 1), (25, 3), (1000, 100), (1001, 0)],
)
def test_nothing_is_deleted_if_it_cannot_free_enough(missing: int, gone: int) -> None:
    assert len(excess(hourly(100), Limits(), NOW, missing=missing)) == gone


def test_bytes_deleted_by_other_limits_count_as_freed() -> None:
    assert len(excess(hourly(100), Limits(count=70), NOW, missing=250)) == 30
    assert len(excess(hourly(100), Limits(count=70), NOW, missing=350)) == 35


def test_future_files_are_deleted_first_latest_first() -> None:
    times = [NOW - 20, NOW - 10, NOW + FUTURE, NOW + 2 * HOUR, NOW + HOUR]
    index = index_of(times, [10] * 5)
    assert excess(index, Limits(count=4), NOW).tolist() == [4]
    assert excess(index, Limits(count=2), NOW).tolist() == [0, 3, 4]
    assert excess(index, Limits(size=29), NOW).tolist() == [0, 3, 4]
    assert excess(index, Limits(count=4, size=31), NOW).tolist() == [3, 4]
    assert excess(index, Limits(days=100), NOW).tolist() == []


def test_camera_ahead_of_the_clock_loses_its_oldest_images() -> None:
    index = index_of([NOW + HOUR + second for second in range(5)], [10] * 5)
    assert excess(index, Limits(count=3), NOW, newest=NOW + HOUR + 4).tolist() == [0, 1]
    assert excess(index, Limits(count=3), NOW, newest=NOW).tolist() == [3, 4]


def test_empty_index_has_no_excess() -> None:
    limits = Limits(count=1, days=1, size=1)
    assert excess(MediaIndex(), limits, NOW, missing=100).tolist() == []


@given(
    files=st.lists(st.tuples(st.integers(-400, 40), st.integers(1, 1000)), max_size=700),
    count=st.integers(0, 500),
    days=st.integers(0, 20),
    size=st.integers(0, 200_000),
    missing=st.integers(0, 200_000),
)
def test_excess_is_minimal(
    files: list[tuple[int, int]], count: int, days: int, size: int, missing: int
) -> None:
    index = index_of([NOW + HOUR * hour for hour, _ in files], [size for _, size in files])
    limits = Limits(count=count, days=days, size=size)
    gone = excess(index, limits, NOW, missing=missing).tolist()
    # A model, one file at a time: the aged, then the latest of the future, then the oldest.
    times, sizes = index.times / 1000, index.sizes()
    order = sorted(
        range(len(index)),
        key=lambda place: (
            (0, place)
            if days and times[place] < NOW - days * DAY
            else (1, -place)
            if times[place] > NOW + FUTURE
            else (2, place)
        ),
    )
    must_free = missing if missing <= index.total_bytes else 0
    left, kept_bytes, expected = len(index), index.total_bytes, []
    for place in order:
        aged = days and times[place] < NOW - days * DAY
        over = (count and left > count) or (size and kept_bytes > size)
        if not (aged or over or index.total_bytes - kept_bytes < must_free):
            break
        expected.append(place)
        left, kept_bytes = left - 1, kept_bytes - int(sizes[place])
    assert gone == sorted(expected)
