"""Pictures to packets: shrunk in the thread that makes them, encoded in a thread of its own.

The maker of pictures is not to wait for the encoder, which takes milliseconds to match shapes. But
a picture is only its maker's to read: libswscale borrows the colour tags of a frame while it reads
it. So the small picture is what crosses from one thread to the other.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
import logging
import threading

import av

from ..frames.feed import Picture
from ..frames.pace import Pace
from .messages import Screening
from .raster import Quantiser, Raster
from .wire import CellEncoder, Packet

_LOGGER = logging.getLogger(__name__)

# Pictures that wait for the encoder; one more and the oldest is left out.
_WAITING = 2


@dataclass(frozen=True, slots=True)
class Job:
    """What to encode: one epoch."""

    screening: Screening
    epoch: int


class _Work:
    """A job's state: one half is the maker's, the other the encoder's, and neither looks across."""

    def __init__(self, job: Job) -> None:
        screening = job.screening
        self.epoch = job.epoch
        self._raster = Raster(screening.cols, screening.rows, screening.glyphs)
        # The maker's:
        self._pace = Pace(screening.fps)
        self._failed = False
        # The encoder's:
        self._quantiser = Quantiser(self._raster.layout)
        self._encoder: CellEncoder | None = None
        self._group_us = screening.group_us
        self._key_us = 0
        self._last_us = -1

    def shrink(self, picture: Picture) -> Picture | None:
        """Make a small picture, unless it comes too soon or cannot be read."""
        if not self._pace.takes(picture.position):
            return None
        try:
            small = self._raster.shrink(picture.frame)
        except av.FFmpegError:
            # Logged once an epoch: the next pictures are of the same kind.
            if not self._failed:
                self._failed = True
                _LOGGER.exception("Pictures of %s cannot be scaled", picture.frame.format.name)
            return None
        return Picture(small, picture.time, picture.position)

    def encode(self, small: Picture, seq: int) -> Packet:
        """Make a packet with the given sequence."""
        pts_us = max(0, round(small.position * 1_000_000))
        if self._encoder is None:
            self._encoder = CellEncoder(self._raster.layout, epoch=self.epoch, seq=seq)
            self._key_us = pts_us - self._group_us
        key = not self._last_us <= pts_us < self._key_us + self._group_us
        codes = self._quantiser.quantise(self._raster.planes(small.frame), key=key)
        self._key_us = pts_us if key else self._key_us
        self._last_us = pts_us
        return self._encoder.encode(codes, pts_us, key=key)

    def reset(self) -> None:
        """Begin the group anew, with a key, after an error."""
        self._quantiser = Quantiser(self._raster.layout)
        self._encoder = None

    def end(self, seq: int) -> Packet:
        """Make the packet that says that there is no more."""
        encoder = self._encoder or CellEncoder(self._raster.layout, epoch=self.epoch, seq=seq)
        return encoder.end(max(0, self._last_us))


class Encoding:
    """A thread that encodes pictures for as long as somebody looks.

    `submit` belongs to the thread that makes the pictures; the others may be called from any
    thread, `join` from any but its own. `publish` is called in the encoder's thread with each
    packet and the epoch it belongs to, and must not raise.
    """

    def __init__(
        self, name: str, job: Job, publish: Callable[[Encoding, int, Packet], None]
    ) -> None:
        """Start the thread."""
        self._condition = threading.Condition()
        self._waiting: deque[Picture] = deque()
        self._publish = publish
        self._work = _Work(job)
        self._ending = False
        self._stopped = False
        self.encoded = 0
        """How many pictures were encoded."""
        self.dropped = 0
        """How many pictures were left out because the encoder was behind."""
        self._thread = threading.Thread(target=self._run, name=name)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def submit(self, picture: Picture) -> None:
        """Have a picture encoded, unless it comes sooner than the rate allows.

        A `Sink`: takes the time to shrink it, and never waits. That is 0.2 to 0.5 ms, up to 2 for
        matched glyphs on the largest grid.
        """
        work = self._work
        small = work.shrink(picture)
        if small is None:
            return
        with self._condition:
            if self._stopped or work is not self._work:
                return
            if len(self._waiting) == _WAITING:
                self._waiting.popleft()
                self.dropped += 1
            self._waiting.append(small)
            self._condition.notify()

    def restart(self, job: Job) -> None:
        """Begin another epoch; pictures that still wait belong to the old one and are dropped."""
        with self._condition:
            self._work = _Work(job)
            self._waiting.clear()
            self._ending = False

    def end(self) -> None:
        """Publish an end after the pictures that still wait."""
        with self._condition:
            self._ending = True
            self._condition.notify()

    def stop(self) -> None:
        """Have the thread end after the picture it is at."""
        with self._condition:
            self._stopped = True
            self._waiting.clear()
            self._condition.notify()

    def join(self) -> None:
        """Wait for the end of a stopped thread: a few milliseconds."""
        self._thread.join()

    def _next(self) -> tuple[_Work, Picture | None] | None:
        """Wait for the next picture and its work; no picture is an end, nothing is a stop."""
        with self._condition:
            self._condition.wait_for(lambda: self._stopped or self._waiting or self._ending)
            if self._stopped:
                return None
            if self._waiting:
                return self._work, self._waiting.popleft()
            self._ending = False
            return self._work, None

    def _run(self) -> None:
        seq = 0
        failed: _Work | None = None
        while todo := self._next():
            work, small = todo
            try:
                packet = work.end(seq) if small is None else work.encode(small, seq)
            except Exception:
                # Logged once an epoch. What the encoder held may be half changed: it begins anew.
                if work is not failed:
                    _LOGGER.exception("%s cannot encode a picture", self._thread.name)
                failed = work
                work.reset()
                continue
            seq = (packet.seq + 1) % (1 << 32)
            self.encoded += small is not None
            self._publish(self, work.epoch, packet)
