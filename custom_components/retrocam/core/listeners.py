"""Who is called when something happens."""

from collections.abc import Callable


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
