"""Snapshot history of a camera: one image per interval, and one on request."""

import asyncio
from collections.abc import Awaitable, Callable
import contextlib
from dataclasses import dataclass
import logging
import math
import time
from typing import Any, Final, cast
import zlib

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback

from ..core.errors import RetrocamError
from ..core.frames.image_codec import ImageFormat, still_size
from ..core.frames.jpeg_ring import Frame
from ..core.library.index import MediaItem
from .media_storage import MediaStorage

_LOGGER = logging.getLogger(__name__)

STREAM_IDLE_TIMEOUT: Final = 30
"""Seconds that Home Assistant keeps an idle stream. It is kept running for intervals up to this, which
saves a new connection for each snapshot."""
START_SPREAD: Final = 10.0
"""Seconds over which the first snapshots of all cameras are spread at start."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A saved image; size in pixels."""

    item: MediaItem
    width: int
    height: int


def phase_of(entry_id: str) -> float:
    """Return the phase, 0 <= phase < 1, of an entry's snapshots within the interval; constant."""
    return zlib.crc32(entry_id.encode()) / 2**32


def next_due(now: float, interval: float, phase: float) -> float:
    """Return the first due time after `now`: k * interval + phase * interval. Seconds."""
    return (math.floor(now / interval - phase) + 1 + phase) * interval


def due_after(due: float, now: float, interval: float, phase: float) -> float:
    """Return the due time after a snapshot that was `due` and ended at `now`; skips missed ones.

    The first snapshot may be off the grid: a due time less than half an interval later is skipped.
    """
    return next_due(max(due + interval / 2, now), interval, phase)


class History:
    """Takes the snapshots of one instance. All methods run in the event loop.

    Scheduled on the loop's monotonic clock, independent of the wall clock. Missed snapshots are skipped.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        name: str,
        media: MediaStorage,
        *,
        enabled: bool,
        interval: int,
        image_format: str,
        phase: float,
        take: Callable[[ImageFormat], Awaitable[Frame]],
        acquire: Callable[[], CALLBACK_TYPE],
        save: Callable[[str, Any], None],
        on_change: Callable[[], None],
        on_saved: Callable[[Snapshot], None],
    ) -> None:
        """`interval` is in seconds, `phase` that of `phase_of`.

        `take` returns the newest image, `acquire` keeps the source of images running, `save` stores an
        option by its key.
        """
        self._hass = hass
        self._name = name
        self._media = media
        self._phase = phase
        self._take = take
        self._acquire = acquire
        self._save = save
        self._on_change = on_change
        self._on_saved = on_saved
        self.enabled = enabled
        self.interval = interval
        self.image_format = cast(ImageFormat, image_format)
        self._changed = asyncio.Event()
        self._lock = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self._release: CALLBACK_TYPE | None = None
        self._last: tuple[float, Snapshot] | None = None
        self._failing = False

    @callback
    def async_start(self) -> None:
        """Start the schedule. The library must be loaded."""
        self._task = self._hass.async_create_background_task(
            self._async_run(), f"retrocam history of {self._name}"
        )
        self._apply()

    async def async_stop(self) -> None:
        """Stop the schedule; a snapshot being written is finished."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        self._apply()

    @callback
    def async_set_enabled(self, *, enabled: bool) -> None:
        """Enable or disable the schedule, also across restarts."""
        self.enabled = enabled
        self._save("history_enabled", enabled)
        self._apply()

    @callback
    def async_set_interval(self, seconds: int) -> None:
        """Set the interval, also across restarts."""
        self.interval = seconds
        self._save("interval_sec", seconds)
        self._apply()

    async def async_take(self) -> Snapshot:
        """Save the newest image; returns the existing snapshot if that image is already saved.

        Raises a SourceError without an image, a StorageError if it cannot be written.
        """
        async with self._lock:
            frame = await self._take(self.image_format)
            if self._last is not None:
                last_time, snapshot = self._last
                if last_time == frame.time and self._media.snapshots.find(snapshot.item.name):
                    return snapshot
            snapshot = await self._async_save(frame)
            self._last = (frame.time, snapshot)
        self._on_saved(snapshot)
        return snapshot

    async def async_keep(self, frame: Frame) -> Snapshot:
        """Save an image of the past, in `image_format`. Raises a StorageError."""
        async with self._lock:
            snapshot = await self._async_save(frame)
        self._on_saved(snapshot)
        return snapshot

    async def _async_save(self, frame: Frame) -> Snapshot:
        size = still_size(frame.data)
        return Snapshot(await self._media.async_save_snapshot(frame), *size)

    def _apply(self) -> None:
        keep = self._task is not None and self.enabled and self.interval <= STREAM_IDLE_TIMEOUT
        if keep and self._release is None:
            self._release = self._acquire()
        elif not keep and self._release is not None:
            self._release()
            self._release = None
        self._changed.set()
        self._on_change()

    async def _async_run(self) -> None:
        """Take a snapshot whenever one is due; reschedule after a change of the settings."""
        loop = asyncio.get_running_loop()
        due = self._first_due(loop.time())
        while True:
            self._changed.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(due if self.enabled else None):
                    await self._changed.wait()
            if self._changed.is_set():
                due = self._first_due(loop.time())
            else:
                await self._async_capture()
                due = due_after(due, loop.time(), self.interval, self._phase)

    def _first_due(self, now: float) -> float:
        """Return the first due time: soon, if the newest snapshot is older than the interval.

        Otherwise an interval of a day would never elapse where Home Assistant is restarted daily.
        """
        due = next_due(now, self.interval, self._phase)
        newest = self._media.snapshots.newest
        if newest is not None and abs(time.time() - newest.time) < self.interval:
            return due
        return min(due, now + self._phase * START_SPREAD)

    async def _async_capture(self) -> None:
        """Take a snapshot; log only the first failure and the recovery."""
        failed = True
        try:
            await self.async_take()
        except RetrocamError as err:
            if not self._failing:
                _LOGGER.info("No snapshots of %s: %s", self._name, err)
        except Exception:
            if not self._failing:
                _LOGGER.exception("Taking a snapshot of %s failed", self._name)
        else:
            failed = False
            if self._failing:
                _LOGGER.info("Snapshots of %s are taken again", self._name)
        self._failing = failed
