"""Block a writer, and check that its clip has no gap."""

import threading

from ..media import Cut
from .clip_checks import WITHIN
from .footage import cuts_of


def cuts() -> tuple[Cut, ...]:
    """Return 20 s of video and audio."""
    return cuts_of(sound=True, container="mp4")


def assert_whole(numbers: list[int | None]) -> None:
    """Check that no frame is missing between the first and the last."""
    assert numbers == list(range(numbers[0] or 0, (numbers[0] or 0) + len(numbers)))


class WriteGate:
    """An `on_write` callback that blocks the writer until it is released."""

    def __init__(self) -> None:
        self.written = threading.Semaphore(0)
        self.released = threading.Semaphore(0)
        self.blocked = False

    def __call__(self, seconds: float) -> None:
        self.written.release()
        assert self.released.acquire(timeout=WITHIN)

    def wait(self, count: int) -> None:
        """Let the writer write `count` fragments, and block it after the last."""
        for _ in range(count):
            if self.blocked:
                self.released.release()
            assert self.written.acquire(timeout=WITHIN)
            self.blocked = True

    def release(self) -> None:
        for _ in range(1000):
            self.released.release()
