"""Items of a player's queue: what was requested, and by whom."""

import asyncio
from contextvars import copy_context

from ..cameras.player import AsciiPlayer, CameraFeed
from ..cameras.player_queue import Playable, QueueItem
from ..core.errors import PlayNotFoundError
from ..rights import current_user
from .find_media import async_find, plain

type Item = QueueItem[CameraFeed]


def queue_item(instance: AsciiPlayer, media: str, *, guest: bool) -> Item:
    """Return an item of the queue, which acts for the current user when its turn comes."""
    context, user = copy_context(), current_user()

    async def find() -> Playable[CameraFeed]:
        if user is not None:
            known = await instance.hass.auth.async_get_user(user.id)
            if known is None or not known.is_active:
                raise PlayNotFoundError("the user is gone")
        finding = async_find(instance, plain(media), guest=guest)
        return await asyncio.create_task(finding, context=context.copy(), name="retrocam find")

    return QueueItem(media, guest, find)
