"""Encode pictures to packets: shrink in the source's thread, encode in the encoder's own.

The source must not wait for the encoder, which takes milliseconds to match shapes. But only the
source's thread may read a frame: libswscale writes its colour tags meanwhile. So the shrunk picture
crosses from one thread to the other.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
import logging
import threading
from typing import override

import av

from ..frames.feed import Picture
from ..frames.pace import Pace
from .messages import StreamConfig
from .raster import Quantiser, Raster
from .wire import AsciiEncoder, Packet

_LOGGER = logging.getLogger(__name__)

_QUEUE_SIZE = 2
"""Pictures that may wait for the encoder; beyond it the oldest is dropped."""


@dataclass(frozen=True, slots=True)
class AsciiEpoch:
    """One epoch to encode, with its number modulo 256."""

    config: StreamConfig
    number: int


class _EpochEncoder:
    """State of an epoch; `shrink` belongs to the source's thread, the rest to the encoder's."""

    def __init__(self, epoch: AsciiEpoch) -> None:
        config = epoch.config
        self.number = epoch.number
        self._raster = Raster(config.cols, config.rows, config.glyphs)
        # The source's:
        self._pace = Pace(config.fps)
        self._shrink_failed = False
        # The encoder's:
        self._quantiser = Quantiser(self._raster.layout)
        self._encoder: AsciiEncoder | None = None
        self._group_us = config.group_us
        self._key_us = 0
        self._last_us = -1

    def shrink(self, picture: Picture) -> Picture | None:
        """Shrink a picture; None if it exceeds the frame rate or cannot be scaled."""
        if not self._pace.takes(picture.position):
            return None
        try:
            small = self._raster.shrink(picture.frame)
        except av.FFmpegError:
            # Logged once per epoch: the next pictures are of the same kind.
            if not self._shrink_failed:
                self._shrink_failed = True
                _LOGGER.exception("Cannot scale pictures of %s", picture.frame.format.name)
            return None
        return Picture(small, picture.time, picture.position)

    def encode(self, small: Picture, seq: int) -> Packet:
        """Encode a shrunk picture as packet `seq`."""
        pts_us = max(0, round(small.position * 1_000_000))
        if self._encoder is None:
            self._encoder = AsciiEncoder(self._raster.layout, epoch=self.number, seq=seq)
            self._key_us = pts_us - self._group_us
        key = not self._last_us <= pts_us < self._key_us + self._group_us
        codes = self._quantiser.quantise(self._raster.planes(small.frame), key=key)
        self._key_us = pts_us if key else self._key_us
        self._last_us = pts_us
        return self._encoder.encode(codes, pts_us, key=key)

    def reset(self) -> None:
        """Start a new group with the next picture, after an error."""
        self._quantiser = Quantiser(self._raster.layout)
        self._encoder = None

    def end(self, seq: int) -> Packet:
        """Return the END packet."""
        encoder = self._encoder or AsciiEncoder(self._raster.layout, epoch=self.number, seq=seq)
        return encoder.end(max(0, self._last_us))


class EncoderThread(threading.Thread):
    """A thread that encodes pictures while a broadcast has clients.

    `submit` belongs to the thread that emits the pictures; the others to any thread. `publish` is called
    in the encoder's thread with each packet and the number of its epoch, and must not raise.
    """

    def __init__(
        self, name: str, epoch: AsciiEpoch, publish: Callable[[EncoderThread, int, Packet], None]
    ) -> None:
        """Start the thread."""
        super().__init__(name=name)
        self._condition = threading.Condition()
        self._queue: deque[Picture] = deque()
        self._publish = publish
        self._epoch = _EpochEncoder(epoch)
        self._ending = False
        self._stopped = False
        self.encoded = 0
        self.dropped = 0
        """Pictures dropped because the encoder was behind."""
        self.start()

    def submit(self, picture: Picture) -> None:
        """Queue a picture, unless it exceeds the frame rate.

        A `Sink`: takes the time to shrink it, 0.2 to 0.5 ms, up to 2 for matched glyphs on the largest
        grid, and never blocks.
        """
        epoch = self._epoch
        small = epoch.shrink(picture)
        if small is None:
            return
        with self._condition:
            if self._stopped or epoch is not self._epoch:
                return
            if len(self._queue) == _QUEUE_SIZE:
                self._queue.popleft()
                self.dropped += 1
            self._queue.append(small)
            self._condition.notify()

    def restart(self, epoch: AsciiEpoch) -> None:
        """Start another epoch; drop the pictures that are still queued."""
        with self._condition:
            self._epoch = _EpochEncoder(epoch)
            self._queue.clear()
            self._ending = False

    def end(self) -> None:
        """Publish an END packet after the pictures that are still queued."""
        with self._condition:
            self._ending = True
            self._condition.notify()

    def stop(self) -> None:
        """End the thread after its present picture: in a few milliseconds."""
        with self._condition:
            self._stopped = True
            self._queue.clear()
            self._condition.notify()

    def _next(self) -> tuple[_EpochEncoder, Picture | None] | None:
        """Wait for an epoch and its next picture, or None as its end; None when stopped."""
        with self._condition:
            self._condition.wait_for(lambda: self._stopped or self._queue or self._ending)
            if self._stopped:
                return None
            if self._queue:
                return self._epoch, self._queue.popleft()
            self._ending = False
            return self._epoch, None

    @override
    def run(self) -> None:
        """Encode until stopped."""
        seq = 0
        failed: _EpochEncoder | None = None
        while (item := self._next()) is not None:
            epoch, small = item
            try:
                packet = epoch.end(seq) if small is None else epoch.encode(small, seq)
            except Exception:
                # Logged once per epoch. Codes may be half updated: start a new group.
                if epoch is not failed:
                    _LOGGER.exception("%s cannot encode a picture", self.name)
                failed = epoch
                epoch.reset()
                continue
            seq = (packet.seq + 1) % (1 << 32)
            self.encoded += small is not None
            self._publish(self, epoch.number, packet)
