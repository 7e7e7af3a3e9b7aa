"""The tape of one instance: all of its stream, for hours and days, on disk."""

import asyncio
from collections.abc import Callable, Iterable
import logging
import math
from pathlib import Path
from typing import Any, Final

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback

from ..core.errors import StorageError, StorageSlowError
from ..core.footage.joined import Footage, TapeFootage
from ..core.segments.segment import Segment
from ..core.tape.store import TapeLimits, TapeStore
from ..core.tape.writer import TapeWriter
from ..core.threads import run_in_thread
from ..settings import MEGABYTE, TapeSettings
from ..stream.provider import StreamProvider
from .patience import Deadline

_LOGGER = logging.getLogger(__name__)

FOLDER: Final = "tape"
_MIN_FREE: Final = 1.25
"""Space that the tape leaves free, as a multiple of that of the other media: the tape goes first."""
_MEASURED: Final = 3.0
"""Seconds of footage from which a bit rate can be told."""
PATIENCE: Final = 5.0
"""Seconds for which an unload waits for the disk."""
_STUCK: Final = 30.0
"""Seconds without an answer of the disk that are told."""


class Tape:
    """The tape of one instance. All methods run in the event loop without blocking it.

    While it is off, what is on tape can be seen, and goes by its limits.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        name: str,
        provider: StreamProvider,
        footage: Footage,
        settings: TapeSettings,
        *,
        directory: Path,
        save: Callable[[str, Any], None],
        on_change: Callable[[], None],
    ) -> None:
        """`directory` is that of the instance's media; `save` stores an option by its key."""
        self._hass = hass
        self._name = name
        self._provider = provider
        self._settings = settings
        self._save = save
        self._on_change = on_change
        self.enabled = settings.enabled
        self.hours = settings.hours
        self._store = TapeStore(directory / FOLDER, self._limits)
        self._writers: list[TapeWriter] = []
        """The last one records; those before have not ended yet."""
        self._release: CALLBACK_TYPE | None = None
        self._joining: asyncio.Task[None] | None = None
        self._closed = False
        self.footage = footage.tape = TapeFootage(self._store)
        """What is on disk, also of what memory has."""
        footage.recorded = settings.enabled
        footage.unwritten = self._unwritten

    @property
    def seconds(self) -> float:
        """Seconds on tape."""
        return self._store.seconds

    @property
    def size(self) -> int:
        """Bytes on tape."""
        return self._store.total_bytes

    @property
    def running(self) -> bool:
        """Whether a thread writes, or ends."""
        return bool(self._writers)

    @property
    def problem(self) -> StorageError | None:
        """Why nothing can be written; None if it can."""
        if not self.enabled or not self._writers:
            return None
        writer = self._writers[-1]
        if writer.behind > _STUCK:
            return StorageSlowError(f"no answer for {writer.behind:.0f} s")
        return writer.problem

    @property
    def incoming(self) -> float | None:
        """Bytes a second that come in, by what is in memory or else on tape; None if unknown."""
        ring = self._provider.ring
        if ring.available > _MEASURED:
            return ring.size / ring.available
        return self.size / self.seconds if self.seconds > _MEASURED else None

    @property
    def written(self) -> float | None:
        """Bytes a second that were written in the last minute; None while nothing is to be."""
        return self._writers[-1].rate if self.enabled and self._writers else None

    def diagnostics(self) -> dict[str, Any]:
        """Return figures for a bug report."""
        return {
            "enabled": self.enabled,
            "hours": self.hours,
            "seconds": round(self.seconds),
            "size": self.size,
            "incoming": self.incoming and round(self.incoming),
            "written": self.written and round(self.written),
            "lost": round(sum(writer.lost for writer in self._writers), 1),
            "problem": self.problem and self.problem.code,
        }

    @callback
    def async_set_enabled(self, *, enabled: bool) -> None:
        """Turn the tape on or off, also across restarts."""
        self.enabled = enabled
        self._save("tape_enabled", enabled)
        self.async_apply()

    @callback
    def async_set_hours(self, hours: int) -> None:
        """Set how long is kept, also across restarts."""
        self.hours = hours
        self._save("tape_hours", hours)
        self._store.limits = self._limits
        self._on_change()

    @callback
    def async_apply(self) -> None:
        """Apply the settings; to be called once at start."""
        if self.enabled and self._release is None:
            self._release = self._provider.acquire()
            writer = TapeWriter(
                self._provider.ring,
                self._store,
                name=f"retrocam tape {self._name}",
                on_change=self._problem_changed,
            )
            self._writers.append(writer)
            writer.start()
        elif not self.enabled and self._release is not None:
            self._end()
            self._joining = self._hass.async_create_background_task(
                self._async_join(), f"retrocam end tape {self._name}"
            )
        self._on_change()

    async def async_maintain(self) -> None:
        """Apply the limits while the tape is off; to be called every minute."""
        if self._writers:
            return
        try:
            await run_in_thread(
                f"retrocam tape {self._name}",
                self._maintain,
                join_on_cancel=True,
                patience=PATIENCE,
                daemon=True,
            )
        except StorageError as err:
            _LOGGER.debug("The limits of the tape of %s cannot be applied: %s", self._name, err)

    async def async_stop(self, deadline: Deadline) -> None:
        """Write what has come, and end the thread.

        A drive that hangs is waited for until `deadline`. The thread then ends when the drive answers,
        and the next one of this directory begins after it.
        """
        self._closed = True
        self._end()
        if self._joining is not None:
            self._joining.cancel()
        try:
            async with asyncio.timeout(deadline.left):
                await self._async_join()
        except TimeoutError:
            _LOGGER.warning("The disk of the tape of %s does not answer", self._name)

    def _maintain(self) -> None:
        store = self._store
        if not store.in_use.acquire(blocking=False):
            return
        try:
            if not store.loaded:
                if not store.directory.is_dir():
                    return
                store.load()
            while not self._closed and store.read_indexes():
                pass
            store.apply_limits()
        finally:
            store.in_use.release()

    def _end(self) -> None:
        if self._release is not None:
            self._release()
            self._release = None
            self._writers[-1].stop()

    async def _async_join(self) -> None:
        for writer in list(self._writers):
            if writer.stopping:
                # A daemon, which goes on if nobody waits any more.
                await run_in_thread(f"retrocam reaper {self._name}", writer.join, daemon=True)
                if writer in self._writers:
                    self._writers.remove(writer)

    @property
    def _limits(self) -> TapeLimits:
        settings = self._settings
        return TapeLimits(
            hours=self.hours,
            size=settings.megabytes * MEGABYTE,
            min_free=math.ceil(_MIN_FREE * settings.min_free_megabytes) * MEGABYTE,
        )

    def _problem_changed(self, _problem: StorageError | None) -> None:
        """Notify of a change. Called in the tape's thread."""
        if not self._closed:
            self._hass.loop.call_soon_threadsafe(self._on_change)

    def _unwritten(self) -> Iterable[Segment]:
        """Return the segments that are not on disk yet. Any thread."""
        return [segment for writer in tuple(self._writers) for segment in writer.unwritten]
