"""The back-off of Home Assistant's stream worker, made endable.

The worker waits 10 s after its first failure and 10 s longer after each further one, without limit, even
after runs that delivered; only a run of 5 minutes resets that. It waits for its quit event. `BackOff`
replaces this event, so that the wait can be ended while the worker, its outputs and the access tokens of
HLS viewers stay.
"""

import threading
import time
from typing import override

from homeassistant.components.stream import Stream


class BackOff(threading.Event):
    """Quit event of a worker, whose back-off `end` ends. Waited for by the worker alone."""

    def __init__(self, replaced: threading.Event) -> None:
        """Take over from `replaced`, which a worker may be using: `set` sets both."""
        super().__init__()
        self._wake = threading.Event()
        self._replaced = replaced
        self.started: float | None = None
        """Monotonic time of the start of the last wait; None before the first."""
        self.ended = time.monotonic()
        """Monotonic time of the end of the last wait: the worker's last attempt began then."""
        if replaced.is_set():
            self.set()

    def end(self) -> None:
        """End the wait in progress: the worker reopens its source at once."""
        self._wake.set()

    @override
    def set(self) -> None:
        super().set()
        self._replaced.set()
        self._wake.set()

    @override
    def wait(self, timeout: float | None = None) -> bool:
        """Wait for `set`, `end` or the timeout, in seconds; return whether it is set."""
        if timeout:
            self.started = time.monotonic()
        self._wake.clear()
        if not self.is_set() and timeout != 0:
            self._wake.wait(timeout)
        self.ended = time.monotonic()
        return self.is_set()


def back_off_of(stream: Stream) -> BackOff:
    """Return the back-off of the workers of `stream`. In the event loop, where the event is set."""
    quit_event = stream._thread_quit  # noqa: SLF001  # see the contract test
    if not isinstance(quit_event, BackOff):
        quit_event = stream._thread_quit = BackOff(quit_event)  # noqa: SLF001  # the same
    return quit_event
