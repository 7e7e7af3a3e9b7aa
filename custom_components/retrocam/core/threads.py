"""Awaiting one job in a thread of its own, and resolving futures from a thread."""

import asyncio
from collections.abc import Callable
import concurrent.futures
import threading


def resolve[T](future: asyncio.Future[T], result: T) -> None:
    """Set the result of a future unless it is done. In its event loop."""
    if not future.done():
        future.set_result(result)


async def run_in_thread[T](
    name: str,
    function: Callable[[], T],
    *,
    join_on_cancel: bool = False,
    patience: float | None = None,
    daemon: bool = False,
) -> T:
    """Run `function` in a new thread called `name`; return or raise as it does.

    For work that decodes, encodes or waits for a source: it must not occupy the event loop's shared
    executor. The function must end by itself. When the awaiting task is cancelled, the result is
    dropped and the thread may run on for a while; with `join_on_cancel` the task ends only after the
    thread, or after `patience` seconds. The thread is joined when it is done. A `daemon` thread does not
    delay the end of the process: for what cannot be interrupted, as name resolution or a hanging drive.
    """
    outcome = concurrent.futures.Future[T]()
    outcome.set_running_or_notify_cancel()

    def run() -> None:
        try:
            outcome.set_result(function())
        except Exception as err:  # noqa: BLE001  # handed to the awaiting task, whatever it is
            outcome.set_exception(err)

    future = asyncio.wrap_future(outcome)
    thread = threading.Thread(target=run, name=name, daemon=daemon)
    thread.start()
    try:
        # Not asyncio.shield: it reports an error raised after the cancellation to the loop.
        await asyncio.wait((future,))
        return future.result()
    except asyncio.CancelledError:
        if join_on_cancel:
            await asyncio.wait((future,), timeout=patience)
        if future.done():
            future.exception()  # marked as retrieved
        else:
            future.cancel()
        raise
    finally:
        if future.done() and not future.cancelled():
            thread.join()
