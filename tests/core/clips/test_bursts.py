"""Clips of sources whose parts arrive in bursts, as those of HLS do."""

from collections.abc import Iterator
from pathlib import Path
import threading

import pytest

from custom_components.retrocam.core.clips.result import ClipReason

from ..media import Clock
from .clip_checks import WITHIN, Camera, ended, numbers_in, steps
from .footage import FPS, cuts_of

BURST = 3
"""Parts of 2 s that arrive together: HLS segments of 6 s."""


class PolledClock(Clock):
    """A clock that tells when it is read."""

    def __init__(self) -> None:
        super().__init__()
        self._read = threading.Semaphore(0)

    def __call__(self) -> float:
        self._read.release()
        return self.now

    def wait_for_readings(self) -> None:
        """Wait until a writer has read the time a few times."""
        while self._read.acquire(blocking=False):
            pass
        for _ in range(3):
            assert self._read.acquire(timeout=WITHIN)


class BurstyCamera(Camera):
    """Its parts arrive `BURST` at a time, the first ones three times as many."""

    clock: PolledClock

    def __post_init__(self) -> None:
        super().__post_init__()
        self.waiting = steps(cuts_of(1000, low_latency=False))
        self.deliver(3 * BURST)

    def deliver(self, parts: int = BURST) -> None:
        taken, self.waiting = self.waiting[:parts], self.waiting[parts:]
        for init, part, first, ends in taken:
            if first:
                self.ring.begin(self.run, init)
            self.ring.add_part(part)
            if ends:
                self.ring.finish(1.0)

    def wait(self, seconds: float) -> None:
        self.clock.now += seconds
        self.clock.wait_for_readings()


@pytest.fixture
def bursty(tmp_path: Path) -> Iterator[BurstyCamera]:
    with BurstyCamera(tmp_path / "recordings", PolledClock()) as camera:
        yield camera


@pytest.mark.parametrize("bursts_before", [0, 2])
def test_clip_waits_for_the_next_burst(bursty: BurstyCamera, bursts_before: int) -> None:
    for _ in range(bursts_before):
        bursty.clock.now += 6
        bursty.deliver()
    bursty.clock.now += 0.5
    trigger = bursty.ring.now
    writer = bursty.writer(2, 1)
    bursty.wait(5.4)
    bursty.clock.now += 0.1
    bursty.deliver()
    result = ended(writer)
    assert (result.complete, result.reason) == (True, None)
    shown = numbers_in(result.path)
    at_trigger = round((trigger - bursty.ring.segments[0].start) * FPS)
    assert at_trigger in shown
    assert abs(len(shown) - (at_trigger + FPS - (shown[0] or 0))) <= 1


def test_clip_of_a_lost_bursty_source_ends(bursty: BurstyCamera) -> None:
    writer = bursty.writer(2, 1)
    bursty.clock.now += 60
    result = ended(writer)
    assert (result.complete, result.reason) == (False, ClipReason.SOURCE_GONE)
