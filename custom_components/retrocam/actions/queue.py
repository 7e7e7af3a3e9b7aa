"""The queue of an ASCII player, and announcements, for the media player entity."""

from ..cameras.player import AsciiPlayer
from ..core.errors import PlayError, QueueFullError
from .exceptions import action_error
from .find_media import async_check, plain
from .play_media import async_play, async_start, play_error
from .queue_items import Item, queue_item


async def async_announce(instance: AsciiPlayer, media: str) -> None:
    """Play media in between; what they interrupt continues afterwards. Raises as `async_play`."""
    try:
        await async_start(instance, media, instance.queue.async_announce)
    except PlayError as err:
        raise play_error(instance, media, err, is_current=True) from err


async def async_enqueue(instance: AsciiPlayer, media: str, *, is_next: bool) -> None:
    """Let media play after what is queued, or next. Raises as `async_play`."""
    try:
        await async_check(instance, plain(media))
    except PlayError as err:
        raise play_error(instance, media, err, is_current=True) from err
    try:
        instance.queue.items.add(queue_item(instance, media, guest=False), is_next=is_next)
    except QueueFullError as err:
        raise action_error(instance, err.code) from err
    instance.queue.async_changed()


async def async_play_again(instance: AsciiPlayer) -> None:
    """Play what is queued and has not played; else the last media again. Raises as `async_play`."""
    items = instance.queue.items
    item = items.current
    if item is None or items.is_finished:
        item = items.peek(1) or item
    if item is not None:
        await _async_play_item(instance, item)


async def async_skip(instance: AsciiPlayer, by: int) -> None:
    """Play the item that many places behind the current one, if any. Raises as `async_play`."""
    if (item := instance.queue.items.peek(by)) is not None:
        await _async_play_item(instance, item)


async def _async_play_item(instance: AsciiPlayer, item: Item) -> None:
    """Play an item of the queue, with the rights of the current user."""
    await async_play(
        instance,
        item.media,
        guest=item.by_guest,
        place=lambda _: instance.queue.items.move_to(item),
    )
