"""Stills: one picture, as new as can be had, with the time at which it was taken."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
import threading
import time
from typing import Final

import av

from ..core.errors import CannotConnectError, SourceTimeoutError
from ..core.frames.decoder import KeyframeDecoder
from ..core.frames.image_codec import ImageFormat, StillEncoder
from ..core.frames.jpeg_ring import Frame, FrameRing
from ..core.segments.ring import SegmentCursor, SegmentRing
from ..core.segments.segment import KeyframePart
from ..core.threads import run_in_thread
from ..stream.provider import StreamSupply

STILL_TIMEOUT: Final = 9.5
"""Seconds in which a sleeping stream must wake and bring a picture; Home Assistant waits for 10."""
LIVE: Final = 5.0
"""Seconds since its last part within which a stream counts as live: parts come about every second."""
MJPEG_FRESH: Final = 2.0
"""Seconds within which a frame that MJPEG viewers see does for a still too."""


@dataclass(frozen=True, slots=True)
class _Taken:
    """The last still of the stream."""

    position: float
    """Of its keyframe, on the ring's time line."""
    image_format: ImageFormat
    frame: Frame


class Stills:
    """Takes stills of one instance, for any number of askers at once.

    A stream that is live gives its newest keyframe, which costs one decode and wakes nothing. A stream
    that sleeps is woken, and its first picture is waited for. Decoder and picture are kept, so that
    asking again before the next keyframe costs nothing.
    """

    def __init__(
        self, name: str, ring: SegmentRing, supply: StreamSupply, frames: FrameRing
    ) -> None:
        """Take stills from `ring`, which `supply` fills, or from `frames` while these are new."""
        self._name = name
        self._ring = ring
        self._supply = supply
        self._frames = frames
        self._decoder = KeyframeDecoder()
        self._encoder = StillEncoder()
        self._lock = asyncio.Lock()
        self._cursor: SegmentCursor | None = None
        self._thread_works = threading.Lock()
        self._last: _Taken | None = None

    @property
    def fresh(self) -> bool:
        """Whether the stream is live, so that its newest keyframe is of the present."""
        last = self._ring.last_arrival
        return last is not None and self._ring.clock() - last < LIVE

    async def async_get(self) -> Frame:
        """Return the newest picture. Raises as `async_take`."""
        latest = self._frames.latest
        # Of the future is what was taken before the clock was set back, whenever that was.
        if latest is not None and abs(time.time() - latest.time) < MJPEG_FRESH:
            return latest
        return await self.async_take("jpeg")

    async def async_take(self, image_format: ImageFormat) -> Frame:
        """Return the newest picture as it came, in its full size, to be kept.

        The same picture is the same Frame, or one of the same time in another format. Raises
        SourceTimeoutError when none comes in time, CannotConnectError when that is known already.
        """
        async with self._lock:
            keyframe = self._ring.newest_keyframe if self.fresh else None
            if keyframe is not None and (last := self._last) is not None:
                same = last.position == keyframe.position
                if same and last.image_format == image_format:
                    return last.frame
            if keyframe is None and self._supply.held and not self._supply.available:
                # It is looked after, and as soon as it is back it is available.
                raise CannotConnectError("the camera is not there")
            return await self._async_take(keyframe, image_format)

    async def async_encode(
        self, picture: Callable[[], av.VideoFrame], time: float, image_format: ImageFormat
    ) -> Frame:
        """Encode what `picture` returns; both in a thread. Raises InvalidFrameError."""

        def encode() -> Frame:
            with self._thread_works:
                data = self._encoder.encode(picture(), image_format)
                return Frame(data=data, index=0, time=time)

        return await run_in_thread(f"retrocam still {self._name}", encode)

    async def async_stop(self) -> None:
        """End a wait for a picture, and its thread."""
        if self._cursor is not None:
            self._cursor.close()
        await run_in_thread("retrocam stills end", self._wait_for_thread)

    async def _async_take(self, keyframe: KeyframePart | None, image_format: ImageFormat) -> Frame:
        release = self._supply.hold()
        try:
            with self._ring.cursor(since=self._ring.now, live=False) as cursor:
                self._cursor = cursor
                return await run_in_thread(
                    f"retrocam still {self._name}",
                    lambda: self._take(keyframe, cursor, image_format),
                )
        finally:
            self._cursor = None
            release()

    def _take(
        self, keyframe: KeyframePart | None, cursor: SegmentCursor, image_format: ImageFormat
    ) -> Frame:
        """Wait for a keyframe if there is none, decode and encode it; in a thread of its own."""
        with self._thread_works:
            if keyframe is None:
                keyframe = self._wait_for_keyframe(cursor)
            picture = self._decoder.decode(
                keyframe.segment, keyframe.part, self._supply.orientation
            )
            # What is known of a stream's delay changes while it runs; the time of a picture must not.
            last, position = self._last, keyframe.position
            time = last.frame.time if last and last.position == position else picture.time
            data = self._encoder.encode(picture.frame, image_format)
            frame = Frame(data=data, index=0, time=time)
            self._last = _Taken(position, image_format, frame)
            return frame

    def _wait_for_thread(self) -> None:
        with self._thread_works:
            pass

    def _wait_for_keyframe(self, cursor: SegmentCursor) -> KeyframePart:
        clock = self._ring.clock
        deadline = clock() + STILL_TIMEOUT
        while (left := deadline - clock()) > 0 and (read := cursor.next(left)) is not None:
            if read.mark.keyframe is not None and clock() - read.mark.arrived < LIVE:
                index = read.segment.parts.index(read.part)
                return KeyframePart(read.segment, index, read.mark.keyframe)
        raise SourceTimeoutError("no picture came in time")
