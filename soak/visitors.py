"""Random clients: they connect, read, stall, and leave or vanish, each over connections of its own."""

import asyncio
from collections import Counter
import contextlib
import random
from typing import Final

import aiohttp

from .scene import Scene
from .visits import KINDS, Visit

MOST: Final = 8
"""Concurrent visitors."""
LONGEST: Final = 15.0
"""Longest stay in s."""
MANNERS: Final = ("reads", "reads", "stalls", "vanishes")
GONE: Final = (
    aiohttp.ClientError,
    ConnectionError,
    TimeoutError,
    asyncio.IncompleteReadError,
    RuntimeError,
    TypeError,  # of aiohttp: a close message is not JSON
)
"""Errors that show that Home Assistant, or an entry, went away."""


class Visitors:
    """Starts visitors until it is stopped."""

    def __init__(self, scene: Scene, chance: random.Random) -> None:
        """Visit `scene` with the choices of `chance`."""
        self._scene = scene
        self._chance = chance
        self._tasks: set[asyncio.Task[None]] = set()
        self.visits: Counter[str] = Counter()
        """Visits by kind and manner."""
        self.saw: Counter[str] = Counter()
        """What visitors received, by kind: frames, packets, bytes."""

    @property
    def present(self) -> int:
        """Current number of visitors."""
        return len(self._tasks)

    async def come_until(self, stop: asyncio.Event) -> None:
        """Start and end visitors at random; at the end all leave."""
        try:
            while not stop.is_set():
                if len(self._tasks) < MOST and self._scene.running:
                    self._invite()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._chance.uniform(0.1, 0.8)):
                        await stop.wait()
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _invite(self) -> None:
        kind = self._chance.choice(list(KINDS))
        manner = self._chance.choice(MANNERS)
        self.visits[f"{kind} {manner}"] += 1
        task = asyncio.create_task(self._visit(kind, manner), name=f"{kind} {manner}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _visit(self, kind: str, manner: str) -> None:
        instance = self._chance.choice(self._scene.instances)
        stay = self._chance.uniform(0.2, LONGEST)
        connector = aiohttp.TCPConnector(force_close=True)
        session = aiohttp.ClientSession(connector=connector, headers=self._scene.headers)
        visit = Visit(
            scene=self._scene,
            instance=instance,
            session=session,
            manner=manner,
            chance=self._chance,
            saw=self.saw,
        )
        try:
            async with asyncio.timeout(stay):
                await KINDS[kind](visit)
        except GONE:
            pass
        except AssertionError as err:
            self._scene.fault(f"{kind} of {instance.title}: {err}")
        finally:
            if manner == "vanishes":
                for connection in visit.connections:
                    connection.abort()
            await session.close()
