"""Runs the jobs of look-ups: few at once, each in a process of its own, for a limited time."""

import asyncio
import contextlib
from functools import partial
import logging
from typing import Final

from ...errors import PlayNetworkError, PlayTimeoutError
from ...threads import run_in_thread
from .messages import LENGTH, MOST_BYTES, Job, dump_job, framed
from .server import LookupServer

_LOGGER = logging.getLogger(__name__)

MOST_JOBS: Final = 2
_WARM: Final = 180.0
"""Seconds for which an idle server is kept: starting it takes one and a half, and it 80 MB."""
_PATIENCE: Final = 3.0
"""Seconds in which a killed process must be gone."""


class LookupPool:
    """Jobs on one server. All methods are for the event loop."""

    def __init__(
        self, server: LookupServer | None = None, *, home: str | None = None, warm: float = _WARM
    ) -> None:
        """Use `server`, or one of its own, which ends after `warm` s without a job.

        `home` is the home directory of the pool's own server.
        """
        self._owns_server = server is None
        self.server = server or LookupServer(home)
        self._warm = warm
        self._slots = asyncio.Semaphore(MOST_JOBS)
        self._tasks: set[asyncio.Task[bytes]] = set()
        self._endings: set[asyncio.Task[bool]] = set()
        """Of servers that were idle."""
        self._cooling: asyncio.TimerHandle | None = None
        self._closed = False

    @property
    def running(self) -> int:
        """How many jobs run, also such as were given up and have not ended yet."""
        return len(self._tasks)

    async def run(self, job: Job, limit: float) -> bytes:
        """Return the answer to a job within `limit` s.

        Its process is killed when that time is over, and when this is cancelled. Raises PlayTimeoutError
        and, if the process ends without an answer or the pool is closed, PlayNetworkError.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + limit
        try:
            async with asyncio.timeout_at(deadline):
                # What is given up keeps its slot until its process is gone: there is no pile of them.
                await self._slots.acquire()
        except TimeoutError as err:
            raise PlayTimeoutError("other look-ups took too long") from err
        if self._cooling is not None:
            self._cooling.cancel()
        task = loop.create_task(self._run(job), name="retrocam look-up")
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        try:
            await asyncio.wait((task,), timeout=deadline - loop.time())
        finally:
            finished = task.done()
            task.cancel()
        if not finished:
            raise PlayTimeoutError("the look-up took too long")
        return task.result()

    async def close(self, limit: float = _PATIENCE) -> bool:
        """Kill all that runs; tell whether it is gone within `limit` s. No job runs afterwards."""
        self._closed = True
        if self._cooling is not None:
            self._cooling.cancel()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(tuple(self._tasks), timeout=limit)
        ended = not self._tasks
        if self._owns_server:
            self._end_server(limit)
            ended &= all(await asyncio.gather(*self._endings))
        if not ended:
            _LOGGER.warning("The process of look-ups did not end by itself")
        return ended

    async def _run(self, job: Job) -> bytes:
        if self._closed:
            raise PlayNetworkError("look-ups have ended")
        try:
            connection = self.server.connect()
        except OSError as err:
            raise PlayNetworkError("the process of look-ups cannot be started") from err
        opening = asyncio.ensure_future(asyncio.open_unix_connection(sock=connection))
        try:
            # Cancelled in this moment, the process is there, too, and must be waited for.
            reader, writer = await asyncio.shield(opening)
            writer.write(framed(dump_job(job)))
            (length,) = LENGTH.unpack(await reader.readexactly(LENGTH.size))
            if length > MOST_BYTES:
                raise PlayNetworkError("the look-up's answer is too long")
            return await reader.readexactly(length)
        except (OSError, asyncio.IncompleteReadError) as err:
            raise PlayNetworkError("the process of a look-up has ended") from err
        finally:
            await _hang_up(*await opening)

    def _ended(self, task: asyncio.Task[bytes]) -> None:
        """Free a job's slot; nobody need ask for its error."""
        self._tasks.discard(task)
        self._slots.release()
        if not task.cancelled():
            task.exception()
        if not self._tasks and not self._closed and self._owns_server:
            loop = asyncio.get_running_loop()
            self._cooling = loop.call_later(self._warm, self._end_server)

    def _end_server(self, limit: float = _PATIENCE) -> None:
        """Let the server end, and wait for it in a thread."""
        wait = self.server.let_end()
        task = asyncio.ensure_future(
            run_in_thread("retrocam end look-ups", partial(wait, limit), outlived=False)
        )
        self._endings.add(task)
        task.add_done_callback(self._endings.discard)


async def _hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Have a job's process killed, and wait until it is gone."""
    try:
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                writer.write_eof()
                while await reader.read(MOST_BYTES):
                    pass
    finally:
        writer.close()
