"""Media libraries of one instance, and the single thread that accesses their disk."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
import contextlib
from dataclasses import replace
from functools import partial
import logging
from pathlib import Path
import time
from typing import Any, Final

from homeassistant.core import HomeAssistant, callback

from ..core.clips.recovery import recover
from ..core.errors import StorageError, StorageMissingError
from ..core.files import free_space, storage_errors
from ..core.frames.jpeg_ring import Frame
from ..core.library.files import write_atomic
from ..core.library.index import MediaItem
from ..core.library.reader import MediaChange
from ..core.library.retention import Limits
from ..core.library.snapshots import save_still, snapshot_library
from ..core.library.store import MediaLibrary
from ..core.library.thumbnails import clip_thumbnail
from ..core.listeners import Listeners
from ..core.mp4.duration import mp4_duration
from ..core.threads import run_in_thread
from ..media.items import MediaKind
from ..settings import MEGABYTE, Settings
from .patience import Deadline

_LOGGER = logging.getLogger(__name__)

RECOVERY_PATIENCE: Final = 5.0
"""Seconds for which an unload waits for a recovery."""
REFRESH_INTERVAL: Final = 60.0
"""Seconds between checks for changed files and for limits of age and space."""

REREAD_INTERVAL: Final = 3600.0
"""Seconds after which directories are read even if their time stamps are unchanged: some network drives
do not update them."""

_PROTECT_SECONDS: Final = 60.0
"""Age up to which clips are exempt from the limits, so that their requester can fetch them."""

_NEARLY_FULL: Final = 1.1
_RECOVERED: Final = 1.5
"""Multiples of the required free space: the disk is nearly full below the first, until the second."""


class MediaStorage:
    """The libraries of an instance. All methods run in the event loop without blocking it."""

    def __init__(self, hass: HomeAssistant, name: str, directory: Path, settings: Settings) -> None:
        """Nothing is read before `async_load`."""
        self._hass = hass
        self._name = name
        self.directory = directory
        self._executor = ThreadPoolExecutor(1, thread_name_prefix=f"retrocam disk {name}")
        self.listeners = Listeners[[MediaKind, MediaChange]]()
        """Called in the event loop after each change of a library."""
        self.problem_listeners = Listeners[[]]()
        """Called after a change of `problem` or `disk_nearly_full`."""
        self._problems: dict[MediaKind, StorageError] = {}
        self._min_free = settings.min_free_megabytes * MEGABYTE
        self.disk_nearly_full = False
        """Whether files are deleted for lack of space, or soon will be."""
        self._closed = False
        self.loaded = False
        """Whether the libraries have been read once."""
        self._read_at = time.monotonic()
        self._failing: set[MediaKind] = set()
        """Kinds whose last maintenance failed with an unexpected error."""
        self._add_libraries(directory, settings)

        def changed(kind: MediaKind, change: MediaChange) -> None:
            # In any thread.
            hass.loop.call_soon_threadsafe(self.listeners.notify, kind, change)

        self._unsubscribe = [
            library.listeners.add(partial(changed, kind))
            for kind, library in self.libraries.items()
        ]

    def _add_libraries(self, directory: Path, settings: Settings) -> None:
        videos = partial(
            MediaLibrary, extensions=("mp4",), thumbnailer=clip_thumbnail, prober=mp4_duration
        )
        self.snapshots = snapshot_library(
            directory / MediaKind.SNAPSHOTS,
            limits=Limits(
                count=settings.keep_last,
                days=settings.keep_days,
                size=settings.keep_megabytes * MEGABYTE,
                min_free=self._min_free,
            ),
        )
        self.recordings = videos(
            directory / MediaKind.RECORDINGS,
            limits=Limits(
                count=settings.recordings_keep_last,
                days=settings.recordings_keep_days,
                size=settings.recordings_keep_megabytes * MEGABYTE,
                min_free=self._min_free,
            ),
            keep_partials=True,
            protect_seconds=_PROTECT_SECONDS,
        )
        self.timelapses = videos(
            directory / MediaKind.TIMELAPSES, limits=Limits(min_free=self._min_free)
        )
        self.libraries: dict[MediaKind, MediaLibrary] = {
            MediaKind.SNAPSHOTS: self.snapshots,
            MediaKind.RECORDINGS: self.recordings,
            MediaKind.TIMELAPSES: self.timelapses,
        }

    @property
    def problem(self) -> StorageError | None:
        """Why media of some kind cannot be read or written; None if all can."""
        return next((self._problems[kind] for kind in MediaKind if kind in self._problems), None)

    @property
    def total_bytes(self) -> int:
        """Bytes of all files."""
        return sum(library.total_bytes for library in self.libraries.values())

    def find_item(self, name: str) -> tuple[MediaKind, MediaItem] | None:
        """Find a file by name in all libraries; recordings take precedence over timelapses."""
        for kind, library in self.libraries.items():
            if (item := library.find(name)) is not None:
                return kind, item
        return None

    async def async_run[T](
        self, function: Callable[[], T], kind: MediaKind, *, writes: bool = False
    ) -> T:
        """Run `function`, which accesses the library of `kind`, in the disk's thread.

        Raises what it raises. A StorageError is recorded as the library's problem; only a function
        that `writes` can clear it, since a full disk can still be read. Raises StorageMissingError
        once closed.
        """
        if self._closed:
            raise StorageMissingError("the entry was unloaded")
        try:
            result = await asyncio.get_running_loop().run_in_executor(self._executor, function)
        except StorageError as err:
            self.async_set_problem(kind, err)
            raise
        if writes:
            self.async_set_problem(kind, None)
        return result

    async def async_save_snapshot(self, frame: Frame) -> MediaItem:
        """Write an image into the library of snapshots. Raises StorageError."""
        save = partial(save_still, self.snapshots, frame.data, frame.time)
        return await self.async_run(save, MediaKind.SNAPSHOTS, writes=True)

    @callback
    def async_release(self, close: Callable[[], None]) -> None:
        """Run `close`, which may block, in the disk's thread without waiting for it."""
        if self._closed:
            stop = run_in_thread(f"retrocam stop {self._name}", close)
            self._hass.async_create_task(stop, "retrocam close file")
        else:
            self._executor.submit(close)

    async def async_check(self) -> StorageError | None:
        """Test whether files of each kind can be written; return the problem, if any."""
        for kind, library in self.libraries.items():
            await self._async_attempt(partial(_try_to_write, library), kind, writes=True)
        return self.problem

    async def async_limit_counts(self, *, snapshots: int, recordings: int) -> None:
        """Set the maximum numbers of files, 0 for no limit; delete the excess."""
        self.snapshots.limits = replace(self.snapshots.limits, count=snapshots)
        self.recordings.limits = replace(self.recordings.limits, count=recordings)
        await self.async_refresh()

    async def async_load(self) -> list[Path]:
        """Read the libraries; return the clips left unfinished by a crash."""
        unfinished: list[Path] = []
        for kind, library in self.libraries.items():
            try:
                unfinished += await self.async_run(library.load, kind)
            except StorageError as err:
                _LOGGER.warning("The %s of %s cannot be used: %s", kind, self._name, err)
            except Exception:
                # One bad file must not disable the library.
                _LOGGER.exception("Reading the %s of %s failed", kind, self._name)
        self.loaded = True
        self.listeners.notify(MediaKind.SNAPSHOTS, MediaChange(reset=True))
        return unfinished

    async def async_recover(self, unfinished: list[Path]) -> list[MediaItem]:
        """Recover clips in a thread of its own: copying a long one takes minutes.

        Returns those now in the library. Cancellation waits `RECOVERY_PATIENCE` seconds for the thread;
        until it ends, the names are reserved, also in the next library of the same directory.
        """
        try:
            recovered = await run_in_thread(
                f"retrocam recover {self._name}",
                partial(recover, self.recordings, unfinished),
                join_on_cancel=True,
                patience=RECOVERY_PATIENCE,
                daemon=True,
            )
        except Exception:
            _LOGGER.exception("Recovering the recordings of %s failed", self._name)
            return []
        return [clip.item for clip in recovered if clip.item is not None]

    async def async_refresh(self) -> None:
        """Detect files changed by others, and apply the limits of age and space."""
        force = time.monotonic() - self._read_at >= REREAD_INTERVAL
        if force:
            self._read_at = time.monotonic()
        for kind, library in self.libraries.items():
            await self._async_attempt(partial(_maintain, library, force=force), kind)
        if self.problem is not None:
            await self.async_check()
        await self._async_check_space()

    @callback
    def async_set_problem(self, kind: MediaKind, problem: StorageError | None) -> None:
        """Set or clear the problem of a kind's disk."""
        before = self.problem
        if problem is None:
            self._problems.pop(kind, None)
        else:
            self._problems[kind] = problem
        if (before and before.code) != (self.problem and self.problem.code):
            self.problem_listeners.notify()

    def diagnostics(self) -> dict[str, Any]:
        """Return figures for a bug report."""
        return {
            "loaded": self.loaded,
            "problem": self.problem and self.problem.code,
            "files": {str(kind): library.total for kind, library in self.libraries.items()},
        }

    async def async_close(self, deadline: Deadline) -> None:
        """Finish the pending work of the disk's thread, and join it.

        A drive that hangs is waited for until `deadline`; the thread ends when it answers.
        """
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        self._closed = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(deadline.left):
                await run_in_thread(
                    f"retrocam reaper {self._name}", self._executor.shutdown, daemon=True
                )

    async def _async_attempt(
        self, function: Callable[[], None], kind: MediaKind, *, writes: bool = False
    ) -> None:
        """Run `function` as `async_run` does, but log errors; unexpected ones only once as errors."""
        try:
            await self.async_run(function, kind, writes=writes)
        except StorageError as err:
            _LOGGER.debug("Maintaining the %s of %s failed: %s", kind, self._name, err)
        except Exception:
            level = logging.DEBUG if kind in self._failing else logging.ERROR
            self._failing.add(kind)
            _LOGGER.log(level, "Maintaining the %s of %s failed", kind, self._name, exc_info=True)
        else:
            self._failing.discard(kind)

    async def _async_check_space(self) -> None:
        """Detect that the disk is nearly full, with hysteresis."""
        directory = self.snapshots.directory
        with contextlib.suppress(StorageError):
            free = await self.async_run(partial(free_space, directory), MediaKind.SNAPSHOTS)
            threshold = _RECOVERED if self.disk_nearly_full else _NEARLY_FULL
            nearly_full = free < self._min_free * threshold
            if nearly_full != self.disk_nearly_full:
                self.disk_nearly_full = nearly_full
                self.problem_listeners.notify()


def _maintain(library: MediaLibrary, *, force: bool) -> None:
    library.refresh(force=force)
    library.apply_limits()


def _try_to_write(library: MediaLibrary) -> None:
    library.refresh()
    path = library.reserve(time.time(), "mp4")
    try:
        write_atomic(path, b"")
        with storage_errors():
            path.unlink(missing_ok=True)
    finally:
        library.release(path)
