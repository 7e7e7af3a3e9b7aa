"""Timelapse export of snapshots or footage, one at a time, in a thread of its own."""

import asyncio
from collections.abc import Awaitable, Callable
import contextlib
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path
import threading
from typing import Any

from homeassistant.core import HomeAssistant

from ..core.errors import (
    StorageError,
    TimelapseCancelledError,
    TimelapseEmptyError,
    TimelapseRunningError,
    TimelapseTooLongError,
)
from ..core.library.files import parse_name
from ..core.library.index import MediaItem
from ..core.library.timelapse import Timelapse, TimelapseWriter, make_timelapse
from ..core.listeners import Listeners
from ..core.threads import run_in_thread
from ..media.items import MediaKind, describe
from .footage import CameraFootage
from .footage_film import MAX_PICTURES, FilmTimes, async_make_film, percents
from .media_storage import MediaStorage
from .patience import Deadline

type _Make = Callable[[Path, Callable[[int, int], None]], Awaitable[Timelapse]]
"""Makes the film at a path, and reports the pictures done, of how many."""


class ExportState(StrEnum):
    """State of an export."""

    RUNNING = "running"
    SAVED = "saved"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Progress:
    """Progress of an export, in pictures."""

    state: ExportState
    done: int
    """Pictures written or skipped."""
    total: int


@dataclass(frozen=True, slots=True)
class Export:
    """A saved timelapse."""

    item: MediaItem
    film: Timelapse


class Timelapses:
    """Exports the timelapses of one instance. All methods run in the event loop."""

    def __init__(
        self,
        hass: HomeAssistant,
        name: str,
        media: MediaStorage,
        *,
        on_saved: Callable[[Export], None],
    ) -> None:
        """Export snapshots of `media` into its library of timelapses."""
        self._hass = hass
        self._name = name
        self._media = media
        self._on_saved = on_saved
        self.listeners = Listeners[[Progress]]()
        self._stop = threading.Event()
        self._task: asyncio.Task[Export] | None = None
        self.progress: Progress | None = None
        """Progress of the running export, if any."""

    async def async_export(
        self, *, after: float | None, before: float | None, fps: int, width: int
    ) -> Export:
        """Export the snapshots with `after` <= time < `before` (UNIX s, None for no limit).

        `width` is in pixels, 0 for that of the first snapshot. Goes on if the caller is cancelled.
        Raises TimelapseRunningError during another export, TimelapseEmptyError without snapshots,
        TimelapseCancelledError if the instance is unloaded, and StorageError.
        """
        self._refuse_second()
        snapshots = self._media.snapshots
        total = snapshots.count(after=after, before=before)
        first = next(snapshots.paths(after=after, before=before), None)
        if not total or first is None:
            raise TimelapseEmptyError("there are no snapshots of that time")

        def make(path: Path, report: Callable[[int, int], None]) -> Awaitable[Timelapse]:
            return run_in_thread(
                f"retrocam timelapse {self._name}",
                lambda: make_timelapse(
                    snapshots.paths(after=after, before=before),
                    path,
                    fps=fps,
                    width=width,
                    progress=report,
                    stop=self._stop,
                    title=self._name,
                ),
            )

        time_ms, _ = parse_name(first.name) or (0, "")
        return await self._async_run(time_ms / 1000, total, make)

    async def async_export_footage(
        self,
        footage: CameraFootage,
        *,
        after: float,
        before: float,
        interval: float,
        fps: int,
        width: int,
    ) -> Export:
        """Export a picture each `interval` seconds of footage between two times (UNIX s).

        Goes on if the caller is cancelled. Raises as `async_export`, but NotHeldError without footage,
        and TimelapseTooLongError beyond `MAX_PICTURES`.
        """

        def find() -> tuple[FilmTimes, int]:
            found = FilmTimes(footage.spans(after, before), interval)
            return found, found.count

        times, total = await run_in_thread(f"retrocam timelapse {self._name}", find)
        if total > MAX_PICTURES:
            raise TimelapseTooLongError(f"{total} pictures")
        self._refuse_second()

        async def make(path: Path, report: Callable[[int, int], None]) -> Timelapse:
            writer = TimelapseWriter(path, fps=fps, width=width, title=self._name)
            return await async_make_film(
                self._name,
                footage,
                times,
                writer,
                progress=percents(total, report),
                stop=self._stop,
            )

        return await self._async_run(times.first, total, make)

    def _refuse_second(self) -> None:
        if self._task is not None or self._stop.is_set():
            raise TimelapseRunningError("another timelapse is being made")

    async def _async_run(self, time: float, total: int, make: _Make) -> Export:
        self.progress = Progress(ExportState.RUNNING, 0, total)
        self._task = self._hass.async_create_background_task(
            self._async_make(time, make),
            f"retrocam timelapse of {self._name}",
            eager_start=False,
        )
        self._task.add_done_callback(self._async_ended)
        return await asyncio.shield(self._task)

    async def async_close(self, deadline: Deadline) -> None:
        """Cancel the running export, and accept no more.

        Its file is removed, unless all of it was written: then it stays for the next load, although
        its requester is told of the unload. A drive that hangs is waited for until `deadline`; the
        export ends when it answers.
        """
        self._stop.set()
        if self._task is not None:
            await asyncio.wait([self._task], timeout=deadline.left)

    async def _async_make(self, time: float, make: _Make) -> Export:
        """Make a film, named after the time of its first picture, and add it to the library."""
        media = self._media
        loop = asyncio.get_running_loop()

        def report(done: int, total: int) -> None:
            progress = Progress(ExportState.RUNNING, done, total)
            loop.call_soon_threadsafe(self._async_running, progress)

        path = await media.async_run(
            partial(media.timelapses.reserve, time, "mp4"), MediaKind.TIMELAPSES
        )
        try:
            film = await make(path, report)
            item = await media.async_run(
                partial(media.timelapses.adopt, path, duration=film.duration),
                MediaKind.TIMELAPSES,
                writes=True,
            )
        except StorageError as err:
            media.async_set_problem(MediaKind.TIMELAPSES, err)
            # The directory may be missing, which the library has not noticed: it did not write this.
            with contextlib.suppress(StorageError):
                await media.async_run(media.timelapses.refresh, MediaKind.TIMELAPSES)
            raise
        finally:
            media.timelapses.release(path)
        return Export(item, film)

    def _async_ended(self, task: asyncio.Task[Export]) -> None:
        self._task = None
        last, self.progress = self.progress, None
        done, total = (last.done, last.total) if last is not None else (0, 0)
        if task.cancelled() or isinstance(task.exception(), TimelapseCancelledError):
            self.listeners.notify(Progress(ExportState.CANCELLED, done, total))
        elif task.exception() is not None:
            self.listeners.notify(Progress(ExportState.FAILED, done, total))
        else:
            self.listeners.notify(Progress(ExportState.SAVED, total, total))
            self._on_saved(task.result())

    def _async_running(self, progress: Progress) -> None:
        if self._task is not None:
            self.progress = progress
            self.listeners.notify(progress)


def progress_fields(progress: Progress) -> dict[str, Any]:
    """Return the fields of the progress in events and the websocket."""
    return {"state": progress.state.value, "done": progress.done, "total": progress.total}


def describe_timelapse(hass: HomeAssistant, entry_id: str, export: Export) -> dict[str, Any]:
    """Return the fields of a timelapse in the action's response and the event."""
    film = export.film
    return {
        **describe(hass, entry_id, MediaKind.TIMELAPSES, export.item),
        "path": str(film.path),
        "frames": film.frames,
        "skipped": film.skipped,
        "width": film.width,
        "height": film.height,
    }
