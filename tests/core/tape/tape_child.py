"""A process that tapes until it is killed: feeds a part per line read, prints how many are on disk.

A line `lost` is an outage of the camera.

python -m tests.core.tape.tape_child FOLDER FIRST_FRAME UNIX_TIME
"""

from pathlib import Path
import sys
import threading
from typing import override

from custom_components.retrocam.core.segments.ring import SegmentRing
from custom_components.retrocam.core.tape.store import TapeStore
from custom_components.retrocam.core.tape.writer import TapeWriter

from ..clips.clip_checks import steps
from ..media import Clock, cut, encode
from .taping import UNLIMITED

COUNT = 500
"""Frames in the stream."""


class ObservedStore(TapeStore):
    """Tells when something was written."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        super().__init__(folder / "tape", UNLIMITED, clock=clock.wall, monotonic=clock)
        self.written_to = threading.Semaphore(0)

    @override
    def update(self, size: int, seconds: float) -> None:
        super().update(size, seconds)
        self.written_to.release()


def main(folder: Path, first_frame: int, wall: float) -> None:
    clock = Clock()
    clock.wall_ahead = wall - clock.now
    ring = SegmentRing(10, 1 << 40, clock, clock.wall)
    store = ObservedStore(folder, clock)
    TapeWriter(ring, store, flush=0.01).start()
    run = 0
    for count, (init, part, first, ends) in enumerate(
        steps(cut(encode(COUNT, first=first_frame, gop=25), low_latency=False, min_segment=0.9))
    ):
        line = sys.stdin.readline()
        if "lost" in line:
            run += 1
            clock.now += 10
        if first:
            ring.begin(run, init)
        clock.now += part.duration
        ring.add_part(part)
        if ends:
            ring.finish(part.duration)
        assert store.written_to.acquire(timeout=30)
        sys.stdout.write(f"{count + 1} {clock.wall()}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
