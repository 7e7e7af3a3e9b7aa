"""How a grid gets the pictures of its members, whatever kind of camera they are.

A camera of Retrocam gives the pictures that it has anyway. Another camera with a stream is tapped, on
the connection that Home Assistant has; one without is asked for stills. Cameras come, go and are
loaded anew while a grid is watched: each is looked after by a task for as long as it is read.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
import contextlib
import time
from typing import TYPE_CHECKING, Any, Final

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import (
    CALLBACK_TYPE,
    Event,
    HomeAssistant,
    callback,
)
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
from ..stream.entity_provider import EntitySupply
from ..stream.provider import StreamSupply
from ..translated import text
from .base import CameraInstance
from .entity import EntityInstance, camera_removed, source_entity_id
from .other_integrations import async_foreign_still
from .source import empty_ring
from .stream_camera import StreamedInstance

if TYPE_CHECKING:
    import av

LOOK_AGAIN: Final = 1.0
"""Seconds between two attempts to read a camera, and between two of its stills."""


class GridMember:
    """One camera of a grid. Runs in the event loop, unless said otherwise."""

    def __init__(self, hass: HomeAssistant, stored: str, executor: Executor, number: int) -> None:
        """Read the camera that `stored` means; `executor` decodes stills, `number` counts from 1."""
        self._hass = hass
        self._stored = stored
        self._executor = executor
        self._number = number
        self._ring = empty_ring()
        self._supply = EntitySupply(hass, self.name, self._ring, entity_id=lambda: self.entity_id)
        self._tasks: set[asyncio.Task[None]] = set()
        self._feeds: list[PictureFeed] = []

    @property
    def entity_id(self) -> str | None:
        """The id that the camera has now; None once it was removed."""
        return source_entity_id(self._hass, self._stored)

    @property
    def name(self) -> str:
        """What users call the camera. Any thread."""
        if (entity_id := self.entity_id) is None:
            return text(self._hass, "camera_number", number=str(self._number))
        state = self._hass.states.get(entity_id)
        return entity_id if state is None else state.name

    @property
    def removed(self) -> bool:
        """Whether Home Assistant has no such camera any more, as far as is known."""
        return camera_removed(self._hass, self._stored)

    def subscribe(self, sink: Sink, *, keyframes_only: bool) -> Callable[[], None]:
        """Have `sink` called with pictures until the returned function is called. Any thread."""
        loop = self._hass.loop
        task: asyncio.Task[None] | None = None

        @callback
        def begin() -> None:
            nonlocal task
            task = self._hass.async_create_background_task(
                self._async_read(sink, keyframes_only=keyframes_only),
                f"retrocam grid member {self.name}",
            )
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        @callback
        def end() -> None:
            if task is not None:
                task.cancel()

        loop.call_soon_threadsafe(begin)

        def unsubscribe() -> None:
            loop.call_soon_threadsafe(end)

        return unsubscribe

    async def async_close(self) -> None:
        """End all that runs, and join it."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await run_in_thread(f"retrocam stop {self.name}", self._close_feeds)
        await self._supply.async_close()
        self._ring.close()

    async def _async_read(self, sink: Sink, *, keyframes_only: bool) -> None:
        """Read the camera in the way that is fit for it at present, again and again."""
        while True:
            with contextlib.suppress(HomeAssistantError, RetrocamError, TimeoutError):
                instance = self._instance()
                if instance is not None and await _async_has_pictures(instance):
                    await self._async_read_instance(instance, sink, keyframes_only=keyframes_only)
                elif instance is None and self._supply.has_stream:
                    await self._async_read_stream(sink, keyframes_only=keyframes_only)
                else:
                    await self._async_read_stills(sink)
            await asyncio.sleep(LOOK_AGAIN)

    async def _async_read_instance(
        self, instance: CameraInstance, sink: Sink, *, keyframes_only: bool
    ) -> None:
        """Read a camera of Retrocam until it is unloaded."""
        if keyframes_only and isinstance(instance, StreamedInstance):
            end = self._tap(instance.ring, instance.supply, sink)
        else:
            end = instance.subscribe(sink)
        try:
            await self._async_as_long_as(lambda: self._instance() is instance)
        finally:
            end()

    async def _async_read_stream(self, sink: Sink, *, keyframes_only: bool) -> None:
        """Read the stream of another camera until that has none; the supply follows the camera."""
        end = self._tap(self._ring, self._supply, sink, keyframes_only=keyframes_only)
        try:
            await self._async_as_long_as(
                lambda: self._instance() is None and self._supply.has_stream
            )
        finally:
            end()

    async def _async_as_long_as(self, holds: Callable[[], bool]) -> None:
        """Return when `holds` no longer does; look again after each change of the camera.

        A camera that is unloaded or removed changes its state; one that is renamed changes it under
        the old id, and from then on under another.
        """
        changed = asyncio.Event()

        @callback
        def take_in(event: Event[Any]) -> None:
            state, before = event.data.get("new_state"), event.data.get("old_state")
            if (state and state.state) != (before and before.state):
                self._supply.async_retry()
            changed.set()

        end_registry = self._hass.bus.async_listen(er.EVENT_ENTITY_REGISTRY_UPDATED, take_in)
        try:
            while True:
                end = async_track_state_change_event(self._hass, self.entity_id or [], take_in)
                try:
                    if not holds():
                        return
                    await changed.wait()
                    changed.clear()
                finally:
                    end()
        finally:
            end_registry()

    async def _async_read_stills(self, sink: Sink) -> None:
        """Ask a camera for stills until it fails; a still that stays the same is not decoded anew.

        Raises CannotConnectError or InvalidFrameError.
        """
        loop = asyncio.get_running_loop()
        last = b""
        frame: av.VideoFrame | None = None
        while (entity_id := self.entity_id) is not None:
            data = await async_foreign_still(self._hass, entity_id)
            now = time.time()
            if frame is None or data != last:
                frame = await loop.run_in_executor(self._executor, decode_still, data)
                last = data
            sink(Picture(frame, now, now))
            await asyncio.sleep(LOOK_AGAIN)

    @callback
    def _tap(
        self,
        ring: SegmentRing,
        supply: StreamSupply,
        sink: Sink,
        *,
        keyframes_only: bool = True,
    ) -> CALLBACK_TYPE:
        """Decode a ring for the grid alone; returns what ends it."""
        self._feeds = [feed for feed in self._feeds if feed.running]
        decoder = SegmentDecoder(
            ring, orientation=lambda: supply.orientation, keyframes_only=keyframes_only
        )
        feed = PictureFeed(f"retrocam grid decoder {self.name}", decoder)
        self._feeds.append(feed)
        release = supply.hold()
        unsubscribe = feed.subscribe(sink)

        @callback
        def end() -> None:
            unsubscribe()
            release()

        return end

    def _close_feeds(self) -> None:
        for feed in self._feeds:
            feed.close()

    @callback
    def _instance(self) -> CameraInstance | None:
        """Return the camera's instance, if it is one of Retrocam that is loaded now."""
        return instance_of_camera(self._hass, self.entity_id)


async def _async_has_pictures(instance: CameraInstance) -> bool:
    """Tell whether an instance decodes pictures; a wrapped camera without a stream does not.

    Raises HomeAssistantError or TimeoutError while the wrapped camera is not there.
    """
    if not isinstance(instance, EntityInstance):
        return True
    return await instance.async_stream() is not None


@callback
def instance_of_camera(hass: HomeAssistant, entity_id: str | None) -> CameraInstance | None:
    """Return the loaded instance whose camera an entity is; None for any other entity."""
    if entity_id is None or (entity := er.async_get(hass).async_get(entity_id)) is None:
        return None
    if entity.platform != DOMAIN or entity.config_entry_id is None:
        return None
    entry = hass.config_entries.async_get_entry(entity.config_entry_id)
    if entry is None or entry.state is not ConfigEntryState.LOADED:
        return None
    instance: CameraInstance = entry.runtime_data
    return instance
