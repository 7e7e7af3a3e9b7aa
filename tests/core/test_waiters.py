"""Futures of event loops that are woken from a thread."""

import asyncio
import threading

from custom_components.retrocam.core.waiters import Waiters


async def test_all_are_woken_at_once_from_any_thread() -> None:
    lock = threading.RLock()
    waiters = Waiters(lock)
    tasks = [asyncio.ensure_future(waiters.wait(waiters.add())) for _ in range(20)]

    def wake() -> None:
        with lock:
            waiters.wake()

    await asyncio.to_thread(wake)
    await asyncio.gather(*tasks)


async def test_a_cancelled_waiter_does_not_keep_others_from_being_woken() -> None:
    waiters = Waiters()
    gone, stays = (asyncio.ensure_future(waiters.wait(waiters.add())) for _ in range(2))
    await asyncio.sleep(0)  # a turn of the loop
    gone.cancel()
    waiters.wake()
    await stays
    assert (await asyncio.gather(gone, return_exceptions=True))[0].__class__ is (
        asyncio.CancelledError
    )


def test_a_closed_loop_is_no_error() -> None:
    waiters = Waiters()

    async def begin() -> None:
        waiters.add()

    asyncio.run(begin())
    waiters.wake()
