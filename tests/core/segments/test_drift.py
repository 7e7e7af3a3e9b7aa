"""Positions of cameras whose stamps do not follow time, and of networks that only delay them."""

from collections.abc import Callable
from itertools import pairwise
from random import Random

import pytest

from .lying_cameras import Watched, parts, stamped

FPS = 10
LEARNING = 12.0
"""Seconds in which the rate of a camera is noticed."""
TOLERANCE = 1.0

type Times = Callable[[float], float]


def jitter(seconds: float = 0.4) -> Times:
    random = Random(1)  # noqa: S311  # not for secrets
    return lambda _time: random.random() * seconds


def stalled(start: float, seconds: float, speed: float = 100.0) -> Times:
    """Return delays of a network that stalls, and catches up at a multiple of time."""
    return lambda time: (
        max(0.0, start + seconds - time, seconds - (time - start) * (speed - 1))
        if time >= start
        else 0.0
    )


def unsteady(seed: int) -> Times:
    """Return delays of a bad wireless network: stalls of some seconds every other minute."""
    random = Random(seed)  # noqa: S311  # not for secrets
    ends = 0.0

    def delay(time: float) -> float:
        nonlocal ends
        if random.random() < 0.003:
            ends = max(ends, time + random.expovariate(1 / 5))
        return max(0.0, ends - time) + random.random() * 0.1

    return delay


def off(found: dict[int, float], since: float = 0.0) -> float:
    """Return by how much frames captured since a time are dated wrong, at most."""
    return max(abs(at - number / FPS) for number, at in found.items() if number >= since * FPS)


def held(watched: Watched) -> dict[int, float]:
    return {number: captured for number, (captured, _) in watched.held().items()}


def walls(watched: Watched) -> dict[int, float]:
    return {number: wall for number, (_, wall) in watched.held().items()}


@pytest.mark.parametrize(
    "delay",
    [
        lambda _time: 0.0,
        jitter(0.5),
        stalled(30, 2),
        stalled(30, 15),
        stalled(30, 6, speed=1.5),
        stalled(30, 6, speed=1.2),
    ],
    ids=["none", "jitter", "stall", "long stall", "catches up", "catches up slowly"],
)
def test_network_that_delays_changes_no_position(delay: Times) -> None:
    watched = Watched()
    watched.watch(parts(120, stamped(), fps=FPS, delay=delay))
    found = held(watched)
    start = found[0]
    steps = [at - number / FPS - start for number, at in found.items()]
    assert max(map(abs, steps)) < 1e-6
    assert not any(
        timing.corrected for segment in watched.ring.segments for timing in segment.timings
    )


@pytest.mark.parametrize("seed", range(4))
def test_bad_network_leaves_positions_as_they_were(seed: int) -> None:
    watched = Watched()
    watched.watch(parts(1500, stamped(), fps=FPS, delay=unsteady(seed)))
    assert off(held(watched)) < 0.2
    assert off(walls(watched)) < 0.2


def test_bursts_change_no_position() -> None:
    watched = Watched()
    # Segments of 6 s, whose download takes up to a second.
    watched.watch(parts(120, stamped(), delay=lambda at: 6 - at % 6 + int(at / 6) * 37 % 10 / 10))
    found = held(watched)
    assert off({number: at - found[0] for number, at in found.items()}) < 1e-6


# Each case has a generator of its own: they may run in any order.
@pytest.mark.parametrize("delays", [lambda: lambda _time: 0.0, jitter], ids=["even", "jitter"])
@pytest.mark.parametrize("rate", [0.5, 0.6, 0.8, 0.9, 0.98, 1.02, 1.1, 1.25, 1.5, 2.0])
def test_slow_and_fast_stamps_follow_time(rate: float, delays: Callable[[], Times]) -> None:
    watched = Watched()
    watched.watch(parts(120, stamped(rate), fps=FPS, delay=delays()))
    assert len(watched.read) == len(watched.held())
    # What a clip was given at once, and what a lookback finds at the end.
    assert off(watched.read, LEARNING) < TOLERANCE
    assert off(held(watched)) < TOLERANCE
    assert off(walls(watched), LEARNING) < TOLERANCE
    seconds = 120 / watched.ring.available
    assert seconds == pytest.approx(1, rel=0.05)


@pytest.mark.parametrize("rate", [0.5, 2.0])
def test_next_run_begins_with_the_rate_of_the_last(rate: float) -> None:
    watched = Watched()
    watched.watch(parts(20, stamped(rate)))
    watched.watch(parts(20, stamped(rate), scene=1), start=30)
    assert off(held(watched)) < 0.1
    assert watched.ring.segments[-1].end - watched.ring.segments[0].start == pytest.approx(50, 0.1)


@pytest.mark.parametrize("rate", [0.5, 2.0])
def test_stamps_that_begin_to_follow_time(rate: float) -> None:
    watched = Watched()
    watched.watch(parts(120, lambda at: at * rate if at < 40 else 40 * rate + at - 40))
    assert off(held(watched), 60) < TOLERANCE
    assert off(watched.read, 60) < TOLERANCE


@pytest.mark.parametrize("delay", [lambda _time: 0.0, jitter()], ids=["even", "jitter"])
@pytest.mark.parametrize("seconds", [-3, -8, -25])
def test_stamps_that_fall_back_leave_a_gap(seconds: float, delay: Times) -> None:
    watched = Watched()
    watched.watch(parts(120, stamped(1, (30.35, seconds)), fps=FPS, delay=delay))
    # The worker drops frames until their stamps rise; the part in which it did so may be dated wrong.
    for found in (held(watched), watched.read, walls(watched)):
        end = 30.4 - seconds
        assert off({number: at for number, at in found.items() if number < 29 * FPS}) < TOLERANCE
        assert off(found, end + 1) < TOLERANCE
    wrong = {number for number, at in held(watched).items() if abs(at - number / FPS) > TOLERANCE}
    assert len(wrong) <= FPS


@pytest.mark.parametrize("delay", [lambda _time: 0.0, jitter()], ids=["even", "jitter"])
@pytest.mark.parametrize("seconds", [2, 5, 20, 29])
def test_stamps_that_leap_ahead_leave_no_gap(seconds: float, delay: Times) -> None:
    watched = Watched()
    watched.watch(parts(60, stamped(1, (30.35, seconds)), fps=FPS, delay=delay))
    for found in (held(watched), watched.read, walls(watched)):
        assert off(found) < TOLERANCE
    ends = [(timing.start, timing.end) for one in watched.ring.segments for timing in one.timings]
    assert all(later[0] - earlier[1] < 0.01 for earlier, later in pairwise(ends))


def test_stamps_that_fall_back_and_leap_while_slow() -> None:
    watched = Watched()
    watched.watch(parts(120, stamped(0.8, (30.35, -8), (60.35, 20)), fps=FPS))
    found = watched.read
    assert off({number: at for number, at in found.items() if number >= 45 * FPS}) < TOLERANCE


def test_delay_that_lasts_is_forgiven_when_it_ends() -> None:
    watched = Watched()
    watched.watch(parts(120, stamped(), fps=FPS, delay=lambda at: 3.0 if 30 <= at < 50 else 0.0))
    found = held(watched)
    wrong = [number for number, at in found.items() if abs(at - number / FPS) > TOLERANCE]
    assert wrong == []
