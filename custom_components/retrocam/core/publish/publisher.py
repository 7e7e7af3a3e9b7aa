"""Publishes pictures as one H.264 stream that any number of readers share.

A `Publisher` is a tap on a `PictureFeed`. With its first reader it subscribes to the feed and starts
a thread that encodes; when the last one leaves, both end. What was encoded lies in one ring that is
bounded by bytes, and a reader is no more than a place in it: a reader costs no memory, and one that
is too slow finds its place gone and goes on at the newest keyframe. Nobody else notices.
"""

from collections import deque
from collections.abc import AsyncGenerator, Callable
from functools import partial
import logging
import threading
from typing import Final

from ..frames.feed import Picture, PictureFeed
from ..waiters import Waiters
from .chunk_ring import ChunkRing
from .ts_encoder import AudioSource, Chunk, TsEncoder

_LOGGER = logging.getLogger(__name__)

_QUEUE_SECONDS: Final = 2
"""Pictures that may wait for the encoder, so that a burst is not dropped."""
RING_BYTES: Final = 4 * 1024 * 1024
"""What a reader may be behind: about 10 s at 3 Mbit/s."""
_OLD_GOP: Final = 0.5
"""Seconds after which a new reader gets a keyframe of its own soon."""


class _Session:
    """One run of the encoder, from its first reader to its last."""

    def __init__(
        self,
        name: str,
        feed: PictureFeed,
        make_encoder: Callable[[], TsEncoder],
        *,
        queue: int,
        ring_bytes: int,
    ) -> None:
        """Start to encode what the feed makes, `queue` pictures behind it at most."""
        self.readers = 0
        self.encoded = 0
        self.dropped = 0
        self._make_encoder = make_encoder
        self._changed = threading.Condition()
        self._pictures: deque[Picture] = deque()
        self._queue = queue
        self._ring_bytes = ring_bytes
        self._ring = ChunkRing(ring_bytes)
        self._waiters = Waiters(self._changed)
        self._key_wanted = False
        self.ended = False
        self._unsubscribe = feed.subscribe(self._take_in)
        self.thread = threading.Thread(target=self._run, name=name)
        self.thread.start()

    def join(self) -> None:
        """Count a reader, and have a keyframe made for it if the newest is old. Any thread."""
        self.readers += 1
        with self._changed:
            if self._ring.gop_seconds > _OLD_GOP:
                self._key_wanted = True

    def end(self) -> None:
        """Send all readers away and have the thread end. Any thread; does not wait."""
        self._unsubscribe()
        with self._changed:
            self.ended = True
            self._pictures.clear()
            self._ring = ChunkRing(self._ring_bytes)
            self._changed.notify_all()
            self._waiters.wake()

    async def read(self, place: int | None) -> tuple[bytes, int] | None:
        """Return the chunk at a place and the next place, once it is there; None at the end."""
        while True:
            with self._changed:
                if self.ended:
                    return None
                if (found := self._ring.read(place)) is not None:
                    return found
                waiter = self._waiters.add()
            await self._waiters.wait(waiter)

    def _take_in(self, picture: Picture) -> None:
        """Queue a picture for the encoder. The feed's thread."""
        with self._changed:
            if self.ended:
                return
            if len(self._pictures) >= self._queue:
                self._pictures.popleft()
                self.dropped += 1
            self._pictures.append(picture)
            self._changed.notify_all()

    def _run(self) -> None:
        try:
            with self._make_encoder() as encoder:
                while (order := self._next_order()) is not None:
                    picture, key = order
                    chunks = encoder.encode(picture, key=key)
                    self.encoded += 1
                    self._give_out(chunks)
        except Exception:
            # Readers come back by themselves, and then it is tried anew.
            _LOGGER.exception("%s ended with an error", self.thread.name)
        finally:
            self.end()

    def _next_order(self) -> tuple[Picture, bool] | None:
        """Wait for a picture to encode, and whether as a keyframe; None at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._pictures or self.ended)
            if self.ended:
                return None
            key, self._key_wanted = self._key_wanted, False
            return self._pictures.popleft(), key

    def _give_out(self, chunks: list[Chunk]) -> None:
        with self._changed:
            for chunk in chunks:
                self._ring.append(chunk)
            self._waiters.wake()


class Publisher:
    """Encodes a feed's pictures once, to H.264 and AAC in MPEG-TS, while somebody reads."""

    def __init__(
        self,
        feed: PictureFeed,
        *,
        width: int,
        height: int,
        fps: int,
        tone: AudioSource | None = None,
        bitrate: int | None = None,
        ring_bytes: int = RING_BYTES,
        name: str = "retrocam publisher",
    ) -> None:
        """Set what to make of the feed's pictures; nothing runs yet.

        `width` and `height` in pixels, even; other pictures are scaled, with black borders. `fps` is
        the rate that the feed should have. `tone` gives the sound. `bitrate` caps the video, bits a
        second; by size and rate if None. A reader may be `ring_bytes` behind. `name` is the thread's.
        """
        self._feed = feed
        self._name = name
        self._queue = _QUEUE_SECONDS * fps
        self._make_encoder = partial(
            TsEncoder, width=width, height=height, fps=fps, tone=tone, bitrate=bitrate
        )
        self._ring_bytes = ring_bytes
        self._lock = threading.Lock()
        self._session: _Session | None = None
        self._ending: list[_Session] = []
        self._closed = False
        self._encoded = 0
        self._dropped = 0

    @property
    def readers(self) -> int:
        """How many read."""
        session = self._session
        return 0 if session is None else session.readers

    @property
    def running(self) -> bool:
        """Whether pictures are being encoded."""
        return self._session is not None

    @property
    def encoded(self) -> int:
        """Pictures encoded so far."""
        with self._lock:
            return self._encoded + sum(session.encoded for session in self._sessions())

    @property
    def dropped(self) -> int:
        """Pictures that the encoder was too slow for, so far."""
        with self._lock:
            return self._dropped + sum(session.dropped for session in self._sessions())

    async def reader(self) -> AsyncGenerator[bytes]:
        """Yield the stream, chunk by chunk, from the newest keyframe on; for the event loop.

        A chunk is whole transport stream packets: one picture, or the sound between two. The first
        one begins with the tables and a keyframe. A reader that falls `ring_bytes` behind goes on
        at the newest keyframe. Ends when the publisher is closed, or when encoding fails; may then be
        called again. Who stops earlier should close the generator, see `contextlib.aclosing`.
        """
        session = self._join()
        if session is None:
            return
        try:
            place: int | None = None
            while (found := await session.read(place)) is not None:
                data, place = found
                yield data
        finally:
            self._leave(session)

    def close(self) -> None:
        """Send all readers away, for good, and join the thread. Blocks: not for an event loop."""
        with self._lock:
            self._closed = True
            if self._session is not None:
                self._retire(self._session)
            ending = list(self._ending)
        for session in ending:
            session.thread.join()

    def _sessions(self) -> list[_Session]:
        return self._ending if self._session is None else [*self._ending, self._session]

    def _join(self) -> _Session | None:
        with self._lock:
            if self._closed:
                return None
            if self._session is not None and self._session.ended:
                self._retire(self._session)
            if self._session is None:
                self._forget_dead()
                self._session = _Session(
                    self._name,
                    self._feed,
                    self._make_encoder,
                    queue=self._queue,
                    ring_bytes=self._ring_bytes,
                )
            self._session.join()
            return self._session

    def _leave(self, session: _Session) -> None:
        with self._lock:
            session.readers -= 1
            if session is self._session and not session.readers:
                self._retire(session)

    def _retire(self, session: _Session) -> None:
        session.end()
        self._ending.append(session)
        self._session = None

    def _forget_dead(self) -> None:
        dead = [session for session in self._ending if not session.thread.is_alive()]
        self._encoded += sum(session.encoded for session in dead)
        self._dropped += sum(session.dropped for session in dead)
        self._ending = [session for session in self._ending if session not in dead]
