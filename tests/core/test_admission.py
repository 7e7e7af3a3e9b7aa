"""A queue with a limit."""

import asyncio

import pytest

from custom_components.retrocam.core.admission import Admission
from custom_components.retrocam.core.errors import BusyError


async def test_a_few_run_some_wait_in_order_and_the_rest_is_refused() -> None:
    admission = Admission(running=2, waiting=3)
    running, most = 0, 0
    began: list[int] = []
    go = asyncio.Event()

    async def job(number: int) -> None:
        nonlocal running, most
        async with admission.enter():
            began.append(number)
            running += 1
            most = max(most, running)
            await go.wait()
            running -= 1

    jobs = [asyncio.create_task(job(number)) for number in range(7)]
    await asyncio.wait(jobs[5:])
    for refused in jobs[5:]:
        assert isinstance(refused.exception(), BusyError)
    assert began == [0, 1]
    assert admission.admitted == 5
    go.set()
    await asyncio.gather(*jobs[:5])
    assert began == [0, 1, 2, 3, 4]
    assert most == 2
    assert admission.admitted == 0


async def test_who_gives_up_waiting_makes_room() -> None:
    admission = Admission(running=1, waiting=1)
    async with admission.enter():

        async def wait() -> None:
            async with admission.enter():
                pass

        waiting = asyncio.create_task(wait())
        await asyncio.sleep(0)  # it waits
        with pytest.raises(BusyError):
            await wait()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert admission.admitted == 1
    await wait()
