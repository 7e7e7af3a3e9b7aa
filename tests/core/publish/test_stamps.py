"""Places of packets on the timeline of a relay."""

from itertools import pairwise

import numpy as np
import pytest

from custom_components.retrocam.core.publish.stamps import (
    Breaks,
    SoundClock,
    SoundDrift,
    StampTimeline,
)

FRAME = 0.04
"""Seconds from frame to frame."""
PACKET = 0.02
"""Seconds of sound in a packet."""


def started(stamp: float = 100.0, breaks: Breaks | None = None) -> StampTimeline:
    timeline = StampTimeline(breaks)
    timeline.start(stamp, 1.0, 0.0)
    return timeline


def test_positions_follow_the_stamps_whatever_the_network_does() -> None:
    timeline = started()
    # A stall of a second, and what was held up comes at once.
    arrivals = [0.04, 0.08, 1.08, 1.081, 1.082, 1.083]
    placed = [timeline.place(100 + n * FRAME, at) for n, at in enumerate(arrivals, 1)]
    assert placed == pytest.approx([1 + n * FRAME for n in range(1, 7)])


@pytest.mark.parametrize("break_", [-20.0, -1.0, 5.0, 3600.0])
def test_stamps_that_break_continue_by_arrival(break_: float) -> None:
    timeline = started()
    timeline.place(100.04, 0.04)
    assert timeline.place(100.08 + break_, 0.08) == pytest.approx(1.08)
    assert timeline.place(100.12 + break_, 0.12) == pytest.approx(1.12)


@pytest.mark.parametrize("breaks", [[5.0], [-7.0], [5.0, -7.0, 3600.0]])
@pytest.mark.parametrize("late", [0.3, -0.3])
def test_sound_and_picture_stay_in_step_over_a_break(breaks: list[float], late: float) -> None:
    shared = Breaks()
    picture, sound = started(breaks=shared), started(breaks=shared)
    stamp, at = 100.0, 0.0
    for break_ in breaks:
        for timeline in (picture, sound):
            assert timeline.place(stamp + 0.04, at + 0.04) == pytest.approx(picture.last)
        # What comes first after the break was held up, or its predecessor was.
        stamp, at = stamp + 0.08 + break_, at + 0.5
        shown = picture.place(stamp, at)
        assert sound.place(stamp, at + late) == pytest.approx(shown)
    assert picture.offset == sound.offset


def test_break_of_the_sound_alone_follows_the_arrival() -> None:
    shared = Breaks()
    picture, sound = started(breaks=shared), started(breaks=shared)
    picture.place(105.04, 0.04)
    assert picture.last == pytest.approx(1.04)
    assert sound.place(160.04, 0.04) == pytest.approx(1.04)


def test_missing_stamps_and_pauses_follow_the_arrival() -> None:
    timeline = started()
    assert timeline.place(None, 0.04) == pytest.approx(1.04)
    assert timeline.place(100.08, 0.08) == pytest.approx(1.08)
    # The camera sends nothing for a minute.
    assert timeline.place(160.08, 60.08) == pytest.approx(61.08)


def test_exchanged_stamps_do_not_move_the_rest() -> None:
    timeline = started()
    for number in range(1, 1000):
        exchanged = number + (1, -1)[number % 2]
        timeline.place(100 + exchanged * FRAME, number * FRAME)
    assert timeline.place(140.0, 40.0) == pytest.approx(41.0)


def test_sound_stamped_by_arrival_is_even() -> None:
    clock, jitter = SoundClock(by_arrival=True), np.random.default_rng(1)
    placed = [clock.place(5 + n * PACKET + jitter.random() * 0.1, PACKET) for n in range(500)]
    settled = placed[100:]
    steps = [after - before for before, after in pairwise(settled)]
    assert max(abs(step - PACKET) for step in steps) < 0.02
    assert settled[-1] == pytest.approx(5 + 499 * PACKET, abs=0.03)


def test_missing_sound_leaves_a_gap_at_once() -> None:
    clock = SoundClock(by_arrival=False)
    for number in range(100):
        clock.place(1 + number * PACKET, PACKET)
    assert clock.place(8.0, PACKET) == pytest.approx(8.0)


@pytest.mark.parametrize("drift", [0.001, -0.001, 0.0])
def test_drift_of_the_sound_is_followed_for_half_an_hour(drift: float) -> None:
    measured, network = SoundDrift(), np.random.default_rng(2)
    worst = 0.0
    held_up = 0.0
    for number in range(int(1800 / PACKET)):
        time = number * PACKET
        # From time to time all packets are late.
        held_up = network.random() * 2 if number % 500 == 0 else max(held_up - PACKET, 0.0)
        late = max(held_up, network.exponential(0.005))
        if number % 2 == 0:
            measured.add_picture(time, time + 0.3 + late)
        stamped = time * (1 + drift)
        measured.add_sound(stamped, time + late)
        worst = max(worst, abs(stamped + measured.correction - time))
    assert worst < 0.03
