"""Tests of long work cut into slices."""

import asyncio
from collections.abc import Callable

import pytest

from custom_components.retrocam.core.fair_turns import MAX_SLICE, FairTurns


class Clock:
    """A clock that only work advances."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def work(self, seconds: float) -> Callable[[int], int]:
        def work(number: int) -> int:
            self.now += seconds
            return number

        return work


async def test_map_returns_results_in_order() -> None:
    clock = Clock()
    slices = FairTurns(clock)
    assert await slices.map(clock.work(MAX_SLICE / 3), range(20)) == list(range(20))
    assert await slices.map(clock.work(1), []) == []


async def test_slice_is_limited_and_followed_by_an_equal_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = Clock()
    slices = FairTurns(clock)
    rests: list[float] = []

    async def sleep(seconds: float) -> None:
        rests.append(seconds)
        clock.now += seconds

    monkeypatch.setattr(asyncio, "sleep", sleep)
    await slices.map(clock.work(2 * MAX_SLICE / 3), range(6))
    slice_ = 4 * MAX_SLICE / 3
    assert rests == pytest.approx([slice_, slice_, slice_, 0])


async def test_slices_of_many_callers_run_in_separate_loop_turns() -> None:
    """Twenty callers must not block the loop for twenty slices in a row."""
    clock, loop = Clock(), asyncio.get_running_loop()
    slices = FairTurns(clock)
    turn, seen = 0, list[int]()
    done = False

    def count() -> None:
        nonlocal turn
        turn += 1
        if not done:
            loop.call_soon(count)

    def work(number: int) -> int:
        seen.append(turn)
        clock.now += MAX_SLICE
        return number

    count()
    asked = [asyncio.create_task(slices.map(work, range(3))) for _ in range(20)]
    await asyncio.gather(*asked)
    done = True
    assert len(seen) == 60
    assert len(set(seen)) == 60


async def test_error_reaches_its_caller_only() -> None:
    slices = FairTurns()

    def fail(number: int) -> int:
        raise ValueError(number)

    with pytest.raises(ValueError, match="7"):
        await slices.map(fail, [7])
    assert await slices.map(int, [7]) == [7]


async def test_cancelled_callers_do_not_block_others() -> None:
    slices = FairTurns()
    first = asyncio.create_task(slices.map(int, range(1000)))
    second = asyncio.create_task(slices.map(int, range(1000)))
    await asyncio.sleep(0)  # both have begun
    for task in (first, second):
        task.cancel()
    await asyncio.gather(first, second, return_exceptions=True)
    assert await slices.map(int, [1]) == [1]
