"""Timelapses: films of the snapshot history, one at a time, each in a thread of its own."""

import asyncio
from collections.abc import Callable
import contextlib
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
import threading
from typing import Any

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback

from ..core.errors import (
    StorageError,
    TimelapseCancelledError,
    TimelapseEmptyError,
    TimelapseRunningError,
)
from ..core.library.files import parse_name
from ..core.library.index import MediaItem
from ..core.library.timelapse import Timelapse, make_timelapse
from ..core.listeners import Listeners
from ..core.threads import run_in_thread
from ..media.items import MediaKind, describe
from .media_storage import Media


class ExportState(StrEnum):
    """How an export goes."""

    RUNNING = "running"
    SAVED = "saved"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an export is."""

    state: ExportState
    done: int
    """Pictures that are in the film, or were left out."""
    total: int
    """Pictures to be shown."""


@dataclass(frozen=True, slots=True)
class Export:
    """A timelapse that is kept."""

    item: MediaItem
    film: Timelapse


type ProgressListener = Callable[[Progress], None]
"""Called in the event loop."""


class Timelapses:
    """Makes the timelapses of one instance. All methods run in the event loop."""

    def __init__(
        self,
        hass: HomeAssistant,
        name: str,
        media: Media,
        *,
        on_progress: ProgressListener,
        on_saved: Callable[[Export], None],
    ) -> None:
        """Make them of the snapshots of `media`, into its library of timelapses."""
        self._hass = hass
        self._name = name
        self._media = media
        self._on_progress = on_progress
        self._on_saved = on_saved
        self._listeners = Listeners[[Progress]]()
        self._stop = threading.Event()
        self._task: asyncio.Task[Export] | None = None
        self.progress: Progress | None = None
        """How far the export is that runs; None while there is none."""

    @callback
    def async_add_listener(self, listener: ProgressListener) -> CALLBACK_TYPE:
        """Call `listener` with the progress of each export; returns what ends it."""
        return self._listeners.add(listener)

    async def async_export(
        self, *, after: float | None, before: float | None, fps: int, width: int
    ) -> Export:
        """Make a film of the snapshots from `after` on and before `before` (UNIX s), and keep it.

        None is no limit. `width` 0 is that of the first picture. The export goes on should the
        caller be cancelled. Raises TimelapseRunningError while another one runs,
        TimelapseEmptyError without snapshots, TimelapseCancelledError when the instance is unloaded
        meanwhile, and StorageError.
        """
        if self._task is not None or self._stop.is_set():
            raise TimelapseRunningError("one timelapse is made at a time")
        total = self._media.snapshots.count(after=after, before=before)
        if not total:
            raise TimelapseEmptyError("there are no snapshots of that time")
        self.progress = Progress(ExportState.RUNNING, 0, total)
        self._task = self._hass.async_create_background_task(
            self._async_make(after, before, fps, width),
            f"retrocam timelapse of {self._name}",
            eager_start=False,
        )
        self._task.add_done_callback(self._async_ended)
        return await asyncio.shield(self._task)

    async def async_close(self) -> None:
        """Cancel the export that runs, and take no more; nothing of it is left on the disk."""
        self._stop.set()
        if self._task is not None:
            await asyncio.wait([self._task])

    async def _async_make(
        self, after: float | None, before: float | None, fps: int, width: int
    ) -> Export:
        media = self._media
        loop = asyncio.get_running_loop()

        def tell(done: int, total: int) -> None:
            progress = Progress(ExportState.RUNNING, done, total)
            loop.call_soon_threadsafe(self._async_tell_progress, progress)

        begin = next(media.snapshots.span(after=after, before=before), None)
        if begin is None:
            raise TimelapseEmptyError("the snapshots of that time have just been deleted")
        time_ms, _ = parse_name(begin.name) or (0, "")
        path = await media.async_run(
            partial(media.timelapses.reserve, time_ms / 1000, "mp4"), MediaKind.TIMELAPSES
        )
        try:
            film = await run_in_thread(
                f"retrocam timelapse {self._name}",
                lambda: make_timelapse(
                    media.snapshots.span(after=after, before=before),
                    path,
                    fps=fps,
                    width=width,
                    progress=tell,
                    stop=self._stop,
                ),
            )
            item = await media.async_run(
                partial(media.timelapses.adopt, path, duration=film.duration),
                MediaKind.TIMELAPSES,
                writes=True,
            )
        except StorageError as err:
            media.async_set_problem(MediaKind.TIMELAPSES, err)
            # Its folder may be gone, which the library does not know of what is written beside it.
            with contextlib.suppress(StorageError):
                await media.async_run(media.timelapses.refresh, MediaKind.TIMELAPSES)
            raise
        finally:
            media.timelapses.release(path)
        return Export(item, film)

    @callback
    def _async_ended(self, task: asyncio.Task[Export]) -> None:
        self._task = None
        running, self.progress = self.progress, None
        total = running.total if running is not None else 0
        done = running.done if running is not None else 0
        if task.cancelled() or isinstance(task.exception(), TimelapseCancelledError):
            self._async_send(Progress(ExportState.CANCELLED, done, total))
        elif task.exception() is not None:
            self._async_send(Progress(ExportState.FAILED, done, total))
        else:
            self._async_send(Progress(ExportState.SAVED, total, total))
            self._on_saved(task.result())

    @callback
    def _async_tell_progress(self, progress: Progress) -> None:
        if self._task is not None:
            self.progress = progress
            self._async_send(progress)

    @callback
    def _async_send(self, progress: Progress) -> None:
        self._listeners.tell(progress)
        self._on_progress(progress)


def progress_fields(progress: Progress) -> dict[str, Any]:
    """Return what events and the websocket say of the progress."""
    return {"state": progress.state.value, "done": progress.done, "total": progress.total}


@callback
def described(hass: HomeAssistant, entry_id: str, export: Export) -> dict[str, Any]:
    """Return what the action and the event say of a timelapse."""
    film = export.film
    return {
        **describe(hass, entry_id, MediaKind.TIMELAPSES, export.item),
        "path": str(film.path),
        "frames": film.frames,
        "skipped": film.skipped,
        "width": film.width,
        "height": film.height,
    }
