"""One job in a thread of its own, awaited."""

import asyncio
import threading

import pytest

from custom_components.retrocam.core.threads import run_in_thread


def names() -> list[str]:
    return [thread.name for thread in threading.enumerate()]


async def test_the_job_runs_in_a_thread_of_that_name_which_is_then_gone() -> None:
    assert await run_in_thread("retrocam job", lambda: threading.current_thread().name) == (
        "retrocam job"
    )
    assert "retrocam job" not in names()


@pytest.mark.parametrize("result", [None, 0, "text"])
async def test_any_result_is_returned(result: object) -> None:
    assert await run_in_thread("retrocam job", lambda: result) is result


async def test_what_is_raised_is_raised_and_the_thread_is_gone() -> None:
    def fail() -> None:
        raise LookupError("nothing there")

    with pytest.raises(LookupError, match="nothing there"):
        await run_in_thread("retrocam job", fail)
    assert "retrocam job" not in names()


async def test_the_event_loop_goes_on_meanwhile() -> None:
    go = threading.Event()

    async def let_go() -> None:
        go.set()

    ended, _ = await asyncio.gather(run_in_thread("retrocam job", lambda: go.wait(10)), let_go())
    assert ended


async def test_jobs_run_side_by_side_each_in_its_own_thread() -> None:
    together = threading.Barrier(8)
    jobs = (run_in_thread(f"retrocam job {n}", lambda: together.wait(10)) for n in range(8))
    assert sorted(await asyncio.gather(*jobs)) == list(range(8))


async def test_a_cancelled_wait_drops_the_result_and_does_not_wait_for_the_thread() -> None:
    go = threading.Event()
    began = asyncio.Event()
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()

    def job() -> str:
        loop.call_soon_threadsafe(began.set)
        go.wait(10)
        loop.call_soon_threadsafe(ended.set)
        return "for nobody"

    waiting = asyncio.create_task(run_in_thread("retrocam job", job))
    await began.wait()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert "retrocam job" in names()
    go.set()
    async with asyncio.timeout(30):
        await ended.wait()
    for thread in threading.enumerate():
        if thread.name == "retrocam job":
            thread.join(10)
    # The late answer is taken in by the loop, and by nobody else.
    await asyncio.sleep(0)
    assert waiting.cancelled()


async def test_a_failure_after_a_cancelled_wait_is_dropped_too() -> None:
    go = threading.Event()
    threads: list[threading.Thread] = []

    def job() -> None:
        threads.append(threading.current_thread())
        go.wait(10)
        raise LookupError("for nobody")

    waiting = asyncio.create_task(run_in_thread("retrocam job", job))
    await asyncio.sleep(0)
    waiting.cancel()
    go.set()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    threads[0].join(10)
    assert not threads[0].is_alive()


def test_a_loop_that_was_closed_under_the_thread_does_not_disturb_it() -> None:
    go = threading.Event()
    threads: list[threading.Thread] = []
    failures: list[object] = []

    def job() -> None:
        threads.append(threading.current_thread())
        go.wait(10)

    async def begin() -> None:
        task = asyncio.create_task(run_in_thread("retrocam job", job))
        await asyncio.sleep(0)
        task.cancel()

    before = threading.excepthook
    threading.excepthook = failures.append
    try:
        asyncio.run(begin())
        go.set()
        threads[0].join(10)
    finally:
        threading.excepthook = before
    assert not threads[0].is_alive()
    assert failures == []


@pytest.mark.parametrize("fails", [False, True])
async def test_a_job_that_may_not_be_outlived_is_waited_for_even_when_cancelled(
    *, fails: bool
) -> None:
    go = threading.Event()
    began = asyncio.Event()
    loop = asyncio.get_running_loop()
    complaints: list[object] = []
    loop.set_exception_handler(lambda _loop, context: complaints.append(context))

    def job() -> None:
        loop.call_soon_threadsafe(began.set)
        go.wait(10)
        if fails:
            raise LookupError("for nobody")

    waiting = asyncio.create_task(run_in_thread("retrocam job", job, outlived=False))
    await began.wait()
    waiting.cancel()
    done, _ = await asyncio.wait((waiting,), timeout=0.05)
    assert not done
    go.set()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert "retrocam job" not in names()
    # What failed for nobody is no error that a log should hold.
    assert complaints == []
