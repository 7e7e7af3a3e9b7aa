"""Lists of callbacks."""

import asyncio
from collections.abc import Callable
from typing import Final


class Listeners[**P]:
    """Callbacks, called in order in the thread of `notify`.

    Thread-safe without a lock: each method uses one atomic operation of a dict.
    """

    def __init__(self) -> None:
        # Keyed by an object of its own: a callback may be registered more than once.
        self._listeners: dict[object, Callable[P, None]] = {}

    def __len__(self) -> int:
        """Return the number of registrations."""
        return len(self._listeners)

    def add(self, listener: Callable[P, None]) -> Callable[[], None]:
        """Register `listener`; return the function that removes it, safe to call again."""
        key = object()
        self._listeners[key] = listener

        def remove() -> None:
            self._listeners.pop(key, None)

        return remove

    def clear(self) -> None:
        """Remove all listeners."""
        self._listeners.clear()

    def notify(self, *args: P.args, **kwargs: P.kwargs) -> None:
        """Call the listeners registered now; changes made meanwhile apply to the next call."""
        for listener in self._listeners.copy().values():
            listener(*args, **kwargs)


class CoalescedListeners:
    """Listeners of changes that come in bursts, called without arguments.

    The first `_MAX_IMMEDIATE` changes of a turn of the event loop notify at once, so that the caller
    of a change sees its effect. Later ones of that turn, and those made by listeners, are notified
    once in the next turn: a burst of hundreds costs as much as a few.
    """

    _MAX_IMMEDIATE: Final = 8

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._listeners = Listeners[[]]()
        self._notified = 0
        """Notifications in this turn."""
        self._pending = False
        self._notifying = False

    def add(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Register `listener`; return the function that removes it, safe to call again."""
        return self._listeners.add(listener)

    def notify(self) -> None:
        """Notify of a change, now or in the next turn. In the event loop."""
        if self._notifying or self._notified >= self._MAX_IMMEDIATE:
            self._pending = True
            return
        if not self._notified:
            self._loop.call_soon(self._end_turn)
        self._notified += 1
        self._notifying = True
        try:
            self._listeners.notify()
        finally:
            self._notifying = False

    def _end_turn(self) -> None:
        self._notified = 0
        if self._pending:
            self._pending = False
            self.notify()
