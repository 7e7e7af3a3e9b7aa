"""Cameras that wrap a camera entity of Home Assistant."""

import asyncio
from collections.abc import Callable
import contextlib
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
import logging
import time
from typing import ClassVar, override

from homeassistant.components.camera import DOMAIN as CAMERA_DOMAIN, async_get_image
from homeassistant.const import CONF_ENTITY_ID, STATE_UNAVAILABLE
from homeassistant.core import (
    CALLBACK_TYPE,
    CoreState,
    Event,
    EventStateChangedData,
    HomeAssistant,
    callback,
)
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.event import async_track_state_change_event

from ..const import DOMAIN, KIND_CAMERA_ENTITY
from ..core.errors import CannotConnectError, PictureTooLargeError, RetrocamError
from ..core.frames.feed import PictureFeed, Sink
from ..core.frames.image_codec import ImageFormat, still_size, upright_still
from ..core.frames.jpeg_ring import Frame
from ..core.frames.still_source import StillPictures
from ..core.sources.allocation import MAX_PACKET
from ..core.threads import run_in_thread
from ..stream.entity_provider import EntityStreamProvider
from .base import RetrocamConfigEntry
from .source_device import async_link_device
from .stream_camera import StreamCamera

_LOGGER = logging.getLogger(__name__)


@dataclass(slots=True)
class _SourceStill:
    """A still as the wrapped camera sent it, and what was made of it."""

    data: bytes
    time: float
    upright: dict[ImageFormat, Frame] = field(default_factory=dict)


class EntityCamera(StreamCamera):
    """Wraps a camera entity: uses its Stream if it has one, else its stills."""

    kind: ClassVar[str] = KIND_CAMERA_ENTITY
    provider: EntityStreamProvider
    _still: _SourceStill | None = None
    """Latest still of a camera without a stream."""
    _still_feed: PictureFeed | None = None
    _had_stream: bool = True
    """`has_stream` when the wrapped camera was last there; an unknown one is assumed to have one."""
    _tracked_id: str | None = None
    """Entity id whose state is tracked."""

    def __init__(self, hass: HomeAssistant, entry: RetrocamConfigEntry) -> None:
        entity_id = partial(source_entity_id, hass, entry.data[CONF_ENTITY_ID])
        super().__init__(hass, entry, EntityStreamProvider(hass, entry.title, entity_id))
        self._untrack_state: CALLBACK_TYPE = lambda: None
        self._still_lock = asyncio.Lock()

    @property
    def source_entity_id(self) -> str | None:
        """Current entity id of the wrapped camera; None once it was removed."""
        return source_entity_id(self.hass, self.entry.data[CONF_ENTITY_ID])

    @property
    def removed(self) -> bool:
        """Whether the wrapped camera no longer exists; False until Home Assistant has started."""
        return camera_removed(self.hass, self.entry.data[CONF_ENTITY_ID])

    @property
    @override
    def has_stream(self) -> bool:
        with contextlib.suppress(HomeAssistantError):
            self._had_stream = self.provider.has_stream
        return self._had_stream

    @property
    @override
    def frame_size(self) -> tuple[int, int] | None:
        """That of the stream, else of the latest still, upright."""
        if self._still is not None and self.ring.frame_size is None:
            return next((still_size(frame.data) for frame in self._still.upright.values()), None)
        return super().frame_size

    @override
    async def async_start(self) -> None:
        """Also track the wrapped camera's state and device, across renames."""
        await super().async_start()

        @callback
        def registry_changed(event: Event[er.EventEntityRegistryUpdatedData]) -> None:
            if self.source_entity_id != self._tracked_id:
                self.provider.async_retry()
                self._async_track_state()
                self.async_update_listeners()
            elif event.data["entity_id"] == self._tracked_id:
                async_link_device(self.hass, self.entry.entry_id, self._tracked_id)

        self._async_track_state()
        # Not async_track_entity_registry_updated_event: it tracks one entity id, but a removed camera
        # may come back with the same registry id under another one.
        self.entry.async_on_unload(
            self.hass.bus.async_listen(er.EVENT_ENTITY_REGISTRY_UPDATED, registry_changed)
        )
        self.entry.async_on_unload(lambda: self._untrack_state())  # noqa: PLW0108  # it changes

    def _async_track_state(self) -> None:
        self._untrack_state()
        self._tracked_id = self.source_entity_id
        async_link_device(self.hass, self.entry.entry_id, self._tracked_id)
        state = self.hass.states.get(self._tracked_id) if self._tracked_id else None
        if state is not None and state.state != STATE_UNAVAILABLE:
            self.provider.async_source_changed(available=True)
        self._untrack_state = async_track_state_change_event(
            self.hass, self._tracked_id or [], self._async_state_changed
        )

    @callback
    def _async_state_changed(self, event: Event[EventStateChangedData]) -> None:
        new, old = event.data["new_state"], event.data["old_state"]
        if (new and new.state) != (old and old.state):
            self.provider.async_retry()
        self.provider.async_source_changed(
            available=new is not None and new.state != STATE_UNAVAILABLE
        )
        self.async_update_listeners()

    @override
    async def async_still(self) -> Frame:
        if await self._async_has_stream():
            return await super().async_still()
        return await self._async_source_still("jpeg")

    @override
    async def async_snapshot(self, image_format: ImageFormat) -> Frame:
        if await self._async_has_stream():
            return await super().async_snapshot(image_format)
        return await self._async_source_still(image_format)

    async def _async_has_stream(self) -> bool:
        """Return whether the wrapped camera has a stream. Raises CannotConnectError."""
        try:
            return await self.async_stream() is not None
        except (HomeAssistantError, TimeoutError) as err:
            raise CannotConnectError("the camera is unavailable") from err

    async def _async_source_still(self, image_format: ImageFormat) -> Frame:
        """Fetch a still and return it upright; an unchanged one keeps its time.

        Raises CannotConnectError, or InvalidFrameError if it is damaged or of an unknown format.
        """
        if (entity_id := self.source_entity_id) is None:
            raise CannotConnectError("the camera was removed")
        data = await async_camera_image(self.hass, entity_id)
        async with self._still_lock:
            if self._still is None or data != self._still.data:
                self._still = _SourceStill(data, time.time())
            still = self._still
            if (frame := still.upright.get(image_format)) is None:
                upright = await run_in_thread(
                    f"retrocam still {self.name}",
                    partial(upright_still, data, image_format),
                    join_on_cancel=True,
                )
                frame = Frame(data=upright, index=0, time=still.time)
                still.upright[image_format] = frame
            return frame

    @override
    async def async_stop(self) -> None:
        await super().async_stop()
        if self._still_feed is not None:
            await run_in_thread(f"retrocam stop {self.name}", self._still_feed.close)

    @override
    def read(self, sink: Sink) -> Callable[[], None]:
        """Decode the wrapped camera's stream, or its stills if it has none."""

        def read_stills() -> CALLBACK_TYPE:
            if self._still_feed is None:
                self._still_feed = PictureFeed(
                    f"retrocam still pictures {self.name}", StillPictures(self.frames)
                )
            ends = ExitStack()
            ends.callback(self.watch())
            ends.callback(self._still_feed.subscribe(sink))
            return ends.close

        return self._start("pictures", lambda: self.subscribe(sink), read_stills)

    @override
    def _start_jpegs(self) -> Callable[[], None]:
        def poll_stills() -> Callable[[], object]:
            return self.entry.async_create_background_task(
                self.hass, self._async_poll_stills(), f"retrocam stills of {self.name}"
            ).cancel

        return self._start("JPEGs", super()._start_jpegs, poll_stills)

    def _start(
        self,
        name: str,
        start_stream: Callable[[], Callable[[], object]],
        start_stills: Callable[[], Callable[[], object]],
    ) -> CALLBACK_TYPE:
        """Call one function, once it is known whether the camera has a stream.

        An unavailable camera is assumed to have one. Returns the function that ends it.
        """
        ends = ExitStack()

        async def start() -> None:
            try:
                has_stream = await self.async_stream() is not None
            except HomeAssistantError, TimeoutError:
                has_stream = True
            ends.callback(start_stream() if has_stream else start_stills())

        task = self.entry.async_create_background_task(
            self.hass, start(), f"retrocam {name} of {self.name}"
        )

        ends.callback(task.cancel)
        return ends.close

    async def _async_poll_stills(self) -> None:
        """Add stills to the frame ring at the MJPEG rate."""
        loop = asyncio.get_running_loop()
        last = b""
        failing = False
        while True:
            due = loop.time() + 1 / self.settings.mjpeg_fps
            try:
                still = await self._async_source_still("jpeg")
                if still.data != last:
                    last = still.data
                    self.frames.add_frame(still.data, still.time)
                failing = False
            except RetrocamError as err:
                if not failing:
                    _LOGGER.info("%s gives no picture: %s", self.name, err)
                failing = True
            await asyncio.sleep(max(0.0, due - loop.time()) if not failing else 1.0)


async def async_camera_image(hass: HomeAssistant, entity_id: str) -> bytes:
    """Return the image of a camera entity, in any format.

    Raises CannotConnectError, or PictureTooLargeError beyond `MAX_PACKET`. Other integrations may raise
    anything: only the type of the error is kept, its text may hold addresses and passwords.
    """
    try:
        data = (await async_get_image(hass, entity_id)).content
    except Exception as err:
        raise CannotConnectError(f"the camera gave no picture: {type(err).__name__}") from err
    if len(data) > MAX_PACKET:
        raise PictureTooLargeError(f"a picture of {len(data)} bytes")
    return data


def source_entity_id(hass: HomeAssistant, stored: str) -> str | None:
    """Return the entity id of `stored`, a registry id or the entity id of an unregistered camera."""
    if (entry := er.async_get(hass).entities.get_entry(stored)) is not None:
        return entry.entity_id
    return stored if "." in stored else None


def own_cameras(hass: HomeAssistant) -> list[str]:
    """Return Retrocam's own cameras; they must not be wrapped, as two could wrap each other."""
    registry = er.async_get(hass)
    return [
        entity.entity_id
        for entry in hass.config_entries.async_entries(DOMAIN)
        for entity in er.async_entries_for_config_entry(registry, entry.entry_id)
        if entity.domain == CAMERA_DOMAIN
    ]


def stored_camera(hass: HomeAssistant, entity_id: str) -> str:
    """Return the id to store for a camera: its registry id, which survives renames, if it has one."""
    entry = er.async_get(hass).async_get(entity_id)
    return entry.id if entry else entity_id


def camera_removed(hass: HomeAssistant, stored: str) -> bool:
    """Return whether the camera no longer exists."""
    entity_id = source_entity_id(hass, stored)
    if entity_id is None or entity_id != stored:
        return entity_id is None
    # Until Home Assistant has started, the camera's integration may not be set up yet.
    return hass.state is CoreState.running and hass.states.get(entity_id) is None
