"""Offset of the wall clock from the monotonic clock."""

import time

import pytest

from custom_components.retrocam.core.segments.clock_offset import WallOffset

AHEAD = 1_000_000.0


class Clocks:
    """Two clocks whose reader is preempted after each reading."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.ahead = AHEAD
        self.preemptions: list[float] = []

    def monotonic(self) -> float:
        return self._read(0.0)

    def wall(self) -> float:
        return self._read(self.ahead)

    def _read(self, ahead: float) -> float:
        value = self.now + ahead
        self.now += self.preemptions.pop(0) if self.preemptions else 1e-6
        return value


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


@pytest.mark.parametrize("preemptions", [[0.1], [0, 0.1], [0, 0, 0.1], [0.1, 0.2, 0.1], [0.05] * 6])
def test_preemption_does_not_change_the_offset(clocks: Clocks, preemptions: list[float]) -> None:
    offset = WallOffset(clocks.monotonic, clocks.wall)
    clocks.preemptions += preemptions
    assert [offset.read() for _ in range(4)] == pytest.approx([AHEAD] * 4, abs=1e-5)


@pytest.mark.parametrize("preemptions", [[0.1], [0, 0.1], [0, 0.1, 0.1, 0.1], [0, 0, 0.1, 0.1]])
def test_preemption_during_the_first_readings(clocks: Clocks, preemptions: list[float]) -> None:
    clocks.preemptions += preemptions
    assert WallOffset(clocks.monotonic, clocks.wall).read() == pytest.approx(AHEAD, abs=1e-5)


@pytest.mark.parametrize("jump", [3600.0, -3600.0, 0.5, -0.5, 0.001, -0.001])
def test_clock_step_takes_effect_at_once(clocks: Clocks, jump: float) -> None:
    offset = WallOffset(clocks.monotonic, clocks.wall)
    clocks.ahead += jump
    assert offset.read() == pytest.approx(AHEAD + jump, abs=1e-5)


def test_real_clocks() -> None:
    before = time.time()
    now = WallOffset().read() + time.monotonic()
    # The system may set its clock meanwhile.
    assert before - 1 <= now <= time.time() + 1
