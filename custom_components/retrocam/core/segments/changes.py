"""Changes of a ring: wakes threads that wait for them, and calls listeners."""

import threading
from typing import override

from ..listeners import Listeners


class RingChanges(threading.Condition):
    """The condition of a ring, which guards all of it."""

    def __init__(self) -> None:
        super().__init__()
        self.listeners = Listeners[[]]()
        """Called with the lock held, in the thread that made the change."""

    @override
    def notify_all(self) -> None:
        super().notify_all()
        self.listeners.notify()
