"""Base of all camera instances; composes their parts."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final

from homeassistant.components.stream import Stream
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import Platform
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback

from ..camera_entity import camera_entity_id
from ..core.clips.result import ClipResult
from ..core.errors import StorageError
from ..core.frames.feed import PictureFeed, Sink
from ..core.frames.image_codec import ImageFormat, decode_still
from ..core.frames.jpeg import JpegSink
from ..core.frames.jpeg_ring import Frame, FrameRing
from ..core.frames.mjpeg_fanout import MjpegFanout
from ..core.job_limiter import JobLimiter
from ..core.library.index import MediaItem
from ..core.listeners import CoalescedListeners
from ..core.threads import run_in_thread
from ..media.items import MediaKind
from ..settings import SECTION_HISTORY, SECTION_LOOKBACK, SECTION_TAPE, Settings
from ..stream.provider import StreamProvider
from ..translations import translate_error
from ..workload import async_compute, async_slices
from .ascii import DEFAULT_PRESET, AsciiStreams, AsciiView, CameraAsciiView
from .clip_source import ClipSource
from .directories import media_directory
from .figures import ring_figures
from .footage import CameraFootage
from .history import History, phase_of
from .lookback import Lookback
from .media_events import MediaEvents
from .media_storage import MediaStorage
from .media_upkeep import async_keep_media
from .mjpeg_viewers import MjpegViewers
from .patience import Deadline
from .recorder import Recorder
from .share_access import Share
from .stills import Stills
from .tape import Tape
from .timelapses import Timelapses

if TYPE_CHECKING:
    import av

MAX_WAITING: Final = 40
"""Requests for single images that may wait; further ones are refused as `busy`."""


class CameraInstance:
    """A camera of any kind. All methods run in the event loop unless stated otherwise."""

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

    def __init__(
        self,
        hass: HomeAssistant,
        entry: RetrocamConfigEntry,
        provider: StreamProvider,
        feed: PictureFeed,
    ) -> None:
        """Nothing runs before `async_start`. `feed` has the frames."""
        self.hass = hass
        self.entry = entry
        self.settings = settings = Settings.from_options(entry.options, self.kind)
        self.ring, self.provider, self.feed = provider.ring, provider, feed
        self.frames = FrameRing(settings.ring_size)
        self.fanout = MjpegFanout(self.frames)
        self.jpegs = JpegSink(self.frames, fps=settings.mjpeg_fps, width=settings.mjpeg_width)
        self.stills = Stills(self.name, self.provider, self.frames)
        self.image_jobs = JobLimiter(running=1, waiting=MAX_WAITING)
        """Limits requests for single images: each takes threads and most of a core."""
        self.media = MediaStorage(hass, self.name, media_directory(hass, entry), settings)
        self.media_events = MediaEvents(hass, entry.entry_id)
        self._add_parts()
        self.clip_source = ClipSource(self.name, self.ring, self.footage.all)
        self.timelapses.listeners.add(self.media_events.async_timelapse_progress)
        self.share = Share(hass, entry)
        self._media_task: asyncio.Task[None] | None = None
        self.ascii = AsciiStreams(entry.title, self._make_ascii_view)
        self._listeners = CoalescedListeners(hass.loop)
        self.viewers = MjpegViewers(self.frames, self._start_jpegs)

    def _add_parts(self) -> None:
        self.footage = CameraFootage(self.hass, self.name, self.provider)
        self.tape = Tape(
            self.hass,
            self.name,
            self.provider,
            self.footage.all,
            self.settings.tape,
            directory=self.media.directory,
            save=partial(self.async_save_option, SECTION_TAPE),
            on_change=self.async_update_listeners,
        )
        self.lookback = Lookback(
            self.provider,
            self.footage.all,
            enabled=self.settings.lookback_enabled,
            seconds=self.settings.lookback_seconds,
            megabytes=self.settings.lookback_megabytes,
            save=partial(self.async_save_option, SECTION_LOOKBACK),
            on_change=self.async_update_listeners,
        )
        self.recorder = Recorder(
            self.name,
            self.provider,
            self.media.recordings,
            end_offset=lambda: self.lookback.end_offset,
            on_change=self.async_update_listeners,
            on_done=self._async_clip_done,
        )
        self.history = History(
            self.hass,
            self.name,
            self.media,
            enabled=self.settings.history_enabled,
            interval=self.settings.interval_sec,
            image_format=self.settings.image_format,
            phase=phase_of(self.entry.entry_id),
            take=self.async_snapshot,
            acquire=self.acquire_for_stills,
            save=partial(self.async_save_option, SECTION_HISTORY),
            on_change=self.async_update_listeners,
            on_saved=self.media_events.async_snapshot_saved,
        )
        self.timelapses = Timelapses(
            self.hass, self.name, self.media, on_saved=self.media_events.async_timelapse_saved
        )

    @property
    def name(self) -> str:
        """The title of the config entry."""
        return self.entry.title

    @property
    def available(self) -> bool:
        """See `StreamProvider.available`."""
        return self.provider.available

    @property
    def connected(self) -> bool:
        """See `StreamProvider.connected`."""
        return self.provider.connected

    @property
    def frame_size(self) -> tuple[int, int] | None:
        """Width and height of the newest picture, in pixels; None before the first."""
        return self.ring.frame_size

    @property
    def camera_entity_id(self) -> str:
        """Entity id of the instance's camera, or a placeholder while there is none."""
        return camera_entity_id(self.hass, self.entry.entry_id)

    @property
    def stream_source(self) -> str | None:
        """URL that other readers may open; None if a second connection is unwanted."""
        return None

    @property
    def restreams(self) -> bool:
        """Whether `stream_source` is served by Retrocam, so that no camera is opened a second time."""
        return False

    @property
    def has_stream(self) -> bool:
        """Whether there is a stream, as far as is known."""
        return True

    async def async_start(self) -> None:
        """Start the background tasks. The camera entity exists by now."""
        on_unload = self.entry.async_on_unload
        on_unload(self.provider.listeners.add(self.async_update_listeners))
        on_unload(self.media.listeners.add(lambda _kind, _change: self.async_update_listeners()))
        self._media_task = self.entry.async_create_background_task(
            self.hass,
            async_keep_media(
                self.name,
                self.media,
                self.tape,
                on_loaded=self.history.async_start,
                on_recovered=self._async_recovered,
            ),
            f"retrocam media of {self.name}",
        )
        self.lookback.async_apply()
        self.tape.async_apply()

    async def async_stop(self) -> None:
        """Finish clips, end all threads and tasks, release the source. Drives have a `Deadline`."""
        self.share.async_end()
        deadline = Deadline()
        # It may still be reading the libraries, and would then start the history.
        if self._media_task is not None:
            self._media_task.cancel()
            await asyncio.wait([self._media_task], timeout=deadline.left)
        await self.history.async_stop()
        await self.timelapses.async_close(deadline)
        self.lookback.async_stop()
        await self.recorder.async_close(deadline)
        await self.tape.async_stop(deadline)
        await self.ascii.async_close()
        self.footage.async_close()
        self.frames.stop()
        self.viewers.end()
        await self.stills.async_stop()
        await run_in_thread(f"retrocam stop {self.name}", self.feed.close)
        await self.provider.async_close()
        self.ring.close()
        await self.media.async_close(deadline)

    @callback
    def async_add_listener(self, listener: CALLBACK_TYPE) -> CALLBACK_TYPE:
        """Call `listener` after each change of the instance; return the unsubscribe function."""
        return self._listeners.add(listener)

    @callback
    def async_update_listeners(self) -> None:
        """Notify listeners of a change, at once or together with others of this loop iteration."""
        self._listeners.notify()

    @callback
    def async_save_option(self, section: str, key: str, value: Any) -> None:
        """Save an option that is already in effect, without reloading the entry."""
        options = {**self.entry.options.get(section, {}), key: value}
        self.hass.config_entries.async_update_entry(
            self.entry, options={**self.entry.options, section: options}
        )

    async def async_stream(self) -> Stream | None:
        """Return the Stream for HLS; None if the source has none."""
        return await self.provider.async_stream()

    async def async_still(self) -> Frame:
        """Return the newest image and its time. Raises a SourceError if none is recent enough."""
        return await self.stills.async_get()

    async def async_snapshot(self, image_format: ImageFormat) -> Frame:
        """Return the newest image in full size, for saving; the same frame has the same time.

        Raises a RetrocamError if none is recent enough, or encoding fails.
        """
        return await self.stills.async_take(image_format)

    async def async_ascii_picture(self) -> tuple[av.VideoFrame, float]:
        """Return the newest frame for conversion to text, and its time, UNIX s.

        Raises a RetrocamError if none is recent enough, or decoding fails.
        """
        still = await self.async_still()
        frame = await async_compute(
            self.hass, f"retrocam ascii {self.name}", lambda: decode_still(still.data)
        )
        return frame, still.time

    def acquire_for_stills(self) -> CALLBACK_TYPE:
        """Keep the source of stills running until the returned function is called."""
        return self.provider.acquire()

    def watch(self) -> CALLBACK_TYPE:
        """Fill `frames` with JPEGs until the returned function is called."""
        return self.viewers.watch()

    def subscribe(self, sink: Sink) -> Callable[[], None]:
        """Pass oriented frames to `sink` until the returned function is called."""
        return self.feed.subscribe(sink)

    def read(self, sink: Sink) -> Callable[[], None]:
        """As `subscribe`, but falls back to polled stills for a camera without a stream."""
        return self.subscribe(sink)

    def diagnostics(self) -> dict[str, Any]:
        """Return figures for a bug report, without secrets."""
        return {
            "stream_provider": self.provider.diagnostics(),
            "ring": ring_figures(self.ring, self.frame_size),
            "lookback": {"enabled": self.lookback.enabled, "seconds": self.lookback.seconds},
            "recordings": self.recorder.active,
            "history": {"enabled": self.history.enabled, "interval": self.history.interval},
            "timelapse": self.timelapses.progress and self.timelapses.progress.state,
            "media": self.media.diagnostics(),
            "footage": self.footage.diagnostics(),
            "tape": self.tape.diagnostics(),
            "feed": {"readers": self.feed.readers, "running": self.feed.running},
            "ascii": self.ascii.diagnostics(),
            "mjpeg": {"watchers": self.viewers.count, "encoded": self.jpegs.encoded},
        }

    async def _async_recovered(self, items: list[MediaItem]) -> None:
        await async_slices(self.hass).map(self.media_events.async_clip_recovered, items)

    def _async_clip_done(self, result: ClipResult) -> None:
        if isinstance(result.error, StorageError) and not result.wrong_location:
            self.media.async_set_problem(MediaKind.RECORDINGS, result.error)
        self.media_events.async_clip_done(result)

    def _make_ascii_view(self, preset: str | None) -> AsciiView:
        return CameraAsciiView(
            self.name,
            preset or DEFAULT_PRESET,
            connected=lambda: self.connected,
            read=self.read,
            listen=self.async_add_listener,
            error_text=lambda code: translate_error(self.hass, code, name=self.name),
        )

    def _start_jpegs(self) -> Callable[[], None]:
        """Encode frames to JPEG for `frames` until the returned function is called."""
        return self.subscribe(self.jpegs)


type RetrocamConfigEntry = ConfigEntry[CameraInstance]
