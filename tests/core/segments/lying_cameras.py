"""Cameras whose stamps do not follow time, simulated frame by frame without waiting.

Frame n is captured at `n / fps` seconds; its bytes begin with its number. Home Assistant's worker is
simulated as well: it drops frames whose stamps do not rise, and ends a part with the first packet after
0.9 s.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
import struct
from typing import NamedTuple

from custom_components.retrocam.core.mp4.fragment_reader import Sample, samples
from custom_components.retrocam.core.mp4.fragment_writer import (
    KEYFRAME,
    NO_KEYFRAME,
    SampleRun,
    fragment,
)
from custom_components.retrocam.core.segments.ring import SegmentRing
from custom_components.retrocam.core.segments.segment import Segment
from custom_components.retrocam.core.segments.timestamps import TimedPart, TimedSegments

from ..media import Clock, Part, short_cuts

SCALE = 90_000
PART = 0.9
SEGMENT = 5.9


class Cut(NamedTuple):
    """A part with its arrival."""

    arrival: float
    first: bool
    part: Part


def stamped(rate: float = 1.0, *leaps: tuple[float, float]) -> Callable[[float], float]:
    """Return stamps that run at a rate, and leap by some seconds at a time: (time, seconds)."""
    return lambda time: rate * time + sum(by for at, by in leaps if time >= at)


def parts(
    seconds: float,
    stamp: Callable[[float], float],
    *,
    fps: float = 10,
    gop: float = 2,
    delay: Callable[[float], float] = lambda _time: 0.0,
    scene: int = 0,
) -> Iterator[Cut]:
    """Yield the parts of a camera; `delay` is of the packet captured at a time, and keeps order.

    Another `scene` has other pictures, which are no replay.
    """
    pending: list[tuple[int, int]] = []
    segment_start, first, last, arrival = 0, True, -1, 0.0
    for number in range(round(seconds * fps)):
        dts = round((stamp(number / fps) + 100) * SCALE)
        if dts <= last:
            continue
        last = dts
        arrival = max(arrival, number / fps + delay(number / fps))
        keyframe = number % round(gop * fps) == 0
        ends = pending and keyframe and dts - segment_start >= SEGMENT * SCALE
        if ends or (pending and dts - pending[0][1] >= PART * SCALE):
            yield Cut(arrival, first, _part(pending, dts, round(gop * fps), scene))
            pending, first = [], bool(ends)
        if not pending and first:
            segment_start = dts
        pending.append((number, dts))


def _part(frames: list[tuple[int, int]], end: int, gop: int, scene: int) -> Part:
    rows: list[int] = []
    for (number, dts), following in zip(
        frames, [*(dts for _, dts in frames[1:]), end], strict=True
    ):
        rows += (following - dts, 8, KEYFRAME if number % gop == 0 else NO_KEYFRAME, 0)
    data = b"".join(struct.pack(">II", number, scene) for number, _ in frames)
    run = SampleRun(0, frames[0][1], rows, len(data))
    seconds = (end - frames[0][1]) / SCALE
    return Part(seconds, any(number % gop == 0 for number, _ in frames), fragment(0, [run]) + data)


@dataclass
class Watched:
    """A ring fed by a camera, a clip's cursor that reads along, and what both say of frames."""

    clock: Clock = field(default_factory=Clock)
    run: int = -1
    read: dict[int, float] = field(default_factory=dict)
    """Monotonic time of capture of each frame, by the cursor, at the time of reading."""
    first_part: dict[int, int] = field(default_factory=dict)
    """For each frame, the number of the first frame of its part."""

    def __post_init__(self) -> None:
        self.ring = SegmentRing(1e6, 1 << 40, self.clock, self.clock.wall)
        self.cursor = self.ring.cursor(settled=True)
        self._timed = TimedSegments()

    def watch(self, cuts: Iterator[Cut], *, start: float = 0.0) -> None:
        """Feed a run; its time 0 is `start` seconds after the clock's start."""
        self.run += 1
        self.epoch = 5000.0 + start
        init = short_cuts()[0].init
        for cut in cuts:
            self.clock.now = self.epoch + cut.arrival
            if cut.first:
                self.ring.begin(self.run, init)
            self.ring.add_part(cut.part)
            self._read()

    def _read(self) -> None:
        while (read := self.cursor.next(0)) is not None:
            timed = self._timed.read(read)
            assert timed is not None
            numbers = [_number(timed, frame) for frame in timed.tracks[0]]
            lag = self.clock.now - self.ring.now
            for number, frame in zip(numbers, timed.tracks[0], strict=True):
                self.read[number] = timed.position(frame) + lag - self.epoch
                self.first_part[number] = numbers[0]

    def held(self) -> dict[int, tuple[float, float]]:
        """Return for each frame of the run held its time of capture by position, and wall time."""
        found: dict[int, tuple[float, float]] = {}
        for segment in self.ring.segments:
            if segment.run == self.run:
                found.update(self._held(segment))
        return found

    def _held(self, segment: Segment) -> Iterator[tuple[int, tuple[float, float]]]:
        assert segment.video is not None
        lag = self.clock.now - self.ring.now
        for part in segment.parts:
            for sample in samples(part.data, segment.video):
                (number,) = struct.unpack_from(">I", part.data, sample.offset)
                position = segment.position(sample.pts)
                wall = segment.wall(position) - self.clock.wall_ahead
                yield number, (position + lag - self.epoch, wall - self.epoch)


def _number(part: TimedPart, frame: Sample) -> int:
    (number,) = struct.unpack_from(">I", part.data, frame.offset)
    return int(number)
