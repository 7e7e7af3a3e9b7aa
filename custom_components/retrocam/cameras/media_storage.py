"""The media of one instance: its three libraries, and the one thread that works on their disk."""

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

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback

from ..core.clips.recovery import salvage
from ..core.errors import StorageError, StorageMissingError
from ..core.files import free_space, storage_errors
from ..core.frames.jpeg_ring import Frame
from ..core.library.files import write_atomic
from ..core.library.index import MediaItem
from ..core.library.reader import MediaChange
from ..core.library.retention import Limits
from ..core.library.snapshots import SnapshotStore
from ..core.library.store import MediaLibrary
from ..core.library.thumbnails import clip_thumbnail
from ..core.listeners import Listeners
from ..core.mp4.duration import mp4_duration
from ..core.threads import run_in_thread
from ..media.items import MediaKind
from ..settings import MEGABYTE, Settings

_LOGGER = logging.getLogger(__name__)

REFRESH_INTERVAL: Final = 60.0
"""Seconds between two looks for what others did to the files, and for limits of age and space."""

REREAD_INTERVAL: Final = 3600.0
"""Seconds after which the directories are read again, whatever their time stamps say: some network
drives do not keep these."""

_SPARE: Final = 60.0
"""Seconds for which a clip is kept whatever the limits are: whoever asked for it can take it away."""

_SCARCE: Final = 1.1
_ROOMY: Final = 1.5
"""Of the space that is to stay free: less than the first is low, until there is the second."""

type MediaListener = Callable[[MediaKind, MediaChange], None]
"""Called in the event loop after a library has changed."""


class Media:
    """The libraries of an instance. All methods run in the event loop and none of them blocks it."""

    def __init__(self, hass: HomeAssistant, name: str, directory: Path, settings: Settings) -> None:
        """Name the directory; nothing is read before `async_load`."""
        self._hass = hass
        self._name = name
        self.directory = directory
        self._executor = ThreadPoolExecutor(1, thread_name_prefix=f"retrocam disk {name}")
        self._listeners = Listeners[[MediaKind, MediaChange]]()
        self._problem_listeners = Listeners[[]]()
        self._problems: dict[MediaKind, StorageError] = {}
        self._min_free = settings.min_free_megabytes * MEGABYTE
        self.low = False
        """Whether files are being deleted for want of space, or soon will be."""
        self._closed = False
        self.loaded = False
        """Whether the libraries have been read once."""
        self._read_at = time.monotonic()
        self._failing: set[MediaKind] = set()
        """Kinds whose files could not be looked after the last time, for a reason that nobody knows."""
        limits = _limits(settings)
        videos = partial(
            MediaLibrary, extensions=("mp4",), thumbnailer=clip_thumbnail, prober=mp4_duration
        )
        self.snapshots = SnapshotStore(
            directory / MediaKind.SNAPSHOTS, limits=limits[MediaKind.SNAPSHOTS]
        )
        self.recordings = videos(
            directory / MediaKind.RECORDINGS,
            limits=limits[MediaKind.RECORDINGS],
            keep_partials=True,
            spare=_SPARE,
        )
        self.timelapses = videos(
            directory / MediaKind.TIMELAPSES, limits=limits[MediaKind.TIMELAPSES]
        )
        self._unsubscribe = [
            library.subscribe(partial(self._library_changed, kind))
            for kind, library in self.libraries.items()
        ]

    @property
    def libraries(self) -> dict[MediaKind, MediaLibrary]:
        """All libraries, by kind."""
        return {
            MediaKind.SNAPSHOTS: self.snapshots,
            MediaKind.RECORDINGS: self.recordings,
            MediaKind.TIMELAPSES: self.timelapses,
        }

    @property
    def problem(self) -> StorageError | None:
        """Why media of some kind cannot be written or read at present; None if all can."""
        return next((self._problems[kind] for kind in MediaKind if kind in self._problems), None)

    @property
    def total_bytes(self) -> int:
        """Bytes of all files."""
        return sum(library.total_bytes for library in self.libraries.values())

    def library_of(self, name: str) -> tuple[MediaKind, MediaItem] | None:
        """Find which library has a file of this name; recordings go before timelapses."""
        for kind, library in self.libraries.items():
            if (item := library.find(name)) is not None:
                return kind, item
        return None

    async def async_run[T](
        self, function: Callable[[], T], kind: MediaKind, *, writes: bool = False
    ) -> T:
        """Run `function`, which works on one library, in the disk's thread; raises what it raises.

        Notes a fault of the library's disk, so that it is told of once. That it is over, only
        something that `writes` can show: a full disk can be read. Raises StorageMissingError once it
        is closed: who asked while the entry was loaded may come too late.
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
        """Write a picture into the library of snapshots. Raises StorageError."""
        save = partial(self.snapshots.save, frame.data, frame.time)
        return await self.async_run(save, MediaKind.SNAPSHOTS, writes=True)

    @callback
    def async_release(self, close: Callable[[], None]) -> None:
        """Run `close`, which may wait for the disk, in the disk's thread, and do not wait for it."""
        if self._closed:
            stop = run_in_thread(f"retrocam stop {self._name}", close)
            self._hass.async_create_task(stop, "retrocam close file")
        else:
            self._executor.submit(close)

    async def async_check(self) -> StorageError | None:
        """Find out by a try whether files of each kind can be written again; returns why not."""
        for kind, library in self.libraries.items():
            await self._async_attempt(partial(_try_to_write, library), kind, writes=True)
        return self.problem

    async def async_keep(self, *, snapshots: int, recordings: int) -> None:
        """Keep so many files at most from now on, 0 is no limit; what is over that is deleted."""
        for kind, count in ((MediaKind.SNAPSHOTS, snapshots), (MediaKind.RECORDINGS, recordings)):
            library = self.libraries[kind]
            library.limits = replace(library.limits, count=count)
        await self.async_refresh()

    async def async_load(self) -> list[Path]:
        """Read the libraries; return the clips that a crash has left unfinished."""
        unfinished: list[Path] = []
        for kind, library in self.libraries.items():
            try:
                unfinished += await self.async_run(library.load, kind)
            except StorageError as err:
                _LOGGER.warning("The %s of %s cannot be used: %s", kind, self._name, err)
            except Exception:
                # Whatever is wrong with one file: the others are there, and more are to come.
                _LOGGER.exception("Reading the %s of %s failed", kind, self._name)
        self.loaded = True
        self._async_tell(MediaKind.SNAPSHOTS, MediaChange(reset=True))
        return unfinished

    async def async_recover(self, unfinished: list[Path]) -> list[MediaItem]:
        """Finish the clips of a crash, in a thread of its own: a long one is copied for minutes.

        Returns those that are in the library now. Ends only after the thread.
        """
        try:
            found = await run_in_thread(
                f"retrocam recover {self._name}",
                partial(salvage, self.recordings, unfinished),
                outlived=False,
            )
        except Exception:
            _LOGGER.exception("Recovering the recordings of %s failed", self._name)
            return []
        return [clip.item for clip in found.clips if clip.item is not None]

    async def async_refresh(self) -> None:
        """Look for what others did to the files, and apply the limits of age and space."""
        force = time.monotonic() - self._read_at >= REREAD_INTERVAL
        if force:
            self._read_at = time.monotonic()
        for kind, library in self.libraries.items():
            await self._async_attempt(partial(_look_after, library, force=force), kind)
        if self.problem is not None:
            await self.async_check()
        await self._async_look_at_space()

    @callback
    def async_add_listener(self, listener: MediaListener) -> CALLBACK_TYPE:
        """Call `listener` after each change of a library; returns what ends it."""
        return self._listeners.add(listener)

    @callback
    def async_add_problem_listener(self, listener: CALLBACK_TYPE) -> CALLBACK_TYPE:
        """Call `listener` when `problem` or `low` changes; returns what ends it."""
        return self._problem_listeners.add(listener)

    @callback
    def async_set_problem(self, kind: MediaKind, problem: StorageError | None) -> None:
        """Note whether the disk works for the files of a kind."""
        before = self.problem
        if problem is None:
            self._problems.pop(kind, None)
        else:
            self._problems[kind] = problem
        if (before and before.code) != (self.problem and self.problem.code):
            self._async_tell_problem()

    def diagnostics(self) -> dict[str, Any]:
        """Return figures for a bug report."""
        return {
            "loaded": self.loaded,
            "problem": self.problem and self.problem.code,
            "files": {str(kind): library.total for kind, library in self.libraries.items()},
        }

    async def async_close(self) -> None:
        """Finish what the disk's thread has begun, and join it."""
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        self._closed = True
        await run_in_thread(f"retrocam stop {self._name}", self._executor.shutdown)

    async def _async_attempt(
        self, function: Callable[[], None], kind: MediaKind, *, writes: bool = False
    ) -> None:
        """Run `function` as `async_run` does, and raise nothing, whatever is wrong with one file.

        An error that nobody expected is told once, not each time.
        """
        try:
            await self.async_run(function, kind, writes=writes)
        except StorageError as err:
            _LOGGER.debug("Looking after the %s of %s failed: %s", kind, self._name, err)
        except Exception:
            level = logging.DEBUG if kind in self._failing else logging.ERROR
            self._failing.add(kind)
            _LOGGER.log(level, "Looking after the %s of %s failed", kind, self._name, exc_info=True)
        else:
            self._failing.discard(kind)

    async def _async_look_at_space(self) -> None:
        """Notice that the disk is nearly full before nothing more can be written."""
        directory = self.snapshots.directory
        with contextlib.suppress(StorageError):
            free = await self.async_run(partial(free_space, directory), MediaKind.SNAPSHOTS)
            # It takes more space for the alarm to end than it took to raise it.
            low = free < self._min_free * (_ROOMY if self.low else _SCARCE)
            if low != self.low:
                self.low = low
                self._async_tell_problem()

    @callback
    def _async_tell_problem(self) -> None:
        self._problem_listeners.tell()

    def _library_changed(self, kind: MediaKind, change: MediaChange) -> None:
        """Take in a change, in whatever thread made it."""
        self._hass.loop.call_soon_threadsafe(self._async_tell, kind, change)

    @callback
    def _async_tell(self, kind: MediaKind, change: MediaChange) -> None:
        self._listeners.tell(kind, change)


def _limits(settings: Settings) -> dict[MediaKind, Limits]:
    """Return what each library may keep."""
    all_kinds = Limits(min_free=settings.min_free_megabytes * MEGABYTE)
    return {
        MediaKind.SNAPSHOTS: replace(
            all_kinds,
            count=settings.keep_last,
            days=settings.keep_days,
            size=settings.keep_megabytes * MEGABYTE,
        ),
        MediaKind.RECORDINGS: replace(
            all_kinds,
            count=settings.recordings_keep_last,
            days=settings.recordings_keep_days,
            size=settings.recordings_keep_megabytes * MEGABYTE,
        ),
        MediaKind.TIMELAPSES: all_kinds,
    }


def _look_after(library: MediaLibrary, *, force: bool) -> None:
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
