"""Rings of frames, and waiting for one."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine

from custom_components.retrocam.core.frames.jpeg_ring import Frame, FrameRing


def jpeg(number: int) -> bytes:
    """Make bytes that pass for a JPEG, a different length for each number."""
    return b"\xff\xd8" + b"." * number + b"\xff\xd9"


def filled(size: int, count: int) -> FrameRing:
    """Make a ring that has taken `count` frames, at the times 0.0, 1.0, ..."""
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
