"""What every camera instance has: a supply of segments, pictures, stills and MJPEG."""

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

from homeassistant.components.stream import Stream
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import Platform
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback

from ..camera_entity import camera_entity_id
from ..core.admission import Admission
from ..core.clips.writer import ClipResult
from ..core.errors import StorageError
from ..core.frames.feed import Sink
from ..core.frames.image_codec import ImageFormat, decode_still
from ..core.frames.jpeg import JpegSink
from ..core.frames.jpeg_ring import Frame, FrameRing
from ..core.frames.mjpeg_fanout import Fanout
from ..core.listeners import Turnwise
from ..core.threads import run_in_thread
from ..media.items import MediaKind
from ..settings import SECTION_HISTORY, SECTION_LOOKBACK, Settings
from ..translated import error_text
from ..workload import async_compute, async_slices
from .ascii import DEFAULT_PRESET, CameraScreen, Cells, CellScreen
from .directories import media_directory
from .history import History, phase_of
from .lookback import Lookback
from .media_events import Happenings
from .media_storage import REFRESH_INTERVAL, Media
from .mjpeg_viewers import MjpegViewers
from .options import Options
from .recorder import Recorder
from .share_access import Share
from .source import CameraSource
from .stills import Stills
from .timelapses import Timelapses

if TYPE_CHECKING:
    import av


MOST_WAITING: Final = 40
"""Requests for a picture that wait at the most; a user's next one is refused as `busy`."""


class CameraInstance:
    """A camera of any kind. All methods run in the event loop unless they say otherwise."""

    kind: ClassVar[str]
    platforms: ClassVar[tuple[Platform, ...]] = (
        Platform.BINARY_SENSOR,
        Platform.BUTTON,
        Platform.CAMERA,
        Platform.EVENT,
        Platform.IMAGE,
        Platform.NUMBER,
        Platform.SELECT,
        Platform.SENSOR,
        Platform.SWITCH,
    )
    """What Home Assistant gets of an instance."""

    def __init__(
        self, hass: HomeAssistant, entry: RetrocamConfigEntry, source: CameraSource
    ) -> None:
        """Read the entry; nothing runs yet."""
        self.hass = hass
        self.entry = entry
        self.settings = Settings.from_options(entry.options, self.kind)
        self.options = Options(hass, entry)
        self.ring, self.supply, self.feed = source.ring, source.supply, source.feed
        self.frames = FrameRing(self.settings.ring_size)
        self.fanout = Fanout(self.frames)
        self.jpegs = JpegSink(
            self.frames, fps=self.settings.mjpeg_fps, width=self.settings.mjpeg_width
        )
        self.stills = Stills(self.name, self.ring, self.supply, self.frames)
        self.requests = Admission(running=1, waiting=MOST_WAITING)
        """For the pictures that users ask for one by one: each takes threads, and most of a core."""
        self.media = Media(hass, self.name, media_directory(hass, entry), self.settings)
        self.happenings = Happenings(hass, entry.entry_id)
        self._add_parts()
        self.share = Share(hass, entry)
        self._media_task: asyncio.Task[None] | None = None
        self.cells = Cells(entry.title, self._make_cell_screen)
        self._listeners = Turnwise(hass.loop)
        self.viewers = MjpegViewers(self.frames, self._begin_watching)

    def _add_parts(self) -> None:
        """Make what keeps moments of the camera, each of what it needs and no more."""
        self.lookback = Lookback(
            self.ring,
            self.supply,
            self.settings.lookback,
            save=partial(self.options.async_save, SECTION_LOOKBACK),
            on_change=self.async_tell,
        )
        self.recorder = Recorder(
            self.name,
            self.ring,
            self.supply,
            self.media.recordings,
            away=lambda: self.lookback.away,
            on_change=self.async_tell,
            on_done=self._async_clip_done,
        )
        self.history = History(
            self.hass,
            self.name,
            self.settings.history,
            phase=phase_of(self.entry.entry_id),
            library=self.media.snapshots,
            take=self.async_snapshot,
            hold=self.hold_for_stills,
            store=self.media.async_save_snapshot,
            save=partial(self.options.async_save, SECTION_HISTORY),
            on_change=self.async_tell,
            on_saved=self.happenings.async_snapshot_saved,
        )
        self.timelapses = Timelapses(
            self.hass,
            self.name,
            self.media,
            on_progress=self.happenings.async_timelapse_progress,
            on_saved=self.happenings.async_timelapse_saved,
        )

    @property
    def name(self) -> str:
        """The name that the user gave the instance."""
        return self.entry.title

    @property
    def available(self) -> bool:
        """Whether the source can be used, as far as is known."""
        return self.supply.available

    @property
    def connected(self) -> bool:
        """Whether pictures come, or would as far as is known."""
        return self.supply.connected

    @property
    def watchers(self) -> int:
        """How many MJPEG viewers, and requests that wait for a frame, there are now."""
        return self.viewers.count

    @property
    def camera_entity_id(self) -> str:
        """The id of the instance's camera entity, or a stand-in while there is none."""
        return camera_entity_id(self.hass, self.entry.entry_id)

    @property
    def stream_source(self) -> str | None:
        """The URL that others may open for themselves; None if a second connection is not wanted."""
        return None

    async def async_start(self) -> None:
        """Begin what runs without a reader. The camera entity is there by now."""
        self.entry.async_on_unload(self.supply.async_add_listener(self.async_tell))
        self.entry.async_on_unload(
            self.media.async_add_listener(lambda _kind, _change: self.async_tell())
        )
        self._media_task = self.entry.async_create_background_task(
            self.hass, self._async_look_after_media(), f"retrocam media of {self.name}"
        )
        self.lookback.async_start()

    async def async_stop(self) -> None:
        """End all threads and tasks and let go of the source; clips are finished first."""
        self.share.async_end()
        # It may be reading the libraries still; afterwards it would begin the history.
        if self._media_task is not None:
            self._media_task.cancel()
            await asyncio.wait([self._media_task])
        await self.history.async_stop()
        await self.timelapses.async_close()
        self.lookback.async_stop()
        await self.recorder.async_close()
        await self.cells.async_close()
        self.frames.stop()
        self.viewers.end()
        await self.stills.async_stop()
        await run_in_thread(f"retrocam stop {self.name}", self.feed.close)
        await self.supply.async_close()
        self.ring.close()
        await self.media.async_close()

    @callback
    def async_add_listener(self, listener: CALLBACK_TYPE) -> CALLBACK_TYPE:
        """Call `listener` when something about the instance changes; returns what ends it."""
        return self._listeners.add(listener)

    @callback
    def async_tell(self) -> None:
        """Tell the entities that something has changed: now, or with what else changes in this turn."""
        self._listeners.tell()

    async def async_stream(self) -> Stream | None:
        """Return the Stream for HLS, or None if the source has none."""
        return await self.supply.async_stream()

    async def async_still(self) -> Frame:
        """Return the newest picture, with the time at which it was taken.

        Raises a SourceError when there is none that is new enough to be shown as the present.
        """
        return await self.stills.async_get()

    async def async_snapshot(self, image_format: ImageFormat) -> Frame:
        """Return the newest picture in its full size, to be kept; the same one has the same time.

        Raises a RetrocamError when there is none that is new enough, or it cannot be encoded.
        """
        return await self.stills.async_take(image_format)

    async def async_ascii_picture(self) -> tuple[av.VideoFrame, float]:
        """Return the newest picture for a text, and when it was taken, UNIX s.

        Raises a RetrocamError when there is none that is new enough, or it cannot be decoded.
        """
        still = await self.async_still()
        picture = await async_compute(
            self.hass, f"retrocam ascii {self.name}", lambda: decode_still(still.data)
        )
        return picture, still.time

    @callback
    def hold_for_stills(self) -> CALLBACK_TYPE:
        """Keep awake what stills are taken from until the function that is returned is called."""
        return self.supply.hold()

    @callback
    def watch(self) -> CALLBACK_TYPE:
        """Have `frames` filled until the function that is returned is called."""
        return self.viewers.watch()

    @callback
    def subscribe(self, sink: Sink) -> Callable[[], None]:
        """Hand pictures to `sink`, the right way up, until the function that is returned is called."""
        return self.feed.subscribe(sink)

    @callback
    def read(self, sink: Sink) -> Callable[[], None]:
        """Hand pictures to `sink` as `subscribe` does, made of stills where there is nothing else."""
        return self.subscribe(sink)

    def diagnostics(self) -> dict[str, Any]:
        """Return figures for a bug report, without secrets."""
        return {
            "supply": self.supply.diagnostics(),
            "ring": {
                "available": self.ring.available,
                "size": self.ring.size,
                "fps": self.ring.fps,
                "frame_size": self.ring.frame_size,
            },
            "lookback": {"enabled": self.lookback.enabled, "seconds": self.lookback.seconds},
            "recordings": self.recorder.active,
            "history": {"enabled": self.history.enabled, "interval": self.history.interval},
            "timelapse": self.timelapses.progress and self.timelapses.progress.state,
            "media": self.media.diagnostics(),
            "feed": {"readers": self.feed.readers, "running": self.feed.running},
            "cells": self.cells.diagnostics(),
            "mjpeg": {"watchers": self.viewers.count, "encoded": self.jpegs.encoded},
        }

    async def _async_look_after_media(self) -> None:
        """Read the libraries, tell of clips that a crash left, and keep within the limits."""
        unfinished = await self.media.async_load()
        self.history.async_start()
        async with asyncio.TaskGroup() as group:
            if unfinished:
                group.create_task(
                    self._async_recover(unfinished), name=f"retrocam recovery of {self.name}"
                )
            while True:
                await asyncio.sleep(REFRESH_INTERVAL)
                await self.media.async_refresh()

    async def _async_recover(self, unfinished: list[Path]) -> None:
        recovered = await self.media.async_recover(unfinished)
        await async_slices(self.hass).each(self.happenings.async_clip_salvaged, recovered)

    @callback
    def _async_clip_done(self, result: ClipResult) -> None:
        """Note a fault of the library's disk, and tell of what was saved."""
        if isinstance(result.error, StorageError) and not result.elsewhere:
            self.media.async_set_problem(MediaKind.RECORDINGS, result.error)
        self.happenings.async_clip_done(result)

    @callback
    def _make_cell_screen(self, preset: str | None) -> CellScreen:
        """Make the grid of a preset, None for the usual one."""
        return CameraScreen(
            self.name,
            preset or DEFAULT_PRESET,
            connected=lambda: self.connected,
            read=self.read,
            listen=self.async_add_listener,
            error_text=lambda code: error_text(self.hass, code, name=self.name),
        )

    @callback
    def _begin_watching(self) -> Callable[[], None]:
        """Have JPEGs made of the pictures; returns what ends it."""
        return self.subscribe(self.jpegs)


type RetrocamConfigEntry = ConfigEntry[CameraInstance]
