"""Instances whose pictures Retrocam draws itself, published as one H.264 stream."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
import secrets
import threading
from typing import Final, override

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_track_time_interval

from ..camera_entity import camera_entity_id
from ..core.errors import SourceTimeoutError
from ..core.frames.feed import Picture, PictureFeed, Sink
from ..core.frames.image_codec import ImageFormat
from ..core.frames.jpeg_ring import Frame
from ..core.frames.orientation import orient
from ..core.threads import resolve, run_in_thread
from ..stream.tap import restart_worker
from ..stream.url_provider import UrlSupply
from ..urls import live_url
from .base import CameraInstance, RetrocamConfigEntry
from .source import CameraSource, Generator, empty_ring
from .stills import STILL_TIMEOUT

REOPENED_EVERY: Final = timedelta(hours=24)
"""MPEG-TS time stamps have 33 bits, 26.5 hours. FFmpeg follows them over their end once, and not over
where it began to read: there the stream worker ends with an error, and waits for 10 s."""
OPENING_GRACE: Final = 2.0
"""Seconds in which a stream worker that reads ends by itself."""


class DrawnInstance(CameraInstance):
    """A camera without a source: Home Assistant's stream worker reads what the publisher encodes.

    MJPEG and stills are made of the drawn pictures themselves, so that nothing is decoded again.
    """

    def __init__(
        self, hass: HomeAssistant, entry: RetrocamConfigEntry, generator: Generator
    ) -> None:
        """Draw the token by which the stream worker may read what `generator` publishes."""
        self.token = secrets.token_urlsafe(24)
        self.drawn = PictureFeed(f"retrocam drawing {entry.title}", generator.pictures)
        self._make_publisher = partial(
            generator.make_publisher, self.drawn, f"retrocam publisher {entry.title}"
        )
        self.publisher = self._make_publisher()
        ring = empty_ring()
        supply = UrlSupply(
            hass,
            entry.title,
            ring,
            url=live_url(hass, entry.entry_id, self.token),
            options={},
            entity_id=partial(camera_entity_id, hass, entry.entry_id),
            # The rate is ours: FFmpeg would look at 20 pictures to find it, for 10 s at 2 fps.
            ffmpeg={"fpsprobesize": "2"},
        )
        super().__init__(hass, entry, CameraSource(ring, supply, self.drawn))

    @override
    async def async_start(self) -> None:
        """Make the Stream, which knows the user's orientation: pictures need it also while it sleeps."""
        await self.async_stream()
        await super().async_start()

        @callback
        def restart(_now: datetime) -> None:
            if (stream := self.supply.stream) is not None:
                restart_worker(stream)

        self.entry.async_on_unload(async_track_time_interval(self.hass, restart, REOPENED_EVERY))

    @override
    async def async_still(self) -> Frame:
        """Return the next picture that is drawn. Raises SourceTimeoutError."""
        return await self.async_snapshot("jpeg")

    @override
    async def async_snapshot(self, image_format: ImageFormat) -> Frame:
        """Return the next picture that is drawn. Raises SourceTimeoutError."""
        picture = await self._async_next_picture()
        return await self.stills.async_encode(lambda: picture.frame, picture.time, image_format)

    @callback
    @override
    def hold_for_stills(self) -> CALLBACK_TYPE:
        """Hold nothing: a picture is drawn when it is wanted."""
        return lambda: None

    async def _async_next_picture(self) -> Picture:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Picture] = loop.create_future()
        taken = threading.Event()

        def take(picture: Picture) -> None:
            if not taken.is_set():
                taken.set()
                loop.call_soon_threadsafe(resolve, future, picture)

        unsubscribe = self.subscribe(take)
        try:
            async with asyncio.timeout(STILL_TIMEOUT):
                return await future
        except TimeoutError as err:
            raise SourceTimeoutError("nothing was drawn in time") from err
        finally:
            unsubscribe()

    @property
    @override
    def stream_source(self) -> str:
        return live_url(self.hass, self.entry.entry_id, self.token)

    @override
    async def async_stop(self) -> None:
        """End the publisher too, but its reader first: a worker without its source logs an error."""
        closing = self.hass.async_create_task(
            self.supply.async_close(), f"retrocam close {self.name}"
        )
        # One that is still opening waits for more of the stream than has come: its end wakes it.
        await asyncio.wait([closing], timeout=OPENING_GRACE)
        await run_in_thread(f"retrocam stop {self.name}", self.publisher.close)
        await closing
        await super().async_stop()

    @callback
    @override
    def subscribe(self, sink: Sink) -> Callable[[], None]:
        """Turn the pictures as the user wants before `sink` gets them."""

        def oriented(picture: Picture) -> None:
            sink(replace(picture, frame=orient(picture.frame, self.supply.orientation)))

        return super().subscribe(oriented)
