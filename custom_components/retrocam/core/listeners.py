"""Who is called when something happens."""

import asyncio
from collections.abc import Callable
from typing import Final


class Listeners[**Told]:
    """Functions that are called in turn with what is told. Used by one thread, mostly the loop's."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self._listeners: list[Callable[Told, None]] = []

    def add(self, listener: Callable[Told, None]) -> Callable[[], None]:
        """Call `listener` from now on; returns what ends it, which is to be called once."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def tell(self, *args: Told.args, **kwargs: Told.kwargs) -> None:
        """Call all; those who come or go meanwhile change nothing of this turn."""
        for listener in tuple(self._listeners):
            listener(*args, **kwargs)


class Turnwise:
    """Listeners of changes that come in bursts: they read what is changed, and are told nothing of it.

    The first `_AT_ONCE` changes of a turn of the event loop are told at once, so that who changed
    something sees it done. All others of that turn, and what listeners change themselves, are told
    together in the next one: a burst of hundreds costs as much as a few.
    """

    _AT_ONCE: Final = 8

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Tell in the turns of `loop`; begin with nobody."""
        self._loop = loop
        self._listeners = Listeners[[]]()
        self._told = 0
        """Changes that were told in this turn."""
        self._more = False
        self._telling = False

    def add(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` from now on; returns what ends it, which is to be called once."""
        return self._listeners.add(listener)

    def tell(self) -> None:
        """Tell of a change; in the event loop."""
        if self._telling or self._told >= self._AT_ONCE:
            self._more = True
            return
        if not self._told:
            self._loop.call_soon(self._end_turn)
        self._told += 1
        self._telling = True
        try:
            self._listeners.tell()
        finally:
            self._telling = False

    def _end_turn(self) -> None:
        self._told = 0
        if self._more:
            self._more = False
            self.tell()
