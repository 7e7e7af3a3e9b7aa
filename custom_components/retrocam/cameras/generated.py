"""Cameras whose frames Retrocam draws itself, published as one H.264 stream."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial
import secrets
from typing import override

from homeassistant.core import CALLBACK_TYPE, HomeAssistant

from ..camera_entity import camera_entity_id
from ..core.errors import SourceTimeoutError
from ..core.frames.feed import Picture, PictureFeed, PictureSource, Sink
from ..core.frames.image_codec import ImageFormat
from ..core.frames.jpeg_ring import Frame
from ..core.frames.orientation import orient
from ..core.publish.publisher import Publisher
from ..core.threads import resolve
from ..own_urls import own_url, url_for_readers
from ..stream.url_provider import UrlStreamProvider
from ..urls import live_url
from .base import CameraInstance, RetrocamConfigEntry
from .live_source import FFMPEG, async_close_live, async_reopen_daily
from .stills import STILL_TIMEOUT


class GeneratedCamera(CameraInstance):
    """A camera without a source: Home Assistant's stream worker reads the publisher's stream.

    MJPEG and stills are encoded from the drawn frames, without decoding.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: RetrocamConfigEntry,
        source: PictureSource,
        make_publisher: Callable[..., Publisher],
    ) -> None:
        """Draw frames from `source`; `make_publisher` takes their feed and `name`, a thread's."""
        self.token = secrets.token_urlsafe(24)
        """Authorizes the stream worker to read the published stream."""
        feed = PictureFeed(f"retrocam drawing {entry.title}", source)
        self._make_publisher = partial(
            make_publisher, feed, name=f"retrocam publisher {entry.title}"
        )
        self.publisher = self._make_publisher()
        provider = UrlStreamProvider(
            hass,
            entry.title,
            url=live_url(own_url(hass), entry.entry_id, self.token),
            options={},
            entity_id=partial(camera_entity_id, hass, entry.entry_id),
            ffmpeg=FFMPEG,
        )
        super().__init__(hass, entry, provider, feed)

    @override
    async def async_start(self) -> None:
        """Also create the Stream: it has the orientation, which is needed even while it is idle."""
        await self.async_stream()
        await super().async_start()
        async_reopen_daily(self)

    @override
    async def async_still(self) -> Frame:
        return await self.async_snapshot("jpeg")

    @override
    async def async_snapshot(self, image_format: ImageFormat) -> Frame:
        """Return the next frame that is drawn. Raises SourceTimeoutError."""
        try:
            picture = await async_first_picture(self.subscribe, STILL_TIMEOUT)
        except TimeoutError as err:
            raise SourceTimeoutError("nothing was drawn in time") from err
        return await self.stills.async_encode(lambda: picture.frame, picture.time, image_format)

    @override
    def acquire_for_stills(self) -> CALLBACK_TYPE:
        """No-op: frames are drawn on demand."""
        return lambda: None

    @property
    @override
    def stream_source(self) -> str:
        """URL for other readers; the stream worker has one of its own."""
        return live_url(url_for_readers(self.hass), self.entry.entry_id, self.token)

    @property
    @override
    def restreams(self) -> bool:
        return True

    @override
    async def async_stop(self) -> None:
        """Also close the publisher, after its reader: a worker that loses its source logs an error."""
        await async_close_live(self.hass, self.name, self.provider, self.publisher)
        await super().async_stop()

    @override
    def subscribe(self, sink: Sink) -> Callable[[], None]:
        """Orient frames before passing them to `sink`."""

        def oriented(picture: Picture) -> None:
            sink(replace(picture, frame=orient(picture.frame, self.provider.orientation)))

        return super().subscribe(oriented)


async def async_first_picture(
    subscribe: Callable[[Sink], Callable[[], None]],
    timeout: float,  # noqa: ASYNC109  # of a frame
) -> Picture:
    """Return the first picture of a subscription. Raises TimeoutError after `timeout` s."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Picture] = loop.create_future()

    def take(picture: Picture) -> None:
        if not future.done():
            loop.call_soon_threadsafe(resolve, future, picture)

    unsubscribe = subscribe(take)
    try:
        async with asyncio.timeout(timeout):
            return await future
    finally:
        unsubscribe()
