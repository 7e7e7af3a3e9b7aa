"""One job in one thread of its own, awaited from an event loop; and how a thread answers a future."""

import asyncio
from collections.abc import Callable
import contextlib
import threading


def resolve[T](future: asyncio.Future[T], result: T) -> None:
    """Give a future its result, unless it has ended meanwhile; in its event loop."""
    if not future.done():
        future.set_result(result)


async def run_in_thread[T](
    name: str, function: Callable[[], T], *, outlived: bool = True, daemon: bool = False
) -> T:
    """Run `function` in a new thread called `name` and return what it returns, or raise what it raises.

    For work that decodes, encodes or waits for a source: it must not take a place in the event loop's
    shared executor. The function must have a way to end by itself: if the awaiting task is cancelled,
    its result is dropped. With `outlived` the thread may go on a little while then; without, the task
    ends only after it. The thread is joined when it has answered. A `daemon` does not hold up the end of
    the process: for what looks names up, which nothing can interrupt.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def answer(result: T | None, error: Exception | None) -> None:
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)  # type: ignore[arg-type]  # T may itself be None

    def run() -> None:
        result: T | None = None
        error: Exception | None = None
        try:
            result = function()
        except Exception as err:  # noqa: BLE001  # handed to the awaiting task, whatever it is
            error = err
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(answer, result, error)

    thread = threading.Thread(target=run, name=name, daemon=daemon)
    thread.start()
    try:
        # Not by asyncio.shield: it reports an error that comes after the cancellation to the loop.
        await asyncio.wait((future,))
        return future.result()
    except asyncio.CancelledError:
        if outlived:
            future.cancel()
        else:
            await asyncio.wait((future,))
            future.exception()  # nobody else will ask for it
        raise
    finally:
        if future.done() and not future.cancelled():
            thread.join()
