"""The history of a camera's stills: one each interval, and one whenever somebody asks."""

import asyncio
import contextlib
from dataclasses import dataclass
from functools import partial
import logging
import math
import time
from typing import TYPE_CHECKING, Final, cast
import zlib

from homeassistant.core import CALLBACK_TYPE, callback

from ..core.errors import RetrocamError
from ..core.frames.image_codec import ImageFormat, still_size
from ..core.library.index import MediaItem
from ..media.items import MediaKind, describe
from ..settings import SECTION_HISTORY
from .media_events import MediaEvent

if TYPE_CHECKING:
    from .base import CameraInstance

_LOGGER = logging.getLogger(__name__)

STAYS_AWAKE: Final = 30
"""Seconds that Home Assistant lets a stream run after its last reader: for a shorter interval it may
as well be kept awake, which spares the camera a new connection each time."""
BEGIN_WITHIN: Final = 10.0
"""Seconds over which cameras are spread that have no snapshot of the last interval yet."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A still that is kept."""

    item: MediaItem
    width: int
    """Pixels."""
    height: int
    """Pixels."""


def phase_of(entry_id: str) -> float:
    """Return where in the interval an entry takes its snapshots, 0 up to 1: the same for ever."""
    return zlib.crc32(entry_id.encode()) / 2**32


def next_beat(now: float, interval: float, phase: float) -> float:
    """Return the first time after `now` that lies `phase` of an interval after one's begin. Seconds."""
    return (math.floor(now / interval - phase) + 1 + phase) * interval


def beat_after(due: float, now: float, interval: float, phase: float) -> float:
    """Return the beat after the one that was `due` and was done with at `now`; what was missed is past.

    The first snapshot is not on the beat: a beat less than half an interval after it is left out.
    """
    return next_beat(max(due + interval / 2, now), interval, phase)


class History:
    """Takes the snapshots of one instance. All methods run in the event loop.

    The beat is that of the loop's monotonic clock, whatever the wall clock does. A snapshot that was
    not taken in time is skipped: the next one comes with the next beat.
    """

    def __init__(self, instance: CameraInstance) -> None:
        """Take the settings; nothing is taken before `async_start`."""
        self._instance = instance
        self.enabled = instance.settings.history_enabled
        self.interval = instance.settings.interval_sec
        self._phase = phase_of(instance.entry.entry_id)
        self._changed = asyncio.Event()
        self._lock = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self._release: CALLBACK_TYPE | None = None
        self._last: tuple[float, Snapshot] | None = None
        self._failing = False

    @callback
    def async_start(self) -> None:
        """Begin; the library has been read by now."""
        self._task = self._instance.hass.async_create_background_task(
            self._async_run(), f"retrocam history of {self._instance.name}"
        )
        self._apply()

    async def async_stop(self) -> None:
        """Take no more snapshots on the beat; one that is being written is finished."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        self._apply()

    @callback
    def async_set_enabled(self, *, enabled: bool) -> None:
        """Begin or end the history, now and after a restart."""
        self.enabled = enabled
        self._instance.async_save_option(SECTION_HISTORY, "history_enabled", enabled)
        self._apply()

    @callback
    def async_set_interval(self, seconds: int) -> None:
        """Take a snapshot every so many seconds, now and after a restart."""
        self.interval = seconds
        self._instance.async_save_option(SECTION_HISTORY, "interval_sec", seconds)
        self._apply()

    async def async_take(self) -> Snapshot:
        """Keep the newest picture; one that is kept already is returned as it is.

        Raises a RetrocamError: of the source when it gives no picture, a StorageError when it cannot
        be written.
        """
        instance, library = self._instance, self._instance.media.snapshots
        async with self._lock:
            image_format = cast(ImageFormat, instance.settings.image_format)
            frame = await instance.async_snapshot(image_format)
            if self._last is not None:
                taken, kept = self._last
                if taken == frame.time and library.find(kept.item.name) is not None:
                    return kept
            size = still_size(frame.data)
            item = await instance.media.async_run(
                partial(library.save, frame.data, frame.time), MediaKind.SNAPSHOTS, writes=True
            )
            snapshot = Snapshot(item, *size)
            self._last = (frame.time, snapshot)
        instance.happenings.async_tell(
            MediaEvent.SNAPSHOT_SAVED,
            {
                **describe(instance.hass, instance.entry.entry_id, MediaKind.SNAPSHOTS, item),
                "width": snapshot.width,
                "height": snapshot.height,
            },
        )
        return snapshot

    @callback
    def _apply(self) -> None:
        """Act on what was changed."""
        awake = self._task is not None and self.enabled and self.interval <= STAYS_AWAKE
        if awake and self._release is None:
            self._release = self._instance.hold_for_stills()
        elif not awake and self._release is not None:
            self._release()
            self._release = None
        self._changed.set()
        self._instance.async_tell()

    async def _async_run(self) -> None:
        """Wait for each beat, or for a change of it."""
        loop = asyncio.get_running_loop()
        due = self._first_beat(loop.time())
        while True:
            self._changed.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(due if self.enabled else None):
                    await self._changed.wait()
            if self._changed.is_set():
                due = self._first_beat(loop.time())
            else:
                await self._async_capture()
                due = beat_after(due, loop.time(), self.interval, self._phase)

    def _first_beat(self, now: float) -> float:
        """Return when to begin: soon, if the newest snapshot is older than an interval.

        Otherwise an interval of a day would never end where Home Assistant is restarted every day.
        """
        due = next_beat(now, self.interval, self._phase)
        newest = self._instance.media.snapshots.newest
        if newest is not None and time.time() - newest.time < self.interval:
            return due
        return min(due, now + self._phase * BEGIN_WITHIN)

    async def _async_capture(self) -> None:
        """Take a snapshot; tell once when that begins to fail, and once when it works again."""
        name = self._instance.name
        try:
            await self.async_take()
        except RetrocamError as err:
            if not self._failing:
                _LOGGER.info("No snapshots of %s: %s", name, err)
            self._failing = True
        except Exception:
            if not self._failing:
                _LOGGER.exception("Taking a snapshot of %s failed", name)
            self._failing = True
        else:
            if self._failing:
                _LOGGER.info("Snapshots of %s are taken again", name)
            self._failing = False
