"""Stills: the newest image of a stream, with its time."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
import threading
import time
from typing import Final

import av

from ..core.errors import CannotConnectError, GradualRefreshError, SourceTimeoutError
from ..core.frames.decoder import KeyframeDecoder
from ..core.frames.feed import Picture
from ..core.frames.image_codec import ImageFormat, StillEncoder
from ..core.frames.jpeg_ring import Frame, FrameRing
from ..core.segments.cursors import SegmentCursor
from ..core.segments.segment import KeyframePart
from ..core.threads import run_in_thread
from ..stream.provider import StreamProvider

STILL_TIMEOUT: Final = 9.5
"""Seconds in which an idle stream must start and deliver a keyframe; Home Assistant waits for 10."""
LIVE: Final = 5.0
"""Seconds since its last part for which a stream counts as live: parts come about every second."""
MJPEG_MAX_AGE: Final = 2.0
"""Age, in seconds, up to which an MJPEG frame serves as a still."""


@dataclass(frozen=True, slots=True)
class _Still:
    position: float
    """Of its keyframe, on the ring's time line."""
    image_format: ImageFormat
    frame: Frame


class Stills:
    """Takes stills of one instance, one at a time.

    A live stream gives its newest keyframe, at the cost of one decode. An idle stream is started, and
    its first keyframe awaited. The last still is cached until the next keyframe.
    """

    def __init__(self, name: str, provider: StreamProvider, frames: FrameRing) -> None:
        """Take stills from the provider's ring, or from `frames` while these are recent."""
        self._name = name
        self._ring = provider.ring
        self._provider = provider
        self._frames = frames
        self._decoder = KeyframeDecoder()
        self._encoder = StillEncoder()
        self._lock = asyncio.Lock()
        self._cursor: SegmentCursor | None = None
        self._codec_lock = threading.Lock()
        self._last: _Still | None = None

    @property
    def is_live(self) -> bool:
        """Whether the stream is live, so that its newest keyframe is current."""
        last = self._ring.last_arrival
        return last is not None and self._ring.clock() - last < self._live_seconds

    async def async_get(self) -> Frame:
        """Return the newest image, which may have the MJPEG size. Raises as `async_take`."""
        latest = self._frames.latest
        # A time in the future is from before the clock was set back.
        if latest is not None and abs(time.time() - latest.time) < MJPEG_MAX_AGE:
            return latest
        return await self.async_take("jpeg")

    async def async_take(self, image_format: ImageFormat) -> Frame:
        """Return the newest image in full size.

        The same keyframe gives the same Frame, or one of the same time in another format. Raises
        SourceTimeoutError if none comes in time, CannotConnectError if the camera is known to be lost.
        """
        async with self._lock:
            keyframe = self._ring.newest_keyframe if self.is_live else None
            if keyframe is not None and (last := self._last) is not None:
                same = last.position == keyframe.position
                if same and last.image_format == image_format:
                    return last.frame
            if keyframe is None and self._provider.in_use and not self._provider.available:
                # The provider retries, and notices at once when the camera is back.
                raise CannotConnectError("the camera is unavailable")
            release = self._provider.acquire()
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

    async def async_encode(
        self, get_frame: Callable[[], av.VideoFrame], time: float, image_format: ImageFormat
    ) -> Frame:
        """Encode the result of `get_frame`; both run in a thread. Raises InvalidFrameError."""

        def encode() -> Frame:
            with self._codec_lock:
                data = self._encoder.encode(get_frame(), image_format)
                return Frame(data=data, index=0, time=time)

        return await run_in_thread(f"retrocam still {self._name}", encode)

    async def async_stop(self) -> None:
        """End a wait for a keyframe, and its thread."""
        if self._cursor is not None:
            self._cursor.close()

        def wait_for_thread() -> None:
            with self._codec_lock:
                pass

        await run_in_thread(f"retrocam stop {self._name}", wait_for_thread)

    @property
    def _live_seconds(self) -> float:
        """Age up to which a keyframe is live: that of the newest burst of a bursty source."""
        return max(LIVE, self._ring.longest_wait + 1.0)

    def _take(
        self, keyframe: KeyframePart | None, cursor: SegmentCursor, image_format: ImageFormat
    ) -> Frame:
        """Decode and encode `keyframe`, or else the next one; in a thread."""
        with self._codec_lock:
            deadline = self._ring.clock() + STILL_TIMEOUT
            if keyframe is None:
                keyframe = self._wait_for_keyframe(cursor, deadline)
            picture = self._decode(keyframe, cursor, deadline)
            # The estimated delay of a stream changes; the time of an image must not.
            last, position = self._last, keyframe.position
            time = last.frame.time if last and last.position == position else picture.time
            data = self._encoder.encode(picture.frame, image_format)
            frame = Frame(data=data, index=0, time=time)
            self._last = _Still(position, image_format, frame)
            return frame

    def _decode(self, keyframe: KeyframePart, cursor: SegmentCursor, deadline: float) -> Picture:
        """Decode a keyframe, or the newest frame of a stream with gradual refresh."""
        orientation = self._provider.orientation
        try:
            return self._decoder.decode(keyframe.segment, keyframe.part, orientation)
        except GradualRefreshError:
            while (left := deadline - self._ring.clock()) > 0:
                with suppress(GradualRefreshError):
                    return self._decoder.decode_refresh(self._ring, orientation)
                if cursor.next(left) is None:
                    break
        raise SourceTimeoutError("no refresh ended in time")

    def _wait_for_keyframe(self, cursor: SegmentCursor, deadline: float) -> KeyframePart:
        clock = self._ring.clock
        while (left := deadline - clock()) > 0 and (read := cursor.next(left)) is not None:
            if (
                read.timing.keyframe is not None
                and clock() - read.timing.arrived < self._live_seconds
            ):
                index = read.segment.parts.index(read.part)
                return KeyframePart(read.segment, index)
        raise SourceTimeoutError("no keyframe arrived in time")
