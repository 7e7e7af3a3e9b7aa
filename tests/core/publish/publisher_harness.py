"""A publisher of pictures on request, and its readers."""

import asyncio
from collections.abc import AsyncGenerator
import threading

from custom_components.retrocam.core.frames.feed import PictureFeed
from custom_components.retrocam.core.publish.publisher import Publisher
from custom_components.retrocam.core.threads import run_in_thread

from .transport import FPS, NumberedSource, played

THREAD = "retrocam publisher"
FEED = "retrocam reel"
WITHIN = 60
"""Timeout in seconds."""


class PublisherHarness:
    """A publisher of pictures on request, without sound."""

    def __init__(self, *, ring_bytes: int = 4_194_304) -> None:
        """Set the size of the ring."""
        self.source = NumberedSource()
        self.feed = PictureFeed(FEED, self.source)
        self.publisher = Publisher(self.feed, width=320, height=180, fps=FPS, ring_bytes=ring_bytes)

    def close(self) -> None:
        """Close it; not in the event loop."""
        self.publisher.close()
        self.feed.close()


async def take(reader: AsyncGenerator[bytes], count: int) -> list[bytes]:
    """Read `count` chunks; without sound each is one picture."""
    async with asyncio.timeout(WITHIN):
        return [await anext(reader) for _ in range(count)]


async def begin(harness: PublisherHarness, *readers: AsyncGenerator[bytes]) -> list[list[bytes]]:
    """Start readers before the first picture, and return their first chunks."""
    tasks = [asyncio.create_task(take(reader, 1), eager_start=True) for reader in readers]
    harness.source.allow(1)
    return list(await asyncio.gather(*tasks))


async def ended(*names: str) -> None:
    """Wait for the end of threads of these names."""
    for thread in threading.enumerate():
        if thread.name in names:
            await run_in_thread("waiting", lambda thread=thread: thread.join(WITHIN))  # type: ignore[misc]  # a default of a lambda has no type
            assert not thread.is_alive()


def running(name: str) -> bool:
    """Return whether a thread of this name runs."""
    return any(thread.name == name for thread in threading.enumerate())


def numbers(chunks: list[bytes]) -> list[int | None]:
    """Return the frame numbers shown by a player."""
    return played(b"".join(chunks)).numbers
