"""The newest JPEG frames of a camera, for any number of readers.

Whoever makes frames adds them from its own thread. Readers wait on any event loop, or in any
thread; they cost the maker one call a loop, however many they are.
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
    """One JPEG picture, shared by all who read it."""

    data: bytes
    """The JPEG, from its start marker FFD8 to its end marker FFD9."""
    index: int
    """How many frames the ring took before this one, since it was made."""
    time: float
    """When the picture was taken, UNIX time in seconds."""


def check_jpeg(jpeg: bytes) -> None:
    """Raise InvalidFrameError unless `jpeg` begins and ends as a JPEG does."""
    if not jpeg.startswith(_START_OF_IMAGE) or not jpeg.endswith(_END_OF_IMAGE):
        raise InvalidFrameError(f"{len(jpeg)} bytes that are no whole JPEG")


class FrameRing:
    """Keeps the `size` newest frames, all of them readable, and wakes those who wait for more.

    All methods may be called from any thread; the coroutines run on any event loop, on several at
    once. A stopped ring still shows what it holds, but takes nothing and nobody can wait for it.
    """

    def __init__(self, size: int) -> None:
        """Make an empty ring of `size` frames. Raises ValueError when it could hold none."""
        # Re-entrant: the collector may close an abandoned reader in the midst of any of this.
        self._changed = threading.Condition()
        if size < 1:
            raise ValueError("a ring holds at least one frame")
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
        """The newest frame, if there is any."""
        with self._changed:
            return self._latest()

    def frame(self, index: int) -> Frame:
        """Return the frame numbered `index`.

        Raises FrameOverwrittenError when newer ones took its place, FrameNotReadyError when it has
        not come yet, and ValueError when `index` is negative.
        """
        if index < 0:
            raise ValueError("frames are numbered from 0")
        with self._changed:
            if index >= self._next_index:
                raise FrameNotReadyError(f"frame {index} has not come yet")
            if index < self._next_index - len(self._frames):
                raise FrameOverwrittenError(f"frame {index} is no longer kept")
            return self._frames[index - self._next_index]

    def add_frame(self, jpeg: bytes, time: float) -> int:
        """Take a picture taken at `time` (UNIX s), wake the readers, and return its index.

        Raises InvalidFrameError when `jpeg` is no whole JPEG, and RingStoppedError after `stop`,
        when nobody would ever read it.
        """
        check_jpeg(jpeg)
        with self._changed:
            if self._stopped:
                raise RingStoppedError("the ring takes no frames after its stop")
            index = self._next_index
            self._next_index += 1
            self._frames.append(Frame(data=jpeg, index=index, time=time))
            self._wake()
        return index

    def stop(self) -> None:
        """End all waits and iterations, and refuse frames and waits from now on."""
        with self._changed:
            self._stopped = True
            self._wake()

    def clear(self) -> None:
        """Drop all frames. Indices go on: one from before stays overwritten for good."""
        with self._changed:
            self._frames.clear()

    async def wait_frame(self, index: int) -> Frame:
        """Return the frame numbered `index`, and wait for it if it is yet to come.

        Raises FrameOverwrittenError, also when newer frames replaced it before this task ran,
        ValueError when `index` is negative, and RingStoppedError when the ring is stopped meanwhile.
        """
        try:
            return self.frame(index)
        except FrameNotReadyError:
            latest = _or_stopped(await self._newer(index - 1))
        return latest if latest.index == index else self.frame(index)

    async def current_frame(self) -> Frame:
        """Return the latest frame, or wait for one.

        Raises RingStoppedError when the ring is stopped, or gets stopped meanwhile.
        """
        return _or_stopped(await self._newer(self._begin(0.0)))

    async def frames(self, *, newer_than: float = 0.0) -> AsyncGenerator[Frame]:
        """Yield the latest frame, then each newer one, until the ring is stopped.

        A latest frame taken before `newer_than` (UNIX s) is left out. A reader slower than the
        camera misses frames, never falls behind.
        """
        last = self._begin(newer_than)
        while (frame := await self._newer(last)) is not None:
            last = frame.index
            yield frame

    def wait(self, index: int, timeout: float) -> Frame | None:
        """Block this thread until there is the frame `index` or a later one; return the latest.

        Returns None after `timeout` seconds. Never call it on an event loop. Raises
        RingStoppedError when the ring is stopped, or gets stopped meanwhile.
        """
        with self._changed:
            self._changed.wait_for(
                lambda: self._stopped or self._newer_than(index - 1) is not None, timeout
            )
            if self._stopped:
                raise RingStoppedError("the ring was stopped")
            return self._newer_than(index - 1)

    def _begin(self, newer_than: float) -> int:
        """Return the index of the last frame that a new reader does not want."""
        with self._changed:
            latest = self._latest()
            wanted = latest is not None and latest.time >= newer_than
            return self._next_index - (2 if wanted else 1)

    async def _newer(self, last: int) -> Frame | None:
        """Wait for a frame after number `last`; None when the ring is stopped."""
        while True:
            with self._changed:
                if self._stopped:
                    return None
                if (latest := self._newer_than(last)) is not None:
                    return latest
                waiter = self._waiters.add()
            await self._waiters.wait(waiter)

    def _newer_than(self, last: int) -> Frame | None:
        """Return the latest frame if it comes after number `last`. Called with the lock held."""
        latest = self._latest()
        return latest if latest is not None and latest.index > last else None

    def _latest(self) -> Frame | None:
        return self._frames[-1] if self._frames else None

    def _wake(self) -> None:
        """Have every waiter look again. Called with the lock held."""
        self._changed.notify_all()
        self._waiters.wake()


def _or_stopped(frame: Frame | None) -> Frame:
    if frame is None:
        raise RingStoppedError("the ring was stopped")
    return frame
