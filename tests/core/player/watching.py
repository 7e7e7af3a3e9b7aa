"""Collects a session's frames and waits for its phases."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
import threading
import time
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
import pytest

from custom_components.retrocam.core.frames.feed import Picture
from custom_components.retrocam.core.frames.jpeg import planes
from custom_components.retrocam.core.player import pipeline, playback_buffer
from custom_components.retrocam.core.player.lookup.resolver import Resolver
from custom_components.retrocam.core.player.machine import Phase
from custom_components.retrocam.core.player.session import Session
from custom_components.retrocam.core.player.status import Status

from ...pattern_reader import read_frame_number
from .lookups import a_resolver

PATIENCE = 60.0
"""Timeout of waits, s."""
FAST = 8.0
"""Playback speed of tests that do not measure time."""


_TICK: Final = 0.005
"""Seconds between two looks of `LoopClock`."""
_STEP: Final = 0.01
"""Seconds by which it goes on with each."""


class LoopClock:
    """A steady clock that stands still while the event loop does.

    What a test has waited for is not over when the test gets its turn, however late that is.
    """

    def __init__(self) -> None:
        """Tick in the running event loop."""
        self._loop = asyncio.get_running_loop()
        self._now = self._last = time.monotonic()
        self._handle = self._loop.call_later(_TICK, self._tick)

    def monotonic(self) -> float:
        """Return the time, s. Any thread."""
        return self._now

    def stop(self) -> None:
        """Stand still for good."""
        self._handle.cancel()

    def _tick(self) -> None:
        now = time.monotonic()
        self._now += min(now - self._last, _STEP)
        self._last = now
        self._handle = self._loop.call_later(_TICK, self._tick)


def luma(picture: Picture) -> NDArray[np.uint8]:
    """Return a frame's luma, (rows, cols) uint8."""
    return planes(picture.frame)[0]


def number(picture: Picture) -> int | None:
    """Return the frame number shown in a picture."""
    return read_frame_number(luma(picture))


class Viewer:
    """Collects the frames of a session."""

    def __init__(self, session: Session) -> None:
        self.pictures: list[Picture] = []
        self.numbers: list[int | None] = []
        self.epochs: list[int] = []
        self._broadcast = session.broadcast
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        self.leave = session.broadcast.subscribe(self._take)

    def _take(self, picture: Picture) -> None:
        self.pictures.append(picture)
        self.numbers.append(number(picture))
        self.epochs.append(self._broadcast.epoch)
        self._loop.call_soon_threadsafe(self._changed.set)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for frames until a condition holds."""
        async with asyncio.timeout(PATIENCE):
            while not condition():
                self._changed.clear()
                await self._changed.wait()


async def state(session: Session, *wanted: Phase) -> Status:
    """Wait until a session is in one of these phases."""
    changed = asyncio.Event()
    leave = session.listeners.add(lambda _status: changed.set())
    try:
        async with asyncio.timeout(PATIENCE):
            while session.status.state not in wanted:
                changed.clear()
                await changed.wait()
    finally:
        leave()
    return session.status


@asynccontextmanager
async def a_session(resolver: Resolver | None = None, **settings: Any) -> AsyncIterator[Session]:
    """Run a session that may connect to this machine; all its threads must end.

    Its clock is a `LoopClock`.
    """
    resolver = resolver or a_resolver()
    clock = LoopClock()
    with pytest.MonkeyPatch.context() as patch:
        # A thread that gets no core for a moment shows its frames late, and drops none.
        patch.setattr(pipeline, "LATE", PATIENCE)
        patch.setattr(playback_buffer, "time", clock)
        session = Session(resolver, **settings)
        try:
            yield session
        finally:
            assert await session.close(PATIENCE)
            assert await resolver.pool.close(PATIENCE)
            clock.stop()


def own_threads() -> list[str]:
    """Return the names of the player's threads."""
    names = [thread.name for thread in threading.enumerate()]
    return [name for name in names if name.startswith("retrocam")]


async def audio_from(session: Session, start_us: int) -> bytes:
    """Return the audio from a position to its end."""
    ring = session.audio(session.status.session, session.status.epoch)
    return b"".join([data async for data in ring.listen(start_us)])


async def failure(session: Session, media: str) -> Status:
    """Play media that fail; return the status."""
    status = await session.settled(session.play(media))
    if status.state is Phase.PLAYING:
        status = await state(session, Phase.ERROR)
    return status
