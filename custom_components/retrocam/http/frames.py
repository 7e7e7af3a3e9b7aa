"""The HTTP view of single MJPEG frames, by index."""

import asyncio
from typing import Final

from aiohttp import hdrs, web

from ..cameras import CameraInstance
from ..core.errors import FrameNotReadyError, FrameOverwrittenError, RingStoppedError
from ..core.frames.jpeg_ring import Frame
from ..urls import FRAME_PATH
from .base import RetrocamView

MOST_WAIT: Final = 60.0
"""Seconds; more than Home Assistant's stream takes to connect, less than proxies allow an answer."""
_LATEST: Final = "latest"


class FrameView(RetrocamView):
    """One of the last `ring_size` MJPEG frames.

    Indices count from 0 when the entry is loaded, and are those of the MJPEG stream. While nobody
    reads MJPEG, no frames come, and the last ones are dropped after some seconds.
    """

    url = FRAME_PATH
    name = "api:retrocam:mjpeg:frame"

    async def get(self, request: web.Request, entry_id: str, index: str) -> web.Response:
        """Answer with the frame; 410 for one that was overwritten, 404 for one that is yet to come.

        With `wait` (s), one that is yet to come is waited for, and meanwhile the camera is read.
        """
        self.check_authenticated(request)
        instance = self.instance(request, entry_id)
        wait = _asked_wait(request)
        try:
            frame = _held(instance, index)
            if frame is None:
                frame = await _async_awaited(instance, index, wait)
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


def _asked_wait(request: web.Request) -> float:
    """Read `wait` of a query, in seconds. Raises HTTPBadRequest, which says what is wrong."""
    try:
        wait = float(request.query.get("wait", 0))
    except ValueError as err:
        raise web.HTTPBadRequest(text="wait is a number of seconds") from err
    if not 0 <= wait <= MOST_WAIT:  # NaN neither
        raise web.HTTPBadRequest(text=f"wait is 0 to {MOST_WAIT:.0f} seconds")
    return wait


def _held(instance: CameraInstance, index: str) -> Frame | None:
    """Return the frame if the ring holds it, None if it is yet to come.

    Raises FrameOverwrittenError.
    """
    if index == _LATEST:
        return instance.frames.latest
    try:
        return instance.frames.frame(int(index))
    except FrameNotReadyError:
        return None


async def _async_awaited(instance: CameraInstance, index: str, wait: float) -> Frame:
    """Have frames made, and wait for this one.

    Raises FrameNotReadyError and TimeoutError when it does not come in `wait` seconds,
    FrameOverwrittenError and RingStoppedError as the ring does.
    """
    if not wait:
        raise FrameNotReadyError(f"frame {index} has not come yet")
    release = instance.watch()
    try:
        async with asyncio.timeout(wait):
            if index == _LATEST:
                return await instance.frames.current_frame()
            return await instance.frames.wait_frame(int(index))
    finally:
        release()
