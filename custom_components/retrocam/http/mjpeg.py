"""MJPEG over HTTP: one encode for all viewers."""

import asyncio
from contextlib import aclosing
import time
from typing import Final

from aiohttp import hdrs, web

from ..cameras import CameraInstance
from ..core.frames.mjpeg_fanout import CONTENT_TYPE, body_part

_MAX_FIRST_AGE: Final = 5.0
"""Age in seconds of an existing frame that may start the stream."""
WRITE_TIMEOUT: Final = 30.0
"""Seconds after which a viewer that does not read is disconnected."""


async def async_stream_mjpeg(request: web.Request, instance: CameraInstance) -> web.StreamResponse:
    """Stream the instance's MJPEG frames until the viewer leaves or the instance stops.

    A slow viewer gets the newest frame whenever it is ready, and skips the others. HEAD gets only the
    headers, and does not use the camera.
    """
    response = web.StreamResponse(
        headers={hdrs.CONTENT_TYPE: CONTENT_TYPE, hdrs.CACHE_CONTROL: "no-store"}
    )
    if request.method == hdrs.METH_HEAD:
        await response.prepare(request)
        return response
    release = instance.watch()
    try:
        await response.prepare(request)
        chunked = response.headers.get(hdrs.TRANSFER_ENCODING) == "chunked"
        first = True
        oldest = time.time() - _MAX_FIRST_AGE
        async with aclosing(instance.frames.frames(newer_than=oldest)) as frames:
            async for frame in frames:
                data = body_part(frame)
                async with asyncio.timeout(WRITE_TIMEOUT):
                    # Twice, so that browsers show it at once; see MjpegFanout.
                    await response.write(data + data if first else data)
                # The fan-out continues on the bare transport, cheaper than aiohttp's writer.
                if request.transport is not None:
                    await instance.fanout.follow(
                        request.transport, frame.index, chunked=chunked, repeated=first
                    )
                first = False
        # The instance stopped. Browsers do not report a complete stream to the page, but show a broken
        # one as such, and the page requests it again.
        if request.transport is not None:
            request.transport.abort()
    except ConnectionError, TimeoutError:
        pass  # the viewer left
    finally:
        release()
    return response
