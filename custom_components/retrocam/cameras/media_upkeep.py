"""Upkeep of what an instance has on disk."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from ..core.library.index import MediaItem
from .media_storage import REFRESH_INTERVAL, MediaStorage
from .tape import Tape


async def async_keep_media(
    name: str,
    media: MediaStorage,
    tape: Tape,
    *,
    on_loaded: Callable[[], None],
    on_recovered: Callable[[list[MediaItem]], Awaitable[None]],
) -> None:
    """Read the libraries, recover clips after a crash, and apply the limits regularly, until cancelled.

    `on_loaded` is called once the libraries are read, `on_recovered` with the recovered clips.
    """
    unfinished = await media.async_load()
    on_loaded()

    async def recover(paths: list[Path]) -> None:
        await on_recovered(await media.async_recover(paths))

    async with asyncio.TaskGroup() as group:
        if unfinished:
            group.create_task(recover(unfinished), name=f"retrocam recovery of {name}")
        while True:
            await tape.async_maintain()
            await asyncio.sleep(REFRESH_INTERVAL)
            await media.async_refresh()
