"""Tests of futures that a thread wakes."""

import asyncio
import threading

from custom_components.retrocam.core.waiters import Waiters


async def test_all_waiters_wake_from_any_thread() -> None:
    lock = threading.RLock()
    waiters = Waiters(lock)
    tasks = [asyncio.ensure_future(waiters.wait(waiters.add())) for _ in range(20)]

    def wake() -> None:
        with lock:
            waiters.wake()

    await asyncio.to_thread(wake)
    await asyncio.gather(*tasks)


async def test_cancelled_waiter_does_not_block_others() -> None:
    waiters = Waiters()
    gone, stays = (asyncio.ensure_future(waiters.wait(waiters.add())) for _ in range(2))
    await asyncio.sleep(0)  # a turn of the loop
    gone.cancel()
    waiters.wake()
    await stays
    assert (await asyncio.gather(gone, return_exceptions=True))[0].__class__ is (
        asyncio.CancelledError
    )


def test_closed_loop_is_ignored() -> None:
    waiters = Waiters()

    async def begin() -> None:
        waiters.add()

    asyncio.run(begin())
    waiters.wake()
