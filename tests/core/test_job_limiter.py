"""Tests of the bounded job queue."""

import asyncio

import pytest

from custom_components.retrocam.core.errors import BusyError
from custom_components.retrocam.core.job_limiter import GuestLimiter, JobLimiter


async def test_jobs_beyond_the_queue_are_refused() -> None:
    limiter = JobLimiter(running=2, waiting=3)
    running, peak = 0, 0
    began: list[int] = []
    go = asyncio.Event()

    async def job(number: int) -> None:
        nonlocal running, peak
        async with limiter.enter():
            began.append(number)
            running += 1
            peak = max(peak, running)
            await go.wait()
            running -= 1

    jobs = [asyncio.create_task(job(number)) for number in range(7)]
    await asyncio.wait(jobs[5:])
    for refused in jobs[5:]:
        assert isinstance(refused.exception(), BusyError)
    assert began == [0, 1]
    go.set()
    await asyncio.gather(*jobs[:5])
    assert began == [0, 1, 2, 3, 4]
    assert peak == 2


async def test_cancelled_waiter_frees_its_place() -> None:
    limiter = JobLimiter(running=1, waiting=1)
    async with limiter.enter():

        async def wait() -> None:
            async with limiter.enter():
                pass

        waiting = asyncio.create_task(wait())
        await asyncio.sleep(0)  # it is queued
        with pytest.raises(BusyError):
            await wait()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    await wait()


async def test_guests_get_half_the_places() -> None:
    limiter = GuestLimiter(running=4, waiting=4)
    began: list[str] = []
    go = asyncio.Event()

    async def job(name: str, *, guest: bool) -> None:
        async with limiter.enter(guest=guest):
            began.append(name)
            await go.wait()

    guests = [asyncio.create_task(job("guest", guest=True)) for _ in range(5)]
    await asyncio.wait(guests[4:])
    assert isinstance(guests[4].exception(), BusyError)
    assert began == ["guest"] * 2
    users = [asyncio.create_task(job("user", guest=False)) for _ in range(6)]
    await asyncio.sleep(0)  # they are queued
    assert began == ["guest", "guest", "user", "user"]
    go.set()
    await asyncio.gather(*guests[:4], *users)
    assert sorted(began) == ["guest"] * 4 + ["user"] * 6
