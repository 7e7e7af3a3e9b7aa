"""Looking at a player's screen, and waiting for what it does."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray

from custom_components.retrocam.core.frames.feed import Picture
from custom_components.retrocam.core.frames.jpeg import planes
from custom_components.retrocam.core.pattern.picture import read_frame_number
from custom_components.retrocam.core.player.lookup.resolver import Resolver
from custom_components.retrocam.core.player.machine import Phase
from custom_components.retrocam.core.player.session import Session
from custom_components.retrocam.core.player.status import Status

from .lookups import a_resolver

PATIENCE = 30.0
"""Seconds after which a wait is a failure."""
FAST = 8.0
"""How much faster than life clips play where their pace is not the question."""


def luma(picture: Picture) -> NDArray[np.uint8]:
    """Return the brightness of a picture, (rows, cols) uint8."""
    return planes(picture.frame)[0]


def number(picture: Picture) -> int | None:
    """Return the frame number that a picture shows."""
    return read_frame_number(luma(picture))


class Viewer:
    """Collects what a screen shows, and waits for more."""

    def __init__(self, session: Session) -> None:
        self.pictures: list[Picture] = []
        self.numbers: list[int | None] = []
        self.epochs: list[int] = []
        self._screen = session.screen
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        self.leave = session.screen.subscribe(self._take)

    def _take(self, picture: Picture) -> None:
        self.pictures.append(picture)
        self.numbers.append(number(picture))
        self.epochs.append(self._screen.epoch)
        self._loop.call_soon_threadsafe(self._changed.set)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for pictures until a condition holds."""
        async with asyncio.timeout(PATIENCE):
            while not condition():
                self._changed.clear()
                await self._changed.wait()


async def state(session: Session, *wanted: Phase) -> Status:
    """Wait until a session is in one of these phases."""
    changed = asyncio.Event()
    leave = session.subscribe(lambda _status: changed.set())
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
    """Run a session that may reach this machine; it must end with all its threads."""
    resolver = resolver or a_resolver()
    session = Session(resolver, **settings)
    try:
        yield session
    finally:
        assert await session.close(10)
        assert await resolver.pool.close()


def own_threads() -> list[str]:
    """Return the names of the player's threads."""
    return [each.name for each in threading.enumerate() if each.name.startswith("retrocam")]


async def sound_from(session: Session, start_us: int) -> bytes:
    """Return the sound of what plays from a position on, to its end."""
    ring = session.audio(session.status.session, session.status.epoch)
    return b"".join([data async for data in ring.listen(start_us)])


async def failure(session: Session, media: str) -> Status:
    """Play what cannot be played, or not to its end."""
    status = await session.settled(session.play(media))
    if status.state is Phase.PLAYING:
        status = await state(session, Phase.ERROR)
    return status
