"""The MJPEG stream over HTTP: one encode however many watch."""

import asyncio
from contextlib import aclosing
import time
from typing import Final

from aiohttp import hdrs, web

from ..cameras import CameraInstance
from ..core.frames.mjpeg_fanout import CONTENT_TYPE, body_part

FRESH: Final = 5.0
"""Seconds up to which a frame that is there already may open the stream."""
WRITE_TIMEOUT: Final = 30.0
"""Seconds after which a viewer that reads nothing is taken for gone."""


async def async_stream_mjpeg(request: web.Request, instance: CameraInstance) -> web.StreamResponse:
    """Answer with the instance's MJPEG frames until the viewer leaves or the instance stops.

    A slow viewer gets the newest frame each time it is ready for one, and skips the rest.
    """
    response = web.StreamResponse(
        headers={hdrs.CONTENT_TYPE: CONTENT_TYPE, hdrs.CACHE_CONTROL: "no-store"}
    )
    release = instance.watch()
    try:
        await response.prepare(request)
        chunked = response.headers.get(hdrs.TRANSFER_ENCODING) == "chunked"
        first = True
        fresh = time.time() - FRESH
        async with aclosing(instance.frames.frames(newer_than=fresh)) as frames:
            async for frame in frames:
                data = body_part(frame)
                # Chrome shows a frame only when the next one begins: a still one would never appear.
                # https://issues.chromium.org/issues/41199053
                async with asyncio.timeout(WRITE_TIMEOUT):
                    await response.write(data + data if first else data)
                first = False
                # What aiohttp has begun goes on beside it, for one connection needs little of it.
                if chunked and request.transport is not None:
                    await instance.fanout.follow(request.transport, frame.index)
    except ConnectionError, TimeoutError:
        pass  # the viewer left
    finally:
        release()
    return response
