"""How far the wall clock is ahead of the monotonic one."""

import time

import pytest

from custom_components.retrocam.core.segments.clock_offset import WallOffset

AHEAD = 1_000_000.0


class Clocks:
    """Two clocks; a thread that reads them loses its turn for so long after each reading."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.ahead = AHEAD
        self.lost_turns: list[float] = []

    def monotonic(self) -> float:
        return self._read(0.0)

    def wall(self) -> float:
        return self._read(self.ahead)

    def _read(self, ahead: float) -> float:
        value = self.now + ahead
        self.now += self.lost_turns.pop(0) if self.lost_turns else 1e-6
        return value


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


@pytest.mark.parametrize("lost", [[0.1], [0, 0.1], [0, 0, 0.1], [0.1, 0.2, 0.1], [0.05] * 6])
def test_a_lost_turn_moves_no_time(clocks: Clocks, lost: list[float]) -> None:
    offset = WallOffset(clocks.monotonic, clocks.wall)
    clocks.lost_turns += lost
    assert [offset.read() for _ in range(4)] == pytest.approx([AHEAD] * 4, abs=1e-5)


@pytest.mark.parametrize("lost", [[0.1], [0, 0.1], [0, 0.1, 0.1, 0.1], [0, 0, 0.1, 0.1]])
def test_a_turn_that_is_lost_at_first_does_no_harm(clocks: Clocks, lost: list[float]) -> None:
    clocks.lost_turns += lost
    assert WallOffset(clocks.monotonic, clocks.wall).read() == pytest.approx(AHEAD, abs=1e-5)


@pytest.mark.parametrize("jump", [3600.0, -3600.0, 0.5, -0.5, 0.001, -0.001])
def test_a_jump_counts_at_once(clocks: Clocks, jump: float) -> None:
    offset = WallOffset(clocks.monotonic, clocks.wall)
    clocks.ahead += jump
    assert offset.read() == pytest.approx(AHEAD + jump, abs=1e-5)


def test_real_clocks_give_the_time() -> None:
    before = time.time()
    now = WallOffset().read() + time.monotonic()
    assert before - 0.001 <= now <= time.time() + 0.001
