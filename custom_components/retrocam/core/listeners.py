"""Functions that are called when something happens."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
import threading
from typing import Final


@dataclass(frozen=True, slots=True, eq=False)
class _Registration[**Told]:
    """Two registrations of one function are two."""

    listener: Callable[Told, None]


class Listeners[**Told]:
    """Functions that are called in turn, in the thread that tells. Thread-safe."""

    def __init__(self) -> None:
        """Begin without listeners."""
        self._lock = threading.Lock()
        self._registrations: tuple[_Registration[Told], ...] = ()

    def __len__(self) -> int:
        """Return the number of listeners."""
        return len(self._registrations)

    def add(self, listener: Callable[Told, None]) -> Callable[[], None]:
        """Call `listener` from now on; return the function that ends it, safe to call again."""
        registration = _Registration(listener)
        with self._lock:
            self._registrations = (*self._registrations, registration)

        def remove() -> None:
            with self._lock:
                self._registrations = tuple(
                    other for other in self._registrations if other is not registration
                )

        return remove

    def clear(self) -> None:
        """Remove all listeners."""
        with self._lock:
            self._registrations = ()

    def tell(self, *args: Told.args, **kwargs: Told.kwargs) -> None:
        """Call the listeners of this moment; one added or removed meanwhile changes nothing."""
        for registration in self._registrations:
            registration.listener(*args, **kwargs)


class Turnwise:
    """Listeners of changes that come in bursts: they read what is changed, and are told nothing of it.

    The first `_AT_ONCE` changes of a turn of the event loop are told at once, so that who changed
    something sees it done. All others of that turn, and what listeners change themselves, are told
    together in the next one: a burst of hundreds costs as much as a few.
    """

    _AT_ONCE: Final = 8

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Tell in the turns of `loop`; begin without listeners."""
        self._loop = loop
        self._listeners = Listeners[[]]()
        self._told = 0
        """Changes that were told in this turn."""
        self._more = False
        self._telling = False

    def add(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` from now on; return the function that ends it, safe to call again."""
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
