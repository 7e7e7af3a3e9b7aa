"""The order in which a player plays."""

import pytest

from custom_components.retrocam.core.errors import QueueFullError
from custom_components.retrocam.core.player.play_queue import PlayQueue


class Item:
    """An item, told from others by identity."""


@pytest.fixture
def items() -> list[Item]:
    return [Item() for _ in range(5)]


def order(queue: PlayQueue[Item], items: list[Item]) -> list[int]:
    """Return the numbers of all items of a queue, in order."""
    found = [queue.peek(by) for by in range(-len(queue), len(queue) + 1)]
    return [items.index(item) for item in found if item is not None]


def test_items_are_added_inserted_and_replaced(items: list[Item]) -> None:
    queue = PlayQueue[Item]()
    assert (queue.current, queue.first(), queue.position, len(queue)) == (None, None, 0, 0)
    queue.add(items[0])
    queue.add(items[1])
    assert (queue.current, queue.peek(1), queue.peek(-1)) == (None, items[0], None)
    assert queue.move_to(items[0])
    queue.add(items[2], is_next=True)
    assert order(queue, items) == [0, 2, 1]
    queue.insert(items[3])
    assert (order(queue, items), queue.current, queue.position) == ([0, 3, 2, 1], items[3], 2)
    queue.replace_current(items[4])
    assert (order(queue, items), queue.current) == ([0, 4, 2, 1], items[4])
    assert not queue.move_to(items[3])
    queue.clear()
    assert (order(queue, items), queue.position) == ([4], 1)
    queue.replace(items[0])
    assert order(queue, items) == [0]


def test_items_that_have_not_begun_are_cleared(items: list[Item]) -> None:
    queue = PlayQueue[Item]()
    queue.add(items[0])
    queue.clear()
    assert (len(queue), queue.current) == (0, None)
    queue.replace_current(items[1])
    assert queue.current is items[1]


def test_full_queue_gives_up_what_has_played_only(items: list[Item]) -> None:
    queue = PlayQueue[Item](max_items=3)
    for item in items[:3]:
        queue.add(item)
    with pytest.raises(QueueFullError):
        queue.add(items[3])
    queue.move_to(items[0])
    with pytest.raises(QueueFullError):
        queue.add(items[3], is_next=True)
    queue.move_to(items[1])
    queue.add(items[3])
    assert (order(queue, items), queue.current) == ([1, 2, 3], items[1])
    queue.insert(items[4])
    assert (order(queue, items), queue.current) == ([4, 2, 3], items[4])
    fresh = PlayQueue[Item](max_items=2)
    fresh.add(items[0])
    fresh.add(items[1])
    fresh.insert(items[2])
    assert (order(fresh, items), fresh.current) == ([2, 0], items[2])
