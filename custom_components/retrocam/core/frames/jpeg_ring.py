"""A ring of the newest JPEG frames of a camera, for any number of readers.

The producer adds frames from its own thread. Readers wait on any event loop or in any thread; waking
them costs the producer one call per loop.
"""

from collections import deque
from collections.abc import AsyncGenerator
from dataclasses import dataclass
import threading

from ..errors import FrameNotReadyError, FrameOverwrittenError, InvalidFrameError, RingStoppedError
from ..waiters import Waiters

_START_OF_IMAGE = b"\xff\xd8"
_END_OF_IMAGE = b"\xff\xd9"


@dataclass(frozen=True, slots=True)
class Frame:
    """One JPEG, shared by all readers."""

    data: bytes
    """The JPEG, from its start marker FFD8 to its end marker FFD9."""
    index: int
    """Count of frames added before this one in the life of the ring."""
    time: float
    """UNIX time (s) of capture."""


def check_jpeg(jpeg: bytes) -> None:
    """Raise InvalidFrameError unless `jpeg` has the start and end markers of a JPEG."""
    if not jpeg.startswith(_START_OF_IMAGE) or not jpeg.endswith(_END_OF_IMAGE):
        raise InvalidFrameError(f"{len(jpeg)} bytes that are not a complete JPEG")


class FrameRing:
    """Keeps the `size` newest frames and wakes waiting readers.

    Thread-safe; the coroutines may run on several event loops at once. A stopped ring keeps its
    frames readable, but refuses new ones and waits.
    """

    def __init__(self, size: int) -> None:
        """Create an empty ring. Raises ValueError for a size below 1."""
        if size < 1:
            raise ValueError("a ring holds at least one frame")
        # Re-entrant: the garbage collector may close an abandoned reader while it is held.
        self._changed = threading.Condition()
        self._frames: deque[Frame] = deque(maxlen=size)
        self._waiters = Waiters(self._changed)
        self._next_index = 0
        self._stopped = False

    @property
    def stopped(self) -> bool:
        """Whether the ring was stopped."""
        return self._stopped

    @property
    def latest(self) -> Frame | None:
        """The newest frame, if any."""
        with self._changed:
            return self._frames[-1] if self._frames else None

    def frame(self, index: int) -> Frame:
        """Return the frame of `index`.

        Raises FrameOverwrittenError for an overwritten frame, FrameNotReadyError for a future one,
        ValueError for a negative index.
        """
        if index < 0:
            raise ValueError("frame indices start at 0")
        with self._changed:
            if index >= self._next_index:
                raise FrameNotReadyError(f"frame {index} does not exist yet")
            if index < self._next_index - len(self._frames):
                raise FrameOverwrittenError(f"frame {index} was overwritten")
            return self._frames[index - self._next_index]

    def add_frame(self, jpeg: bytes, time: float) -> int:
        """Add a JPEG captured at `time` (UNIX s), wake the readers, and return its index.

        Raises InvalidFrameError for an incomplete JPEG, RingStoppedError after `stop`.
        """
        check_jpeg(jpeg)
        with self._changed:
            if self._stopped:
                raise RingStoppedError("the ring is stopped")
            index = self._next_index
            self._next_index += 1
            self._frames.append(Frame(data=jpeg, index=index, time=time))
            self._wake()
        return index

    def stop(self) -> None:
        """End all waits and iterations; refuse frames and waits from now on."""
        with self._changed:
            self._stopped = True
            self._wake()

    def clear(self) -> None:
        """Drop all frames. Indices continue; those of dropped frames are overwritten."""
        with self._changed:
            self._frames.clear()

    async def wait_frame(self, index: int) -> Frame:
        """Return the frame of `index`, waiting for a future one.

        Raises FrameOverwrittenError, also when it is overwritten before this task runs, ValueError for
        a negative index, RingStoppedError if the ring is stopped meanwhile.
        """
        try:
            return self.frame(index)
        except FrameNotReadyError:
            latest = await self._newer(index - 1)
        return latest if latest.index == index else self.frame(index)

    async def current_frame(self) -> Frame:
        """Return the latest frame, waiting for the first. Raises RingStoppedError on a stopped ring."""
        return await self._newer(self._start_after(0.0))

    async def frames(self, *, newer_than: float = 0.0) -> AsyncGenerator[Frame]:
        """Yield the latest frame, then each newer one, until the ring is stopped.

        A latest frame captured before `newer_than` (UNIX s) is skipped. A slow reader skips frames.
        """
        last = self._start_after(newer_than)
        while True:
            try:
                frame = await self._newer(last)
            except RingStoppedError:
                return
            last = frame.index
            yield frame

    def wait(self, index: int, timeout: float) -> Frame | None:
        """Block until the frame of `index` or a later one exists; return the latest.

        Returns None after `timeout` seconds. Never call it on an event loop. Raises RingStoppedError
        on a stopped ring.
        """
        with self._changed:
            self._changed.wait_for(
                lambda: self._stopped or self._newer_than(index - 1) is not None, timeout
            )
            if self._stopped:
                raise RingStoppedError("the ring was stopped")
            return self._newer_than(index - 1)

    def _start_after(self, newer_than: float) -> int:
        """Return the index of the last frame that a new reader skips."""
        with self._changed:
            latest = self.latest
            wanted = latest is not None and latest.time >= newer_than
            return self._next_index - (2 if wanted else 1)

    async def _newer(self, last: int) -> Frame:
        """Wait for a frame after index `last`; return the latest. Raises RingStoppedError."""
        while True:
            with self._changed:
                if self._stopped:
                    raise RingStoppedError("the ring was stopped")
                if (latest := self._newer_than(last)) is not None:
                    return latest
                waiter = self._waiters.add()
            await self._waiters.wait(waiter)

    def _newer_than(self, last: int) -> Frame | None:
        """Return the latest frame if it comes after index `last`. Called with the lock held."""
        latest = self.latest
        return latest if latest is not None and latest.index > last else None

    def _wake(self) -> None:
        """Wake all readers. Called with the lock held."""
        self._changed.notify_all()
        self._waiters.wake()
