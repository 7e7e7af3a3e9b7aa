"""Tests of awaiting a job in a thread of its own."""

import asyncio
import threading

import pytest

from custom_components.retrocam.core.threads import run_in_thread


def names() -> list[str]:
    return [thread.name for thread in threading.enumerate()]


def jobs() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "retrocam job"]


async def test_job_runs_in_a_named_thread_that_ends() -> None:
    assert await run_in_thread("retrocam job", lambda: threading.current_thread().name) == (
        "retrocam job"
    )
    assert "retrocam job" not in names()


@pytest.mark.parametrize("result", [None, 0, "text"])
async def test_any_result_is_returned(result: object) -> None:
    assert await run_in_thread("retrocam job", lambda: result) is result


async def test_error_is_raised_and_the_thread_ends() -> None:
    def fail() -> None:
        raise LookupError("nothing there")

    with pytest.raises(LookupError, match="nothing there"):
        await run_in_thread("retrocam job", fail)
    assert "retrocam job" not in names()


async def test_event_loop_runs_during_the_job() -> None:
    go = threading.Event()

    async def let_go() -> None:
        go.set()

    ended, _ = await asyncio.gather(run_in_thread("retrocam job", lambda: go.wait(60)), let_go())
    assert ended


async def test_jobs_run_concurrently_in_threads_of_their_own() -> None:
    together = threading.Barrier(8)
    jobs = (run_in_thread(f"retrocam job {n}", lambda: together.wait(60)) for n in range(8))
    assert sorted(await asyncio.gather(*jobs)) == list(range(8))


async def test_cancellation_drops_the_result_without_joining() -> None:
    go = threading.Event()
    began = asyncio.Event()
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()

    def job() -> str:
        loop.call_soon_threadsafe(began.set)
        go.wait(60)
        loop.call_soon_threadsafe(ended.set)
        return "dropped"

    task = asyncio.create_task(run_in_thread("retrocam job", job))
    await began.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert "retrocam job" in names()
    go.set()
    async with asyncio.timeout(60):
        await ended.wait()
    for thread in jobs():
        thread.join(60)
    # The loop takes the late answer and drops it.
    await asyncio.sleep(0)
    assert task.cancelled()


async def test_failure_after_cancellation_is_dropped() -> None:
    go = threading.Event()

    def job() -> None:
        go.wait(60)
        raise LookupError("dropped")

    task = asyncio.create_task(run_in_thread("retrocam job", job))
    await asyncio.sleep(0)
    (thread,) = jobs()
    task.cancel()
    go.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    thread.join(60)
    assert not thread.is_alive()


def test_thread_outlives_a_closed_loop() -> None:
    go = threading.Event()
    threads: list[threading.Thread] = []
    failures: list[object] = []

    async def begin() -> None:
        task = asyncio.create_task(run_in_thread("retrocam job", lambda: go.wait(60)))
        await asyncio.sleep(0)
        # It may not have begun to run yet.
        threads.extend(jobs())
        task.cancel()

    before = threading.excepthook
    threading.excepthook = failures.append
    try:
        asyncio.run(begin())
        go.set()
        threads[0].join(60)
    finally:
        threading.excepthook = before
    assert not threads[0].is_alive()
    assert failures == []


@pytest.mark.parametrize("fails", [False, True])
async def test_join_on_cancel_waits_for_the_thread(*, fails: bool) -> None:
    go = threading.Event()
    began = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop_errors: list[object] = []
    loop.set_exception_handler(lambda _loop, context: loop_errors.append(context))

    def job() -> None:
        loop.call_soon_threadsafe(began.set)
        go.wait(60)
        if fails:
            raise LookupError("dropped")

    task = asyncio.create_task(run_in_thread("retrocam job", job, join_on_cancel=True))
    await began.wait()
    task.cancel()
    done, _ = await asyncio.wait((task,), timeout=0.05)
    assert not done
    go.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert "retrocam job" not in names()
    # A dropped error must not be logged.
    assert loop_errors == []
