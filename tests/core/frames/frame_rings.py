"""Frame rings, and tasks that wait for a frame."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine

from custom_components.retrocam.core.frames.jpeg_ring import Frame, FrameRing


def jpeg(number: int) -> bytes:
    """Return bytes with the markers of a JPEG, of a different length for each number."""
    return b"\xff\xd8" + b"." * number + b"\xff\xd9"


def filled(size: int, count: int) -> FrameRing:
    """Create a ring and add `count` frames, at the times 0.0, 1.0, ..."""
    ring = FrameRing(size)
    for number in range(count):
        assert ring.add_frame(jpeg(number), float(number)) == number
    return ring


def begun[T](waiting: Coroutine[object, object, T]) -> asyncio.Task[T]:
    """Start a task that is already waiting when this returns."""
    return asyncio.create_task(waiting, eager_start=True)


async def first(frames: AsyncGenerator[Frame]) -> Frame | None:
    """Return the next frame of an iteration, None at its end."""
    return await anext(frames, None)
