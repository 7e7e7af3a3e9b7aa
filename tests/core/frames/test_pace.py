"""The frame rate is limited evenly."""

from itertools import pairwise

import pytest

from custom_components.retrocam.core.frames.pace import Pace


@pytest.mark.parametrize(
    ("source", "limit", "shown"),
    [(24, 24, 240), (25, 24, 240), (60, 30, 300), (23.976, 24, 240), (10, 24, 100), (50, 24, 240)],
)
def test_fast_source_is_limited_evenly(source: float, limit: float, shown: int) -> None:
    pace = Pace(limit)
    times = [round(number / source, 3) for number in range(round(10 * source))]
    taken = [time for time in times if pace.takes(time)]
    assert abs(len(taken) - shown) <= 1
    gaps = [after - before for before, after in pairwise(taken)]
    assert max(gaps) < 2.1 / min(source, limit)


def test_beat_restarts_after_a_jump() -> None:
    pace = Pace(10)
    assert [pace.takes(time) for time in (0.0, 50.0, 50.05, 50.1, 3.0, 3.05, 3.1)] == [
        *(True, True, False, True),
        *(True, False, True),
    ]


def test_jitter_is_not_a_jump() -> None:
    pace = Pace(10)
    assert [pace.takes(time) for time in (100.0, 99.99, 100.05, 100.1)] == [
        True,
        False,
        False,
        True,
    ]
