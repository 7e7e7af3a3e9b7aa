"""Publish pictures as one H.264 stream shared by any number of readers.

A `Publisher` is a tap on a `PictureFeed`. The first reader subscribes it to the feed and starts an
encoder thread, the last one ends both; see `shared_stream.py`.
"""

from collections import deque
from collections.abc import Callable
from contextlib import closing
from functools import partial
import logging
from typing import Final, override

from ..frames.feed import Picture, PictureFeed
from .chunk_ring import ChunkRing
from .shared_stream import SharedStream, StreamRun
from .ts_encoder import AudioSource, TsEncoder

_LOGGER = logging.getLogger(__name__)

_QUEUE_SECONDS: Final = 2
"""Pictures that may wait for the encoder, so that a burst is not dropped."""
_RING_BYTES: Final = 4 * 1024 * 1024
"""What a reader may be behind: about 10 s at 3 Mbit/s."""
_OLD_GOP_SECONDS: Final = 0.5
"""A new reader gets its own keyframe if the newest is older."""


class _EncoderRun(StreamRun):
    """One run of the encoder."""

    def __init__(
        self,
        name: str,
        feed: PictureFeed,
        make_encoder: Callable[[], TsEncoder],
        *,
        queue_size: int,
        ring_bytes: int,
    ) -> None:
        """Queue the feed's pictures, at most `queue_size`, for the thread to encode."""
        super().__init__(name, ChunkRing(ring_bytes))
        self._make_encoder = make_encoder
        self._queue = deque[Picture](maxlen=queue_size)
        self._key_wanted = False
        self._unsubscribe = feed.subscribe(self._enqueue)

    @override
    def add_reader(self) -> None:
        """Also request a keyframe for it if the newest is old."""
        super().add_reader()
        with self._changed:
            if self._ring.gop_seconds > _OLD_GOP_SECONDS:
                self._key_wanted = True

    @override
    def end(self) -> None:
        """Also unsubscribe from the feed."""
        self._unsubscribe()
        super().end()
        with self._changed:
            self._queue.clear()

    def _enqueue(self, picture: Picture) -> None:
        """Queue a picture for the encoder; drop the oldest of a full queue. The feed's thread."""
        with self._changed:
            if not self.ended:
                self._queue.append(picture)
                self._changed.notify_all()

    @override
    def run(self) -> None:
        """Encode until the end."""
        try:
            with closing(self._make_encoder()) as encoder:
                while (item := self._next()) is not None:
                    picture, key = item
                    self.publish(encoder.encode(picture, key=key))
        except Exception:
            # Readers return, and start another run.
            _LOGGER.exception("%s ended with an error", self.name)
        finally:
            self.end()

    def _next(self) -> tuple[Picture, bool] | None:
        """Wait for a picture to encode, and whether as keyframe; None at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self.ended)
            if self.ended:
                return None
            key, self._key_wanted = self._key_wanted, False
            return self._queue.popleft(), key


class Publisher(SharedStream):
    """Encodes a feed's pictures once, to H.264 and AAC in MPEG-TS, while it has readers."""

    def __init__(
        self,
        feed: PictureFeed,
        *,
        width: int,
        height: int,
        fps: int,
        tone: AudioSource | None = None,
        bitrate: int | None = None,
        ring_bytes: int = _RING_BYTES,
        name: str = "retrocam publisher",
    ) -> None:
        """Configure the encoder; nothing runs yet.

        `width` and `height` in pixels, even; other pictures are letterboxed. `fps` is the feed's
        nominal rate. `tone` is the sound. `bitrate` caps the video in bits per second, by default by
        size and rate. `ring_bytes` is what a reader may be behind. `name` is the thread's.
        """
        super().__init__()
        self._feed = feed
        self._name = name
        self._queue_size = _QUEUE_SECONDS * fps
        self._make_encoder = partial(
            TsEncoder, width=width, height=height, fps=fps, tone=tone, bitrate=bitrate
        )
        self._ring_bytes = ring_bytes

    @override
    def _make_run(self, ending: list[StreamRun]) -> StreamRun:
        return _EncoderRun(
            self._name,
            self._feed,
            self._make_encoder,
            queue_size=self._queue_size,
            ring_bytes=self._ring_bytes,
        )
