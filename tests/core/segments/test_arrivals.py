"""The longest wait for a part."""

import math

import pytest

from custom_components.retrocam.core.segments.arrivals import Arrivals
from custom_components.retrocam.core.segments.segment import PartTiming


class Source:
    """Parts of 2 s on a timeline."""

    def __init__(self) -> None:
        self.arrivals = Arrivals()
        self.run = 0
        self.end = 100.0
        self.lag = 0.0

    def send(self, arrived: float, parts: int = 1) -> None:
        for _ in range(parts):
            timing = PartTiming(self.end, 2.0, arrived, 20, self.end, 0.0, self.end, 1.0, math.inf)
            self.arrivals.add(self.run, timing, self.lag)
            self.end += 2.0
            self.lag = min(self.lag, arrived - self.end)

    def reconnect(self, arrived: float) -> None:
        """Send the first part of a run, whose lag is its own."""
        self.run, self.end = self.run + 1, arrived - 2
        self.send(arrived)
        self.lag = 0.0

    @property
    def longest(self) -> float:
        return self.arrivals.longest(self.lag)


def test_no_part_no_wait() -> None:
    assert Source().longest == 0


def test_part_that_arrives_at_once_is_waited_for_while_it_lasts() -> None:
    source = Source()
    for second in range(102, 150, 2):
        source.send(second)
    assert source.longest == pytest.approx(2)


def test_first_burst_is_the_longest_wait() -> None:
    source = Source()
    source.send(102, parts=9)
    assert source.longest == pytest.approx(18)


def test_wait_between_bursts_is_remembered_for_three_minutes() -> None:
    source = Source()
    source.send(102, parts=9)
    for second in range(108, 282, 6):
        source.send(second, parts=3)
        assert source.longest == pytest.approx(18)
    for second in range(282, 300, 6):
        source.send(second, parts=3)
    assert source.longest == pytest.approx(6)


def test_reconnected_source_is_known() -> None:
    source = Source()
    source.send(102, parts=5)
    source.reconnect(302)
    assert source.longest == pytest.approx(10)
    for second in range(304, 486, 2):
        source.send(second)
    assert source.longest == pytest.approx(2)
