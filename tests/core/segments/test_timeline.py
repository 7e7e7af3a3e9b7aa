"""Media time against the clocks."""

import pytest

from custom_components.retrocam.core.segments.segment import PictureTimes
from custom_components.retrocam.core.segments.timeline import Playout, TimeLine


def times(start: float, *, shift: float = 0.0, pictures: int = 25) -> PictureTimes:
    """One second of pictures, shown `shift` seconds after they are decoded."""
    return PictureTimes(
        start=start,
        end=start + pictures * 0.04,
        first_shown=start + shift,
        last_shown=start + shift + (pictures - 1) * 0.04,
        shown_until=start + shift + pictures * 0.04,
        pictures=pictures,
        keyframe=start + shift,
    )


def place(
    line: TimeLine,
    part: PictureTimes | None,
    arrival: float,
    *,
    run: int = 0,
    first: bool = True,
) -> float:
    return line.place(run, part, duration=1.0, arrival=arrival, first=first)


def test_media_time_of_each_run_goes_on_where_the_clock_says() -> None:
    line = TimeLine()
    assert place(line, times(700), 101) == pytest.approx(100)
    assert place(line, times(701), 102) == pytest.approx(101)
    # A run that begins 10 s later, with times of its own.
    assert place(line, times(0), 113, run=1) == pytest.approx(112)
    assert place(line, times(1), 114, run=1) == pytest.approx(113)


def test_a_run_never_begins_before_the_last_one_ended() -> None:
    line = TimeLine()
    place(line, times(0), 101)
    place(line, times(1), 102)
    # The end of the last run came late, that of this one did not.
    assert place(line, times(50), 102.2, run=1) == pytest.approx(102)


def test_a_run_after_a_burst_is_laid_by_when_the_burst_happened() -> None:
    line = TimeLine()
    for second in range(5):
        place(line, times(second), 101)
    assert line.lag == pytest.approx(-4)
    # 3 s after the burst something happened that ends 3 s after the end of the burst.
    assert place(line, times(0), 104, run=1) == pytest.approx(105 + 3 - 1)
    assert line.lag == pytest.approx(-4)


def test_the_least_lag_counts_and_is_forgotten_after_a_minute() -> None:
    line = TimeLine()
    place(line, times(0), 101)
    place(line, times(1), 101.5)
    assert line.lag == pytest.approx(-0.5)
    for second in range(2, 62):
        place(line, times(second), 101 + second)
    assert line.lag == pytest.approx(0)


def test_a_part_that_cannot_be_read_follows_the_one_before() -> None:
    line = TimeLine()
    assert place(line, None, 101) == pytest.approx(100)
    assert place(line, None, 102, first=False) == pytest.approx(101)
    # The first that can be read says when the run's media time began.
    assert place(line, times(0), 103) == pytest.approx(102)
    assert place(line, None, 104) == pytest.approx(103)
    assert place(line, times(5), 108) == pytest.approx(107)


def test_pictures_never_fall_back_behind_those_of_the_segment_before() -> None:
    line = TimeLine()
    place(line, times(0, shift=0.08), 101)
    assert place(line, times(1), 102) == pytest.approx(101.08)
    assert place(line, times(2), 103) == pytest.approx(102.08)


def test_pictures_that_are_reordered_within_a_segment_change_nothing() -> None:
    line = TimeLine()
    place(line, times(0, shift=0.08), 101)
    assert place(line, times(1), 102, first=False) == pytest.approx(101)


def test_a_gap_in_the_media_is_a_gap_on_the_line() -> None:
    line = TimeLine()
    place(line, times(0), 101)
    assert place(line, times(9), 110) == pytest.approx(109)


def test_pictures_of_parts_that_come_evenly_are_due_evenly() -> None:
    playout = Playout()
    due = []
    for second in range(4):
        playout.part(arrival=101.0 + second, start=100.0 + second)
        due += [playout.due(100.0 + second + index * 0.25) for index in range(4)]
    assert due == pytest.approx([101.05 + index * 0.25 for index in range(16)])


def test_pictures_wait_for_those_that_are_decoded_before_them() -> None:
    playout = Playout()
    playout.part(arrival=101, start=100)
    playout.reordered(0.08)
    playout.reordered(0.04)
    assert playout.due(100) == pytest.approx(101.13)
    playout.reordered(1e9)
    assert playout.due(100) == pytest.approx(102.05)


def test_a_late_part_is_made_up_for_slowly() -> None:
    playout = Playout()
    playout.part(arrival=101, start=100)
    assert playout.due(100) == pytest.approx(101.05)
    playout.part(arrival=103, start=101)
    last = playout.due(101)
    assert last == pytest.approx(103.05)
    for second in range(2, 12):
        playout.part(arrival=101.0 + second, start=100.0 + second)
        last = playout.due(100.0 + second)
    # For ten parts the late one counts; then play is a tenth faster until it is made up for.
    assert last - 111 == pytest.approx(1.95)
    for second in range(12, 30):
        playout.part(arrival=101.0 + second, start=100.0 + second)
        due = playout.due(100.0 + second)
        assert due - last >= 0.9 - 1e-9
        last = due
    assert last - 129 == pytest.approx(1.05)


def test_after_a_jump_the_next_part_counts_alone() -> None:
    playout = Playout()
    playout.part(arrival=110, start=100)
    assert playout.due(100) == pytest.approx(110.05)
    playout.restart()
    playout.part(arrival=111, start=110)
    assert playout.due(110) == pytest.approx(111.05)
