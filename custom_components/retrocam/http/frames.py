"""The HTTP view of single MJPEG frames, by index."""

import asyncio
from typing import Final

from aiohttp import hdrs, web

from ..cameras import CameraInstance
from ..core.errors import FrameNotReadyError, FrameOverwrittenError, RingStoppedError
from ..core.frames.jpeg_ring import Frame
from ..urls import FRAME_PATH
from .base import RetrocamView

_MAX_WAIT: Final = 60.0
"""Seconds; more than Home Assistant's stream takes to connect, less than the timeouts of proxies."""
_LATEST: Final = "latest"


class FrameView(RetrocamView):
    """One of the last `ring_size` MJPEG frames.

    Indices count from 0 when the entry is loaded, as in the MJPEG stream. Without a reader of MJPEG,
    no frames are made, and the last ones are dropped after some seconds.
    """

    url = FRAME_PATH
    name = "api:retrocam:mjpeg:frame"

    async def get(self, request: web.Request, entry_id: str, index: str) -> web.Response:
        """Answer with the frame; 410 if it was overwritten, 404 if it is still to come.

        With `wait` (s), one that is still to come is awaited, and frames are made meanwhile.
        """
        instance = self.instance(request, entry_id)
        wait = _parse_wait(request)
        try:
            frame = await _async_frame(instance, None if index == _LATEST else int(index), wait)
        except FrameOverwrittenError as err:
            raise web.HTTPGone(text="overwritten") from err
        except (FrameNotReadyError, TimeoutError) as err:
            raise web.HTTPNotFound(text="yet to come") from err
        except RingStoppedError as err:
            raise web.HTTPNotFound(text="the camera was unloaded") from err
        return web.Response(
            body=frame.data,
            content_type="image/jpeg",
            headers={
                hdrs.CACHE_CONTROL: "no-store",
                "X-Retrocam-Index": str(frame.index),
                "X-Retrocam-Time": f"{frame.time:.3f}",
            },
        )

    head = get


def _parse_wait(request: web.Request) -> float:
    """Parse `wait` of a query, in seconds. Raises HTTPBadRequest with the reason."""
    try:
        wait = float(request.query.get("wait", 0))
    except ValueError as err:
        raise web.HTTPBadRequest(text="wait is a number of seconds") from err
    if not 0 <= wait <= _MAX_WAIT:  # rejects NaN too
        raise web.HTTPBadRequest(text=f"wait is 0 to {_MAX_WAIT:.0f} seconds")
    return wait


async def _async_frame(instance: CameraInstance, index: int | None, wait: float) -> Frame:
    """Return a frame, None is the latest; make and await it for up to `wait` seconds.

    Raises FrameNotReadyError and TimeoutError if it does not come in time, FrameOverwrittenError and
    RingStoppedError as the ring does.
    """
    ring = instance.frames
    try:
        frame = ring.latest if index is None else ring.frame(index)
    except FrameNotReadyError:
        frame = None
    if frame is not None:
        return frame
    if not wait:
        raise FrameNotReadyError("the frame has not come yet")
    release = instance.watch()
    try:
        async with asyncio.timeout(wait):
            return await (ring.current_frame() if index is None else ring.wait_frame(index))
    finally:
        release()
