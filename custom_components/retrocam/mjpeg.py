"""The MJPEG stream over HTTP: one encode however many watch."""

import asyncio
from contextlib import aclosing
import time
from typing import Final

from aiohttp import web

from .core.frames import Frame
from .instances import CameraInstance

BOUNDARY: Final = "frame"
FRESH: Final = 5.0
"""Seconds up to which a frame that is there already may open the stream."""
WRITE_TIMEOUT: Final = 30.0
"""Seconds after which a viewer that reads nothing is taken for gone."""


async def async_stream_mjpeg(request: web.Request, instance: CameraInstance) -> web.StreamResponse:
    """Answer with the instance's MJPEG frames until the viewer leaves or the instance stops.

    A slow viewer gets the newest frame each time it is ready for one, and skips the rest.
    """
    response = web.StreamResponse(
        headers={
            "Content-Type": f"multipart/x-mixed-replace; boundary={BOUNDARY}",
            "Cache-Control": "no-store",
        }
    )
    release = instance.watch()
    try:
        await response.prepare(request)
        first = True
        fresh = time.time() - FRESH
        async with aclosing(instance.frames.frames(newer_than=fresh)) as frames:
            async for frame in frames:
                chunk = _chunk(frame)
                # Chrome shows a frame only when the next one begins: a still one would never appear.
                # https://issues.chromium.org/issues/41199053
                async with asyncio.timeout(WRITE_TIMEOUT):
                    await response.write(chunk + chunk if first else chunk)
                first = False
    except ConnectionError, TimeoutError:
        pass  # the viewer left
    finally:
        release()
    return response


def _chunk(frame: Frame) -> bytes:
    head = (
        f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(frame.data)}\r\n"
        f"X-Timestamp: {frame.time:.3f}\r\nX-Frame-Index: {frame.index}\r\n\r\n"
    )
    return head.encode() + frame.data + b"\r\n"
