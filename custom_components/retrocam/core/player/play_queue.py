"""The order in which a player plays."""

from typing import Final

from ..errors import QueueFullError

MAX_ITEMS: Final = 100


class PlayQueue[Item]:
    """Items, of which one is the current one. Items are told apart by identity."""

    def __init__(self, max_items: int = MAX_ITEMS) -> None:
        """Hold up to `max_items`: the oldest before the current one makes way for a new one."""
        self._max_items = max_items
        self._items: list[Item] = []
        self._position = -1
        """Index of the current item; -1 before the first."""
        self.is_finished = False
        """The current item has played to its end, and nothing followed."""

    def __len__(self) -> int:
        """Return the number of items, those already played included."""
        return len(self._items)

    @property
    def position(self) -> int:
        """Number of the current item, from 1; 0 before the first."""
        return self._position + 1

    @property
    def current(self) -> Item | None:
        """The item that plays, or played last."""
        return self._items[self._position] if self._position >= 0 else None

    def peek(self, by: int) -> Item | None:
        """Return the item that many places behind the current one, if any."""
        index = self._position + by
        return self._items[index] if 0 <= index < len(self._items) else None

    def first(self) -> Item | None:
        """Return the first item, if any."""
        return self._items[0] if self._items else None

    def replace(self, item: Item) -> None:
        """Make `item` the only one."""
        self._items, self._position = [item], 0
        self.is_finished = False

    def replace_current(self, item: Item) -> None:
        """Put `item` in the place of the current one."""
        if self._position < 0:
            self.insert(item)
            return
        self._items[self._position] = item
        self.is_finished = False

    def insert(self, item: Item) -> None:
        """Put `item` behind the current one, and make it the current one."""
        if len(self._items) >= self._max_items:
            self._items.pop(0 if self._position >= 0 else -1)
            self._position -= self._position >= 0
        self._position += 1
        self._items.insert(self._position, item)
        self.is_finished = False

    def add(self, item: Item, *, is_next: bool = False) -> None:
        """Put `item` at the end, or behind the current one. Raises QueueFullError."""
        if len(self._items) >= self._max_items:
            if self._position < 1:
                raise QueueFullError("too many items are queued")
            del self._items[0]
            self._position -= 1
        self._items.insert(self._position + 1 if is_next else len(self._items), item)

    def move_to(self, item: Item) -> bool:
        """Make an item the current one; return False if it is no longer there."""
        for index, other in enumerate(self._items):
            if other is item:
                self._position = index
                self.is_finished = False
                return True
        return False

    def clear(self) -> None:
        """Remove all items but the current one."""
        current = self.current
        self._items = [] if current is None else [current]
        self._position = len(self._items) - 1
