"""Holding a writer up, and telling whether what it wrote is whole."""

import threading

from custom_components.retrocam.core.clips.writer import ClipProgress

from ..media import Cut
from .clip_checks import WITHIN
from .footage import cuts_of


def cuts() -> tuple[Cut, ...]:
    """Return 20 s of pictures and sound."""
    return cuts_of(sound=True, container="mp4")


def assert_whole(numbers: list[int | None]) -> None:
    """Check that no picture is missing between the first and the last."""
    assert numbers == list(range(numbers[0] or 0, (numbers[0] or 0) + len(numbers)))


class Held:
    """A progress callback that lets the writer go on only when it is told to."""

    def __init__(self) -> None:
        self.reached = threading.Semaphore(0)
        self.go = threading.Semaphore(0)
        self.held = False

    def __call__(self, progress: ClipProgress) -> None:
        self.reached.release()
        assert self.go.acquire(timeout=WITHIN)

    def wait(self, count: int) -> None:
        """Let the writer write so many fragments, and hold it after the last."""
        for _ in range(count):
            if self.held:
                self.go.release()
            assert self.reached.acquire(timeout=WITHIN)
            self.held = True

    def release(self) -> None:
        for _ in range(1000):
            self.go.release()
