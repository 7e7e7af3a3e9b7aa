"""Reads playlists and media of one camera's footage from its tape, in threads."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from functools import partial
import time as clocks
from typing import Final

from ..core.errors import DroppedError, NotHeldError, SpanTooLongError, StorageError
from ..core.footage.held import HeldFootage
from ..core.footage.joined import Footage
from ..core.footage.media_names import MediaName, TapeInitName, TapeSegmentName
from ..core.footage.placements import Placed
from ..core.footage.taped import (
    FoundMedia,
    dropped_media,
    file_of,
    loaded,
    taped_media,
    taped_window,
)
from ..core.footage.window import Window
from ..core.job_limiter import JobLimiter
from ..core.tape.file_reader import TapeFile
from ..core.threads import run_in_thread

MOST_SECONDS: Final = 3600.0
"""Seconds that a closed playlist may list: an hour."""
MOST_OPEN: Final = 900.0
"""Seconds before the present that an open playlist may list: it is loaded anew with each part."""
READS: Final = 4
"""Playlists read from a tape at once, segments and frames: a drive that hangs holds no more threads."""
_READS_WAITING: Final = 100
_KEPT: Final = 30.0
"""Seconds after its last use by a reader for which a file is not deleted."""
_MOST_KEPT: Final = 8
"""Files kept: those of one playlist."""
_PATIENCE: Final = 5.0
"""Seconds in which the tape must answer a playlist that memory can begin without it."""
_ROUNDING: Final = 1.0


class TapedFootage:
    """The tape of one camera, for playlists. All methods run in the event loop without blocking it."""

    def __init__(self, name: str, footage: Footage, clock: Callable[[], float]) -> None:
        """`clock` is monotonic."""
        self._name = name
        self._footage = footage
        self._clock = clock
        self._kept: dict[TapeFile, float] = {}
        self._reads = JobLimiter(running=READS, waiting=_READS_WAITING)
        self._frames = JobLimiter(running=READS, waiting=_READS_WAITING)
        self._transfers = JobLimiter(running=READS, waiting=_READS_WAITING)

    async def async_window(
        self, start: float | None, end: float | None, *, final: bool
    ) -> Window | None:
        """Return the window from `start` to `end` (UNIX s), None where the tape has no part in it.

        Raises NotHeldError, SpanTooLongError for a closed one, BusyError.
        """
        tape = self._footage.tape
        if start is None or tape is None:
            return None
        if end is None:
            start = max(start, clocks.time() - MOST_OPEN)
        memory = self._footage.memory_begin
        if start >= memory or not tape.holds(
            start, min(memory, clocks.time() if end is None else end)
        ):
            return None
        if end is not None:
            oldest = min(tape.first_after(start), memory)
            if min(end, clocks.time()) - oldest > MOST_SECONDS + _ROUNDING:
                raise SpanTooLongError(f"a playlist has at most {MOST_SECONDS:.0f} s")
        read = partial(taped_window, self._footage, start, end, final=final)
        window = await (self._async_read_soon(read) if end is None else self._async_read(read))
        if window is None:
            return None
        self.keep(file for held in window.segments if (file := file_of(held.segment)))
        return window if window.taped else None

    @asynccontextmanager
    async def media(self, name: MediaName, placed: Placed | None) -> AsyncIterator[FoundMedia]:
        """Read what a playlist names, and keep a place for the block, in which it is sent.

        `placed` tells where a segment was that memory had, and has no longer. Raises DroppedError,
        NotHeldError, BusyError, FragmentError.
        """
        tape = self._footage.tape
        if isinstance(name, TapeInitName | TapeSegmentName):
            read = partial(taped_media, tape, name) if tape is not None else None
        elif tape is not None and placed is not None:
            read = partial(dropped_media, self._footage, name, placed)
        else:
            read = None
        if read is None:
            raise DroppedError("the segment is no longer held")
        async with self._transfers.enter():
            found = await self._async_run(read)
            if (file := file_of(found.held.segment)) is not None:
                self.keep([file])
            yield found

    @asynccontextmanager
    async def loaded(self, time: float) -> AsyncIterator[HeldFootage]:
        """Read what a frame at a time is decoded from, and keep a place for the block.

        A drive that hangs thus takes none of the places that all cameras share. Raises NotHeldError,
        DroppedError, BusyError.
        """
        async with self._frames.enter():
            yield await self._async_run(partial(loaded, self._footage, time))

    def keep(self, files: Iterable[TapeFile]) -> None:
        """Keep files from being deleted for a while, for who has just been told of them."""
        until = self._clock() + _KEPT
        for file in files:
            self._kept.pop(file, None)
            self._kept[file] = until
        for file in list(self._kept)[:-_MOST_KEPT]:
            del self._kept[file]

    def expire(self) -> bool:
        """Let go of files that were kept for long enough; return whether any are left."""
        now = self._clock()
        self._kept = {file: until for file, until in self._kept.items() if until > now}
        return bool(self._kept)

    def clear(self) -> None:
        """Let go of all files."""
        self._kept.clear()

    async def _async_read_soon(self, read: Callable[[], Window]) -> Window | None:
        """Read while the drive answers soon; None if it does not, or has nothing."""
        task = asyncio.ensure_future(self._async_read(read))
        done, _ = await asyncio.wait((task,), timeout=_PATIENCE)
        if not done:
            # The thread keeps its place until it ends; nobody waits for it.
            task.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
            return None
        try:
            return task.result()
        except NotHeldError:
            return None

    async def _async_read(self, read: Callable[[], Window]) -> Window:
        """Read a window when there is a place. Raises what it raises, DroppedError, BusyError."""
        async with self._reads.enter():
            return await self._async_run(read)

    async def _async_run[T](self, read: Callable[[], T]) -> T:
        """Run what reads the tape in a thread. Raises what it raises, and DroppedError."""
        try:
            name = f"retrocam tape reader {self._name}"
            return await run_in_thread(name, read, join_on_cancel=True)
        except StorageError as err:
            raise DroppedError(f"the tape cannot be read: {err}") from err
