"""The history of a camera's stills: one each interval, and one whenever somebody asks."""

import asyncio
from collections.abc import Awaitable, Callable
import contextlib
from dataclasses import dataclass
import logging
import math
import time
from typing import Final, cast
import zlib

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback

from ..core.errors import RetrocamError
from ..core.frames.image_codec import ImageFormat, still_size
from ..core.frames.jpeg_ring import Frame
from ..core.library.index import MediaItem
from ..core.library.snapshots import SnapshotStore
from ..settings import HistorySettings
from .options import SaveOption

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

    def __init__(
        self,
        hass: HomeAssistant,
        name: str,
        settings: HistorySettings,
        *,
        phase: float,
        library: SnapshotStore,
        take: Callable[[ImageFormat], Awaitable[Frame]],
        hold: Callable[[], CALLBACK_TYPE],
        store: Callable[[Frame], Awaitable[MediaItem]],
        save: SaveOption,
        on_change: Callable[[], None],
        on_saved: Callable[[Snapshot], None],
    ) -> None:
        """Take the settings; nothing is taken before `async_start`.

        `phase` is where in the interval snapshots are taken, 0 up to 1. `take` returns the newest
        picture, `store` writes it into `library`; `hold` keeps awake what pictures are taken from.
        """
        self._hass = hass
        self._name = name
        self._phase = phase
        self._library = library
        self._take = take
        self._hold = hold
        self._store = store
        self._save = save
        self._on_change = on_change
        self._on_saved = on_saved
        self.enabled = settings.enabled
        self.interval = settings.interval
        self._image_format = cast(ImageFormat, settings.image_format)
        self._changed = asyncio.Event()
        self._lock = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self._release: CALLBACK_TYPE | None = None
        self._last: tuple[float, Snapshot] | None = None
        self._failing = False

    @callback
    def async_start(self) -> None:
        """Begin; the library has been read by now."""
        self._task = self._hass.async_create_background_task(
            self._async_run(), f"retrocam history of {self._name}"
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
        self._save("history_enabled", enabled)
        self._apply()

    @callback
    def async_set_interval(self, seconds: int) -> None:
        """Take a snapshot every so many seconds, now and after a restart."""
        self.interval = seconds
        self._save("interval_sec", seconds)
        self._apply()

    async def async_take(self) -> Snapshot:
        """Keep the newest picture; one that is kept already is returned as it is.

        Raises a RetrocamError: of the source when it gives no picture, a StorageError when it cannot
        be written.
        """
        async with self._lock:
            frame = await self._take(self._image_format)
            if self._last is not None:
                taken, kept = self._last
                if taken == frame.time and self._library.find(kept.item.name) is not None:
                    return kept
            size = still_size(frame.data)
            item = await self._store(frame)
            snapshot = Snapshot(item, *size)
            self._last = (frame.time, snapshot)
        self._on_saved(snapshot)
        return snapshot

    @callback
    def _apply(self) -> None:
        """Act on what was changed."""
        awake = self._task is not None and self.enabled and self.interval <= STAYS_AWAKE
        if awake and self._release is None:
            self._release = self._hold()
        elif not awake and self._release is not None:
            self._release()
            self._release = None
        self._changed.set()
        self._on_change()

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
        newest = self._library.newest
        if newest is not None and abs(time.time() - newest.time) < self.interval:
            return due
        return min(due, now + self._phase * BEGIN_WITHIN)

    async def _async_capture(self) -> None:
        """Take a snapshot; tell once when that begins to fail, and once when it works again."""
        name = self._name
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
