"""The source of the test pattern: pace, time line and late pictures."""

from collections.abc import Callable, Iterator
import threading
from typing import override

import numpy as np
import pytest

from custom_components.retrocam.core.frames.feed import Picture
from custom_components.retrocam.core.pattern.picture import PatternSource, TestPattern

from ...pattern_reader import read_frame_number
from ..media import Clock
from .patterns import NOON, SMALL, luma_of


class Stop(threading.Event):
    """An event whose wait advances the clock."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self.waits: list[float] = []

    @override
    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None
        if not self.is_set():
            self.waits.append(timeout)
            self._clock.now += timeout
        return self.is_set()


class Watcher:
    """Runs a source by a clock, and records the pictures."""

    def __init__(self) -> None:
        self.clock = Clock(1000.0)
        self.clock.wall_ahead = NOON - self.clock.now
        self.stop = Stop(self.clock)
        self.source = PatternSource(SMALL, clock=self.clock, wall_clock=self.clock.wall)
        self.pictures: list[Picture] = []
        self.emitted_at: list[float] = []

    def run(self, count: int, before_each: Callable[[int], None] = lambda _: None) -> list[int]:
        """Take `count` pictures, return their numbers; `before_each` gets the count so far."""
        self.stop.clear()
        taken: list[Picture] = []

        def emit(picture: Picture) -> None:
            self.emitted_at.append(self.clock.now)
            taken.append(picture)
            before_each(len(taken))
            if len(taken) == count:
                self.stop.set()

        self.source.run(emit, self.stop)
        self.pictures += taken
        return list(self.numbers(taken))

    @staticmethod
    def numbers(pictures: list[Picture], fps: float = SMALL.fps) -> Iterator[int]:
        for picture in pictures:
            number = read_frame_number(luma_of(picture.frame))
            assert number is not None
            assert picture.position == number / fps
            yield number


@pytest.fixture
def watcher() -> Watcher:
    return Watcher()


def test_source_keeps_its_pace(watcher: Watcher) -> None:
    assert watcher.run(60) == list(range(60))
    steps = np.diff(watcher.emitted_at)
    assert steps == pytest.approx(np.full(59, 0.04))
    assert [picture.time - NOON for picture in watcher.pictures] == pytest.approx(
        [number / 25 for number in range(60)], abs=1e-6
    )


def test_clock_does_not_jitter_when_a_picture_is_late(watcher: Watcher) -> None:
    def sometimes_late(taken: int) -> None:
        watcher.clock.now += 0.03 if taken % 3 else 0.0

    watcher.run(30, sometimes_late)
    times = [picture.time for picture in watcher.pictures]
    assert np.diff(times) == pytest.approx(np.full(29, 0.04), abs=1e-6)


def test_times_are_even_when_the_thread_is_preempted(watcher: Watcher) -> None:
    source = watcher.source
    lost_turns = iter([0.0] * 5 + [0.3] + [0.0] * 5 + [0.3])

    def lose_turn() -> float:
        wall = watcher.clock.wall()
        watcher.clock.now += next(lost_turns, 0.0)
        return wall

    source._wall_offset._wall_clock = lose_turn
    watcher.run(30)
    times = [picture.time for picture in watcher.pictures]
    assert next(lost_turns, None) is None, "no turn was lost"
    assert np.diff(times) == pytest.approx(np.full(29, 0.04), abs=1e-6)


def test_late_pictures_are_caught_up(watcher: Watcher) -> None:
    def stall(taken: int) -> None:
        if taken == 10:
            watcher.clock.now += 1.9

    assert watcher.run(80, stall) == list(range(80))
    assert watcher.emitted_at[-1] == pytest.approx(1000 + 79 / 25), "never caught up"


def test_very_late_source_skips_pictures(watcher: Watcher) -> None:
    def stall(taken: int) -> None:
        if taken == 10:
            watcher.clock.now += 5.0

    numbers = watcher.run(20, stall)
    assert numbers[:10] == list(range(10))
    assert numbers[10:] == list(range(134, 144))


def test_time_line_advances_without_viewers(watcher: Watcher) -> None:
    first = watcher.run(10)
    watcher.clock.now += 60
    second = watcher.run(10)
    assert first == list(range(10))
    assert second[0] in (1509, 1510), "the clock adds up steps of 1 / 25"
    assert second == list(range(second[0], second[0] + 10))


def test_numbers_are_never_repeated(watcher: Watcher) -> None:
    numbers = [number for _ in range(20) for number in watcher.run(2)]
    assert numbers == sorted(set(numbers))


def test_stopped_source_emits_nothing(watcher: Watcher) -> None:
    watcher.stop.set()
    emitted: list[Picture] = []
    watcher.source.run(emitted.append, watcher.stop)
    assert emitted == []


def test_real_clock() -> None:
    source = PatternSource(TestPattern(160, 90, 50))
    stop = threading.Event()
    pictures: list[Picture] = []

    def emit(picture: Picture) -> None:
        pictures.append(picture)
        if len(pictures) == 5:
            stop.set()

    source.run(emit, stop)
    numbers = list(Watcher.numbers(pictures, 50))
    # A thread that gets no core for a moment begins later, or skips some.
    assert numbers == sorted(set(numbers))
