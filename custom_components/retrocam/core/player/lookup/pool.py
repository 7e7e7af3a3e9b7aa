"""Runs look-up jobs: few at once, each in a process of its own, with a deadline."""

import asyncio
import contextlib
from functools import partial
import logging
from typing import Final

from ...errors import PlayNetworkError, PlayTimeoutError
from ...threads import run_in_thread
from .messages import LENGTH, MAX_ANSWER_BYTES, LookupJob, dump_job, framed
from .server import LookupServer

_LOGGER = logging.getLogger(__name__)

MAX_JOBS: Final = 2
_IDLE_SECONDS: Final = 180.0
"""Lifetime of an idle server: it takes 1.5 s to start, and 80 MB."""
_KILL_TIMEOUT: Final = 3.0
"""Seconds for a killed process to end."""


class LookupPool:
    """Jobs on one server. All methods are for the event loop."""

    def __init__(
        self,
        server: LookupServer | None = None,
        *,
        home: str | None = None,
        idle_seconds: float = _IDLE_SECONDS,
    ) -> None:
        """Use `server`, or start one in the home directory `home` and stop it after `idle_seconds`."""
        self._owns_server = server is None
        self.server = server or LookupServer(home)
        self._idle_seconds = idle_seconds
        self._slots = asyncio.Semaphore(MAX_JOBS)
        self._tasks: set[asyncio.Task[bytes]] = set()
        """Jobs, also cancelled ones that have not ended yet."""
        self._stopping: set[asyncio.Task[bool]] = set()
        """Of idle servers."""
        self._idle_timer: asyncio.TimerHandle | None = None
        self._closed = False

    async def run(self, job: LookupJob, limit: float) -> bytes:
        """Return the answer to a job within `limit` s.

        Timeout and cancellation kill its process. Raises PlayTimeoutError, and PlayNetworkError if the
        process ends without an answer or the pool is closed.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + limit
        try:
            async with asyncio.timeout_at(deadline):
                # A cancelled job keeps its slot until its process is gone, lest processes pile up.
                await self._slots.acquire()
        except TimeoutError as err:
            raise PlayTimeoutError("other look-ups took too long") from err
        if self._idle_timer is not None:
            self._idle_timer.cancel()
        task = loop.create_task(self._run(job), name="retrocam look-up")
        self._tasks.add(task)
        task.add_done_callback(self._on_done)
        try:
            await asyncio.wait((task,), timeout=deadline - loop.time())
        finally:
            finished = task.done()
            task.cancel()
        if not finished:
            raise PlayTimeoutError("the look-up took too long")
        return task.result()

    async def close(self, limit: float = _KILL_TIMEOUT) -> bool:
        """Kill all jobs, for good; return whether their processes ended within `limit` s."""
        self._closed = True
        if self._idle_timer is not None:
            self._idle_timer.cancel()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(tuple(self._tasks), timeout=limit)
        ended = not self._tasks
        if self._owns_server:
            self._stop_server(limit)
            ended &= all(await asyncio.gather(*self._stopping))
        if not ended:
            _LOGGER.warning("The look-up process did not end by itself")
        return ended

    async def _run(self, job: LookupJob) -> bytes:
        if self._closed:
            raise PlayNetworkError("look-ups have ended")
        try:
            connection = self.server.connect()
        except OSError as err:
            raise PlayNetworkError("the look-up process cannot be started") from err
        opening = asyncio.ensure_future(asyncio.open_unix_connection(sock=connection))
        try:
            # If cancelled here, the process still exists and must be waited for.
            reader, writer = await asyncio.shield(opening)
            writer.write(framed(dump_job(job)))
            (length,) = LENGTH.unpack(await reader.readexactly(LENGTH.size))
            if length > MAX_ANSWER_BYTES:
                raise PlayNetworkError("the look-up's answer is too long")
            return await reader.readexactly(length)
        except (OSError, asyncio.IncompleteReadError) as err:
            raise PlayNetworkError("the look-up process has ended") from err
        finally:
            await _hang_up(*await opening)

    def _on_done(self, task: asyncio.Task[bytes]) -> None:
        """Free a job's slot; its error may remain unread."""
        self._tasks.discard(task)
        self._slots.release()
        if not task.cancelled():
            task.exception()
        if not self._tasks and not self._closed and self._owns_server:
            loop = asyncio.get_running_loop()
            self._idle_timer = loop.call_later(self._idle_seconds, self._stop_server)

    def _stop_server(self, limit: float = _KILL_TIMEOUT) -> None:
        """Stop the server, waiting for it in a thread."""
        wait = self.server.request_stop()
        task = asyncio.ensure_future(
            run_in_thread("retrocam end look-ups", partial(wait, limit), join_on_cancel=True)
        )
        self._stopping.add(task)
        task.add_done_callback(self._stopping.discard)


async def _hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Have a job's process killed and wait for its end."""
    try:
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(_KILL_TIMEOUT):
                writer.write_eof()
                while await reader.read(MAX_ANSWER_BYTES):
                    pass
    finally:
        writer.close()
