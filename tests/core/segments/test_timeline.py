"""Media time mapped to clocks."""

import pytest

from custom_components.retrocam.core.segments.segment import FrameTimes
from custom_components.retrocam.core.segments.timeline import Playout, Timeline


def times(start: float, *, shift: float = 0.0, frames: int = 25) -> FrameTimes:
    """One second of frames with pts - dts of `shift` seconds."""
    return FrameTimes(
        start=start,
        end=start + frames * 0.04,
        first_shown=start + shift,
        last_shown=start + shift + (frames - 1) * 0.04,
        shown_until=start + shift + frames * 0.04,
        frames=frames,
        keyframe=start + shift,
        longest=0.04,
    )


def place(
    line: Timeline,
    part: FrameTimes | None,
    arrival: float,
    *,
    run: int = 0,
    first: bool = True,
) -> float:
    return line.place(run, part, duration=1.0, arrival=arrival, first=first)


def test_each_run_continues_at_its_arrival() -> None:
    line = Timeline()
    assert place(line, times(700), 101) == pytest.approx(100)
    assert place(line, times(701), 102) == pytest.approx(101)
    # A run that starts 10 s later, with another origin.
    assert place(line, times(0), 113, run=1) == pytest.approx(112)
    assert place(line, times(1), 114, run=1) == pytest.approx(113)


def test_run_never_starts_before_the_end_of_the_previous_one() -> None:
    line = Timeline()
    place(line, times(0), 101)
    place(line, times(1), 102)
    # The end of the last run arrived late, this one did not.
    assert place(line, times(50), 102.2, run=1) == pytest.approx(102)


def test_run_after_a_burst_is_placed_by_the_lag() -> None:
    line = Timeline()
    for second in range(5):
        place(line, times(second), 101)
    assert line.lag == pytest.approx(-4)
    # A part that ends 3 s after the end of the burst arrives 3 s after the burst.
    assert place(line, times(0), 104, run=1) == pytest.approx(105 + 3 - 1)
    assert line.lag == pytest.approx(-4)


def test_lowest_lag_applies_for_a_minute() -> None:
    line = Timeline()
    place(line, times(0), 101)
    place(line, times(1), 101.5)
    assert line.lag == pytest.approx(-0.5)
    for second in range(2, 62):
        place(line, times(second), 101 + second)
    assert line.lag == pytest.approx(0)


def test_unreadable_part_follows_the_previous_one() -> None:
    line = Timeline()
    assert place(line, None, 101) == pytest.approx(100)
    assert place(line, None, 102, first=False) == pytest.approx(101)
    # The first readable part sets the base of the run.
    assert place(line, times(0), 103) == pytest.approx(102)
    assert place(line, None, 104) == pytest.approx(103)
    assert place(line, times(5), 108) == pytest.approx(107)


def test_frames_never_fall_back_behind_the_previous_segment() -> None:
    line = Timeline()
    place(line, times(0, shift=0.08), 101)
    assert place(line, times(1), 102) == pytest.approx(101.08)
    assert place(line, times(2), 103) == pytest.approx(102.08)


def test_reordering_within_a_segment_keeps_the_base() -> None:
    line = Timeline()
    place(line, times(0, shift=0.08), 101)
    assert place(line, times(1), 102, first=False) == pytest.approx(101)


def test_gap_in_the_media_is_a_gap_on_the_timeline() -> None:
    line = Timeline()
    place(line, times(0), 101)
    assert place(line, times(9), 110) == pytest.approx(109)


def test_evenly_arriving_parts_are_paced_evenly() -> None:
    playout = Playout()
    due = []
    for second in range(4):
        playout.part(arrival=101.0 + second, start=100.0 + second)
        due += [playout.due(100.0 + second + index * 0.25) for index in range(4)]
    assert due == pytest.approx([101.05 + index * 0.25 for index in range(16)])


def test_reordering_delays_presentation() -> None:
    playout = Playout()
    playout.part(arrival=101, start=100)
    playout.reordered(0.08)
    playout.reordered(0.04)
    assert playout.due(100) == pytest.approx(101.13)
    playout.reordered(1e9)
    assert playout.due(100) == pytest.approx(102.05)


def test_delay_of_a_late_part_falls_slowly() -> None:
    playout = Playout()
    playout.part(arrival=101, start=100)
    assert playout.due(100) == pytest.approx(101.05)
    playout.part(arrival=103, start=101)
    last = playout.due(101)
    assert last == pytest.approx(103.05)
    for second in range(2, 13):
        playout.part(arrival=101.0 + second, start=100.0 + second)
        last = playout.due(100.0 + second)
    # The late part arrived with the next one. It counts for ten arrivals; then playback is 10 % faster
    # until the delay is gone.
    assert last - 112 == pytest.approx(1.95)
    for second in range(13, 30):
        playout.part(arrival=101.0 + second, start=100.0 + second)
        due = playout.due(100.0 + second)
        assert due - last >= 0.9 - 1e-9
        last = due
    assert last - 129 == pytest.approx(1.05)


def test_parts_that_arrive_together_are_one_arrival() -> None:
    playout = Playout()
    for burst in range(5):
        # 20 s of parts at once: the next burst comes 20 s later.
        for second in range(20):
            start = 100.0 + 20 * burst + second
            playout.part(arrival=120.0 + 20 * burst, start=start)
            assert playout.due(start) == pytest.approx(start + 20.05)


def test_next_part_alone_sets_the_delay_after_a_jump() -> None:
    playout = Playout()
    playout.part(arrival=110, start=100)
    assert playout.due(100) == pytest.approx(110.05)
    playout.restart()
    playout.part(arrival=111, start=110)
    assert playout.due(110) == pytest.approx(111.05)
