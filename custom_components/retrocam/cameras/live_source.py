"""What Home Assistant's stream worker reads from Retrocam itself: generated and relayed video."""

import asyncio
import contextlib
from datetime import datetime, timedelta
from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.event import async_track_time_interval

from ..core.publish.shared_stream import SharedStream
from ..core.threads import run_in_thread
from ..stream.provider import StreamProvider
from ..stream.tap import restart_worker
from .base import CameraInstance

REOPEN_INTERVAL: Final = timedelta(hours=24)
"""MPEG-TS time stamps have 33 bits and wrap after 26.5 hours. FFmpeg unwraps them once, but not past its
first time stamp: there the stream worker ends with an error and waits for 10 s."""
CLOSE_TIMEOUT: Final = 2.0
"""Seconds in which a stream worker that is reading ends by itself."""
FFMPEG: Final = {"fpsprobesize": "2"}
"""Options of the worker: it would read 20 frames to determine the rate, 10 s at 2 fps."""
FFMPEG_CONVERTED: Final = {"fpsprobesize": "0"}
"""Those for video that a relay converts, whose headers say the rate."""


@callback
def async_reopen_daily(instance: CameraInstance) -> None:
    """Let the worker reopen its source each day until the entry is unloaded."""

    @callback
    def restart(_now: datetime) -> None:
        if (stream := instance.provider.stream) is not None:
            restart_worker(stream)

    instance.entry.async_on_unload(
        async_track_time_interval(instance.hass, restart, REOPEN_INTERVAL)
    )


async def async_close_live(
    hass: HomeAssistant,
    name: str,
    provider: StreamProvider,
    source: SharedStream,
    *,
    patience: float | None = None,
) -> None:
    """Close a source after its reader: a worker that loses it logs an error.

    Its thread is waited for `patience` seconds, and then ends by itself.
    """
    closing = hass.async_create_task(provider.async_close(), f"retrocam close {name}")
    # A worker that is still opening waits for more data, until the source closes.
    await asyncio.wait([closing], timeout=CLOSE_TIMEOUT)
    source.end()
    await closing
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(patience):
            # A daemon, which goes on if nobody waits any more.
            await run_in_thread(f"retrocam stop {name}", source.close, daemon=True)
