"""A camera that Home Assistant already has."""

import asyncio
from collections.abc import Callable
from functools import partial
import logging
import time
from typing import ClassVar, Final, override

from homeassistant.components.camera import DOMAIN as CAMERA_DOMAIN
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
from ..core.errors import CannotConnectError, RetrocamError
from ..core.frames.feed import PictureFeed, Sink
from ..core.frames.image_codec import ImageFormat, decode_still, still_extension
from ..core.frames.jpeg_ring import Frame
from ..core.frames.still_source import StillPictures
from ..core.threads import run_in_thread
from ..stream.entity_provider import EntitySupply
from .base import RetrocamConfigEntry
from .other_integrations import async_foreign_still
from .source import empty_ring
from .stream_camera import StreamedInstance

_LOGGER = logging.getLogger(__name__)

_EXTENSIONS: Final[dict[ImageFormat, str]] = {"jpeg": "jpg", "png": "png"}


class EntityInstance(StreamedInstance):
    """Wraps a camera entity: its Stream if it has one, else its stills."""

    kind: ClassVar[str] = KIND_CAMERA_ENTITY
    supply: EntitySupply
    _still: Frame | None = None
    """The last one of a camera without a stream."""
    _still_feed: PictureFeed | None = None
    _followed: str | None = None
    """The id of the camera whose state is followed."""

    def __init__(self, hass: HomeAssistant, entry: RetrocamConfigEntry) -> None:
        """Read the entry; nothing is followed yet."""
        ring = empty_ring()
        stored: str = entry.data[CONF_ENTITY_ID]
        entity_id = partial(source_entity_id, hass, stored)
        supply = EntitySupply(hass, entry.title, ring, entity_id=entity_id)
        super().__init__(hass, entry, ring, supply)
        self._end_following: CALLBACK_TYPE = lambda: None

    @property
    def source_entity_id(self) -> str | None:
        """The id that the wrapped camera has now; None once it was removed."""
        return source_entity_id(self.hass, self.entry.data[CONF_ENTITY_ID])

    @property
    def removed(self) -> bool:
        """Whether Home Assistant no longer has the wrapped camera, as far as is known."""
        return camera_removed(self.hass, self.entry.data[CONF_ENTITY_ID])

    @override
    async def async_start(self) -> None:
        """Follow the wrapped camera's state, also under another id."""
        await super().async_start()

        @callback
        def registry_changed(_event: Event[er.EventEntityRegistryUpdatedData]) -> None:
            if self.source_entity_id != self._followed:
                self.supply.async_retry()
                self._async_follow_source()
                self.async_tell()

        self._async_follow_source()
        self.entry.async_on_unload(
            self.hass.bus.async_listen(er.EVENT_ENTITY_REGISTRY_UPDATED, registry_changed)
        )
        self.entry.async_on_unload(self._async_leave_source)

    @callback
    def _async_leave_source(self) -> None:
        self._end_following()
        self._end_following = lambda: None

    @callback
    def _async_follow_source(self) -> None:
        self._async_leave_source()
        self._followed = self.source_entity_id
        state = self.hass.states.get(self._followed) if self._followed else None
        if state is not None and state.state != STATE_UNAVAILABLE:
            self.supply.async_source_changed(available=True)
        self._end_following = async_track_state_change_event(
            self.hass, self._followed or [], self._async_source_changed
        )

    @callback
    def _async_source_changed(self, event: Event[EventStateChangedData]) -> None:
        state, before = event.data["new_state"], event.data["old_state"]
        if (state and state.state) != (before and before.state):
            self.supply.async_retry()
        self.supply.async_source_changed(
            available=state is not None and state.state != STATE_UNAVAILABLE
        )
        self.async_tell()

    @override
    async def async_still(self) -> Frame:
        """Return the newest picture of the wrapped camera's stream, or else its still."""
        if await self._async_has_stream():
            return await super().async_still()
        return await self.async_source_still()

    @override
    async def async_snapshot(self, image_format: ImageFormat) -> Frame:
        """Return the newest picture of the wrapped camera's stream, or else its still."""
        if await self._async_has_stream():
            return await super().async_snapshot(image_format)
        still = await self.async_source_still()
        if still_extension(still.data) == _EXTENSIONS[image_format]:
            return still
        return await self.stills.async_encode(
            lambda: decode_still(still.data), still.time, image_format
        )

    async def _async_has_stream(self) -> bool:
        """Tell whether the wrapped camera has a stream. Raises CannotConnectError."""
        try:
            return await self.async_stream() is not None
        except (HomeAssistantError, TimeoutError) as err:
            raise CannotConnectError("the camera is not there") from err

    async def async_source_still(self) -> Frame:
        """Ask the wrapped camera for a picture; an unchanged one keeps the time of its first sight.

        Raises CannotConnectError.
        """
        if (entity_id := self.source_entity_id) is None:
            raise CannotConnectError("the camera was removed")
        data = await async_foreign_still(self.hass, entity_id)
        if self._still is None or data != self._still.data:
            self._still = Frame(data=data, index=0, time=time.time())
        return self._still

    @override
    async def async_stop(self) -> None:
        """End what is made of stills, too."""
        await super().async_stop()
        if self._still_feed is not None:
            await run_in_thread(f"retrocam stop {self.name}", self._still_feed.close)

    @callback
    @override
    def read(self, sink: Sink) -> Callable[[], None]:
        """Decode the wrapped camera's stream, or its stills if it has none."""
        ends: list[Callable[[], None]] = []

        async def run() -> None:
            if await self._async_is_streamed():
                ends.append(self.subscribe(sink))
                return
            if self._still_feed is None:
                source = StillPictures(self.frames)
                self._still_feed = PictureFeed(f"retrocam still pictures {self.name}", source)
            ends.extend((self.watch(), self._still_feed.subscribe(sink)))

        task = self.entry.async_create_background_task(
            self.hass, run(), f"retrocam pictures of {self.name}"
        )

        def end() -> None:
            task.cancel()
            while ends:
                ends.pop()()

        return end

    async def _async_is_streamed(self) -> bool:
        """Tell whether the wrapped camera has a stream; one that is away may have: it is waited for."""
        try:
            return await self.async_stream() is not None
        except HomeAssistantError, TimeoutError:
            return True

    @callback
    @override
    def _begin_watching(self) -> Callable[[], None]:
        end_decoding: CALLBACK_TYPE | None = None

        async def run() -> None:
            nonlocal end_decoding
            if await self._async_is_streamed():
                end_decoding = super(EntityInstance, self)._begin_watching()
            else:
                await self._async_poll_stills()

        task = self.entry.async_create_background_task(
            self.hass, run(), f"retrocam stills of {self.name}"
        )

        def end() -> None:
            task.cancel()
            if end_decoding is not None:
                end_decoding()

        return end

    async def _async_poll_stills(self) -> None:
        """Fill the frame ring from a camera that has only stills, at the rate of the settings."""
        loop = asyncio.get_running_loop()
        last = b""
        failed = False
        while True:
            due = loop.time() + 1 / self.settings.mjpeg_fps
            try:
                still = await self.async_source_still()
                if still.data != last:
                    last = still.data
                    self.frames.add_frame(still.data, still.time)
                failed = False
            except RetrocamError as err:
                if not failed:
                    _LOGGER.info("%s gives no picture: %s", self.name, err)
                failed = True
            await asyncio.sleep(max(0.0, due - loop.time()) if not failed else 1.0)


def source_entity_id(hass: HomeAssistant, stored: str) -> str | None:
    """Return the entity id that `stored` means: a registry id, or the id of an unregistered camera."""
    registry = er.async_get(hass)
    if (entry := registry.entities.get_entry(stored)) is not None:
        return entry.entity_id
    return stored if "." in stored else None


def own_cameras(hass: HomeAssistant) -> list[str]:
    """Return Retrocam's own cameras, which are not to be wrapped: two could wrap each other."""
    registry = er.async_get(hass)
    return [
        entity.entity_id
        for entry in hass.config_entries.async_entries(DOMAIN)
        for entity in er.async_entries_for_config_entry(registry, entry.entry_id)
        if entity.domain == CAMERA_DOMAIN
    ]


def stored_camera(hass: HomeAssistant, entity_id: str) -> str:
    """Return what is kept of a camera: its registry id, if it has one, for entity ids change."""
    entry = er.async_get(hass).async_get(entity_id)
    return entry.id if entry else entity_id


def camera_removed(hass: HomeAssistant, stored: str) -> bool:
    """Tell whether Home Assistant has no such camera any more, as far as is known."""
    entity_id = source_entity_id(hass, stored)
    if entity_id is None or entity_id != stored:
        return entity_id is None
    # Until then, its integration may be yet to be set up.
    started = hass.state is CoreState.running
    return started and hass.states.get(entity_id) is None
