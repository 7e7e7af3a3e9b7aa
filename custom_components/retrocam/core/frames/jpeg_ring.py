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
    """How many frames the ring took before this one, since it was made or reset."""
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
        self._frames: deque[Frame] = deque(maxlen=_checked_size(size))
        self._waiters = Waiters()
        self._next_index = 0
        self._stopped = False
        # Counts stops and resets: who began to read in an earlier run ends, even if a later run
        # began before they woke.
        self._run = 0

    @property
    def size(self) -> int:
        """How many frames the ring holds when it is full."""
        return self._frames.maxlen or 0

    @property
    def stopped(self) -> bool:
        """Whether the ring was stopped and not reset since."""
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
            self._run += 1
            self._wake()

    def reset(self, size: int | None = None) -> None:
        """Empty the ring, count from 0 again, and allow frames and waits again.

        Readers from before the reset end as if the ring had been stopped. None keeps the size.
        Raises ValueError, and changes nothing, when the ring could hold no frame.
        """
        with self._changed:
            self._frames = deque(maxlen=self.size if size is None else _checked_size(size))
            self._next_index = 0
            self._stopped = False
            self._run += 1
            self._wake()

    def resize(self, size: int) -> None:
        """Hold `size` frames from now on, and keep the newest of those there are.

        Raises ValueError, and changes nothing, when the ring could hold no frame.
        """
        with self._changed:
            self._frames = deque(self._frames, maxlen=_checked_size(size))

    async def next_frame(self) -> Frame:
        """Wait for a frame newer than all there are now.

        Raises RingStoppedError when the ring is stopped, or gets stopped meanwhile.
        """
        with self._changed:
            run, last = self._run, self._next_index - 1
        return _or_stopped(await self._newer(last, run))

    async def current_frame(self, *, newer_than: float = 0.0) -> Frame:
        """Return the latest frame if it was taken at or after `newer_than` (UNIX s), or wait.

        Raises RingStoppedError when the ring is stopped, or gets stopped meanwhile.
        """
        run, last = self._begin(newer_than)
        return _or_stopped(await self._newer(last, run))

    async def grab_frame(self) -> bytes:
        """Return the JPEG of the next new frame. Raises as `next_frame` does."""
        return (await self.next_frame()).data

    async def next_frame_size(self) -> int:
        """Return the bytes of the next new frame. Raises as `next_frame` does."""
        return len((await self.next_frame()).data)

    async def frames(self, *, newer_than: float = 0.0) -> AsyncGenerator[Frame]:
        """Yield the latest frame, then each newer one, until the ring is stopped or reset.

        A latest frame taken before `newer_than` (UNIX s) is left out. A reader slower than the
        camera misses frames, never falls behind.
        """
        run, last = self._begin(newer_than)
        while (frame := await self._newer(last, run)) is not None:
            last = frame.index
            yield frame

    def wait(self, index: int, timeout: float) -> Frame | None:
        """Block this thread until the frame `index` or a later one came; return the latest.

        Returns None after `timeout` seconds. Never call it on an event loop. Raises
        RingStoppedError when the ring is stopped, or gets stopped or reset meanwhile.
        """
        with self._changed:
            run = self._run
            came = self._changed.wait_for(
                lambda: self._ended(run) or self._next_index > index, timeout
            )
            if self._ended(run):
                raise RingStoppedError("the ring was stopped")
            return self._latest() if came else None

    def _begin(self, newer_than: float) -> tuple[int, int]:
        """Return the run, and the index of the last frame that a new reader does not want."""
        with self._changed:
            latest = self._latest()
            if latest is None or latest.time < newer_than:
                return self._run, self._next_index - 1
            return self._run, self._next_index - 2

    async def _newer(self, last: int, run: int) -> Frame | None:
        """Wait for a frame after number `last`; None when the run that began so has ended."""
        while True:
            with self._changed:
                if self._ended(run):
                    return None
                latest = self._latest()
                if latest is not None and latest.index > last:
                    return latest
                waiter = self._waiters.add()
            try:
                await waiter
            finally:
                with self._changed:
                    self._waiters.discard(waiter)

    def _latest(self) -> Frame | None:
        return self._frames[-1] if self._frames else None

    def _ended(self, run: int) -> bool:
        return self._stopped or run != self._run

    def _wake(self) -> None:
        """Have every waiter look again. Called with the lock held."""
        self._changed.notify_all()
        self._waiters.wake()


def _checked_size(size: int) -> int:
    if size < 1:
        raise ValueError("a ring holds at least one frame")
    return size


def _or_stopped(frame: Frame | None) -> Frame:
    if frame is None:
        raise RingStoppedError("the ring was stopped")
    return frame
