"""Frames of a grid's members, which may be any camera entity.

Retrocam's own cameras provide their frames. The Stream of another camera is tapped, without a second
connection; a camera without a stream is polled for stills. Cameras may be removed, renamed and reloaded
while a grid is watched: a task for each follows that while it is read.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
import contextlib
import time
from typing import TYPE_CHECKING, Any, Final

from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.event import async_track_state_change_event

from ..const import DOMAIN
from ..core.errors import RetrocamError
from ..core.frames.decoder import SegmentDecoder
from ..core.frames.feed import Picture, PictureFeed, Sink
from ..core.frames.image_codec import decode_still
from ..core.segments.ring import SegmentRing
from ..core.threads import run_in_thread
from ..stream.entity_provider import EntityStreamProvider
from ..stream.provider import StreamProvider
from ..translations import translate
from .base import CameraInstance
from .entity import EntityCamera, async_camera_image, camera_removed, source_entity_id
from .entry_tracking import async_loaded_instance
from .stream_camera import StreamCamera

if TYPE_CHECKING:
    import av

POLL_INTERVAL: Final = 1.0
"""Seconds between attempts to read a camera, and between its stills."""


class GridMember:
    """One camera of a grid. Runs in the event loop, unless stated otherwise."""

    def __init__(self, hass: HomeAssistant, stored: str, executor: Executor, number: int) -> None:
        """Take a camera's stored id and its number from 1; `executor` decodes stills."""
        self._hass = hass
        self._stored = stored
        self._executor = executor
        self._number = number
        self._provider = EntityStreamProvider(hass, self.name, lambda: self.entity_id)
        self._tasks: set[asyncio.Task[None]] = set()
        self._feeds: list[PictureFeed] = []
        self._ring: SegmentRing | None = None
        """Of the stream that is read; None if there is none."""

    @property
    def longest_wait(self) -> float:
        """Most seconds between arrivals of late, of a stream that comes in bursts. Any thread."""
        ring = self._ring
        return 0.0 if ring is None else ring.longest_wait

    @property
    def entity_id(self) -> str | None:
        """Current entity id; None once the camera was removed."""
        return source_entity_id(self._hass, self._stored)

    @property
    def name(self) -> str:
        """Friendly name. Any thread."""
        if (entity_id := self.entity_id) is None:
            return translate(self._hass, "camera_number", number=str(self._number))
        state = self._hass.states.get(entity_id)
        return entity_id if state is None else state.name

    @property
    def removed(self) -> bool:
        """Whether the camera no longer exists; False until Home Assistant has started."""
        return camera_removed(self._hass, self._stored)

    def subscribe(self, sink: Sink, *, keyframes_only: bool) -> Callable[[], None]:
        """Pass frames to `sink` until the returned function is called. Any thread."""
        loop = self._hass.loop
        task: asyncio.Task[None] | None = None

        def begin() -> None:
            nonlocal task
            task = self._hass.async_create_background_task(
                self._async_read(sink, keyframes_only=keyframes_only),
                f"retrocam grid member {self.name}",
            )
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        def end() -> None:
            if task is not None:
                task.cancel()

        loop.call_soon_threadsafe(begin)

        def unsubscribe() -> None:
            loop.call_soon_threadsafe(end)

        return unsubscribe

    async def async_close(self) -> None:
        """Stop all tasks and threads."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await run_in_thread(f"retrocam stop {self.name}", self._close_feeds)
        await self._provider.async_close()
        self._provider.ring.close()

    async def _async_read(self, sink: Sink, *, keyframes_only: bool) -> None:
        """Read the camera in the way that suits its current state; retry for ever."""
        while True:
            with contextlib.suppress(HomeAssistantError, RetrocamError, TimeoutError):
                instance = self._instance()
                has_frames = instance is not None or self._provider.has_stream
                if isinstance(instance, EntityCamera):
                    has_frames = await instance.async_stream() is not None
                if has_frames:
                    await self._async_read_frames(instance, sink, keyframes_only=keyframes_only)
                else:
                    await self._async_read_stills(sink)
            await asyncio.sleep(POLL_INTERVAL)

    async def _async_read_frames(
        self, instance: CameraInstance | None, sink: Sink, *, keyframes_only: bool
    ) -> None:
        """Read one of Retrocam's cameras until it is unloaded, another while it has a stream."""
        self._ring = self._provider.ring if instance is None else instance.ring
        if instance is None:
            end = self._decode(self._provider, sink, keyframes_only=keyframes_only)
        elif keyframes_only and isinstance(instance, StreamCamera):
            end = self._decode(instance.provider, sink, keyframes_only=True)
        else:
            end = instance.subscribe(sink)
        try:
            await self._async_wait_while(
                lambda: (
                    self._instance() is instance
                    and (instance is not None or self._provider.has_stream)
                )
            )
        finally:
            end()
            self._ring = None

    async def _async_wait_while(self, condition: Callable[[], bool]) -> None:
        """Return when `condition` is false; it is checked after each change of the camera.

        An unloaded or removed camera changes its state; a renamed one does so under its old entity id,
        and under the new one from then on.
        """
        changed = asyncio.Event()

        @callback
        def handle(event: Event[Any]) -> None:
            new, old = event.data.get("new_state"), event.data.get("old_state")
            if (new and new.state) != (old and old.state):
                self._provider.async_retry()
            changed.set()

        untrack_registry = self._hass.bus.async_listen(er.EVENT_ENTITY_REGISTRY_UPDATED, handle)
        try:
            while True:
                untrack = async_track_state_change_event(self._hass, self.entity_id or [], handle)
                try:
                    if not condition():
                        return
                    await changed.wait()
                    changed.clear()
                finally:
                    untrack()
        finally:
            untrack_registry()

    async def _async_read_stills(self, sink: Sink) -> None:
        """Poll stills until one fails; an unchanged still is not decoded again.

        Raises CannotConnectError or InvalidFrameError.
        """
        loop = asyncio.get_running_loop()
        last = b""
        frame: av.VideoFrame | None = None
        while (entity_id := self.entity_id) is not None:
            data = await async_camera_image(self._hass, entity_id)
            now = time.time()
            if frame is None or data != last:
                frame = await loop.run_in_executor(self._executor, decode_still, data)
                last = data
            sink(Picture(frame, now, now))
            await asyncio.sleep(POLL_INTERVAL)

    def _decode(
        self, provider: StreamProvider, sink: Sink, *, keyframes_only: bool
    ) -> CALLBACK_TYPE:
        """Decode a stream for this grid only, until the returned function is called."""
        self._feeds = [feed for feed in self._feeds if feed.running]
        decoder = SegmentDecoder(
            provider.ring, orientation=lambda: provider.orientation, keyframes_only=keyframes_only
        )
        feed = PictureFeed(f"retrocam grid decoder {self.name}", decoder)
        self._feeds.append(feed)
        ends = contextlib.ExitStack()
        ends.callback(provider.acquire())
        ends.callback(feed.subscribe(sink))
        return ends.close

    def _close_feeds(self) -> None:
        for feed in self._feeds:
            feed.close()

    def _instance(self) -> CameraInstance | None:
        """Return the loaded instance of one of Retrocam's own cameras; None for any other."""
        return async_loaded_instance(self._hass, own_entry_id(self._hass, self._stored))


def own_entry_id(hass: HomeAssistant, stored: str) -> str | None:
    """Return the config entry id of one of Retrocam's own cameras; None for any other camera."""
    entity_id = source_entity_id(hass, stored)
    entity = er.async_get(hass).async_get(entity_id) if entity_id else None
    return entity.config_entry_id if entity is not None and entity.platform == DOMAIN else None
