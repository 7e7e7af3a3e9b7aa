"""A publisher of pictures on order, and reading from it."""

import asyncio
from collections.abc import AsyncGenerator
import threading

from custom_components.retrocam.core.frames.feed import PictureFeed
from custom_components.retrocam.core.publish.publisher import Publisher
from custom_components.retrocam.core.threads import run_in_thread

from .transport import FPS, Reel, played

THREAD = "retrocam publisher"
FEED = "retrocam reel"
WITHIN = 30
"""Seconds after which a test gives up."""


class Studio:
    """A publisher of pictures on order, without sound."""

    def __init__(self, *, ring_bytes: int = 4_194_304) -> None:
        """Publish through a ring of so many bytes."""
        self.reel = Reel()
        self.feed = PictureFeed(FEED, self.reel)
        self.publisher = Publisher(self.feed, width=320, height=180, fps=FPS, ring_bytes=ring_bytes)

    def close(self) -> None:
        """End it; not in the event loop."""
        self.publisher.close()
        self.feed.close()


async def take(reader: AsyncGenerator[bytes], count: int) -> list[bytes]:
    """Read this many chunks; without sound each is one picture."""
    async with asyncio.timeout(WITHIN):
        return [await anext(reader) for _ in range(count)]


async def begin(studio: Studio, *readers: AsyncGenerator[bytes]) -> list[list[bytes]]:
    """Have all these wait, and give them the first picture, before there is a second one."""
    tasks = [asyncio.create_task(take(reader, 1), eager_start=True) for reader in readers]
    studio.reel.allow(1)
    return list(await asyncio.gather(*tasks))


async def ended(*names: str) -> None:
    """Wait until threads of these names have ended."""
    for thread in threading.enumerate():
        if thread.name in names:
            await run_in_thread("waiting", lambda thread=thread: thread.join(WITHIN))  # type: ignore[misc]  # a default of a lambda has no type
            assert not thread.is_alive()


def running(name: str) -> bool:
    """Tell whether a thread of this name runs."""
    return any(thread.name == name for thread in threading.enumerate())


def numbers(chunks: list[bytes]) -> list[int | None]:
    """Return the frame numbers that a player shows."""
    return played(b"".join(chunks)).numbers
