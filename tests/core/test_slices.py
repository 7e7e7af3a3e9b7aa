"""Long work in slices: in order, whole, and with turns of the event loop for others between."""

import asyncio
from collections.abc import Callable

import pytest

from custom_components.retrocam.core.slices import LONGEST, Slices


class Clock:
    """A clock that work turns on, and nothing else."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def work(self, seconds: float) -> Callable[[int], int]:
        def work(number: int) -> int:
            self.now += seconds
            return number

        return work


async def test_all_is_done_in_order() -> None:
    clock = Clock()
    slices = Slices(clock)
    assert await slices.each(clock.work(LONGEST / 3), range(20)) == list(range(20))
    assert await slices.each(clock.work(1), []) == []


async def test_a_slice_ends_in_time_and_rests_as_long(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    slices = Slices(clock)
    rests: list[float] = []

    async def sleep(seconds: float) -> None:
        rests.append(seconds)
        clock.now += seconds

    monkeypatch.setattr(asyncio, "sleep", sleep)
    await slices.each(clock.work(2 * LONGEST / 3), range(6))
    slice_ = 4 * LONGEST / 3
    assert rests == pytest.approx([slice_, slice_, slice_, 0])


async def test_slices_of_many_callers_never_run_in_one_turn_of_the_loop() -> None:
    """Twenty callers must not add up to one stretch of twenty slices."""
    clock, loop = Clock(), asyncio.get_running_loop()
    slices = Slices(clock)
    turn, seen = 0, list[int]()
    done = False

    def count() -> None:
        nonlocal turn
        turn += 1
        if not done:
            loop.call_soon(count)

    def work(number: int) -> int:
        seen.append(turn)
        clock.now += LONGEST
        return number

    count()
    asked = [asyncio.create_task(slices.each(work, range(3))) for _ in range(20)]
    await asyncio.gather(*asked)
    done = True
    assert len(seen) == 60
    assert len(set(seen)) == 60


async def test_one_error_is_the_caller_s_own() -> None:
    slices = Slices()

    def fail(number: int) -> int:
        raise ValueError(number)

    with pytest.raises(ValueError, match="7"):
        await slices.each(fail, [7])
    assert await slices.each(int, [7]) == [7]


async def test_who_is_cancelled_holds_up_nobody() -> None:
    slices = Slices()
    first = asyncio.create_task(slices.each(int, range(1000)))
    second = asyncio.create_task(slices.each(int, range(1000)))
    await asyncio.sleep(0)  # both have begun
    for task in (first, second):
        task.cancel()
    await asyncio.gather(first, second, return_exceptions=True)
    assert await slices.each(int, [1]) == [1]
