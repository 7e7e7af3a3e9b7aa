"""A grid and its members on a manual clock."""

from collections.abc import Callable
from dataclasses import dataclass, field
import threading
from typing import override

import av
import numpy as np
from numpy.typing import NDArray

from custom_components.retrocam.core.frames.feed import Picture, Sink
from custom_components.retrocam.core.frames.geometry import Rect, fitted
from custom_components.retrocam.core.frames.jpeg import planes
from custom_components.retrocam.core.grid.compositor import Compositor, GridView
from custom_components.retrocam.core.grid.layout import Layout, tiles
from custom_components.retrocam.core.pattern.picture import TestPattern

from ...pattern_reader import read_frame_number
from ..media import Clock, pattern

WIDTH, HEIGHT = 960, 540
FPS = 10
SHAPES = [(320, 180, 25), (320, 240, 5), (180, 320, 10), (640, 360, 25)]


class Source:
    """A member that emits the pictures due by the clock."""

    def __init__(self, name: str, clock: Clock, size: tuple[int, int], fps: int) -> None:
        self.name = name
        self.pattern: TestPattern = pattern(*size, fps)
        self.hangs = False
        self.longest_wait = 0.0
        self.number = 0
        self.modes: list[bool] = []
        self.sinks: list[Sink] = []
        self.max_sinks = 0
        self._clock = clock
        self._began = clock()

    def subscribe(self, sink: Sink, *, keyframes_only: bool) -> Callable[[], None]:
        self.modes.append(keyframes_only)
        self.sinks.append(sink)
        self.max_sinks = max(self.max_sinks, len(self.sinks))
        return lambda: self.sinks.remove(sink)

    def emit(self, frame: av.VideoFrame) -> None:
        for sink in list(self.sinks):
            sink(Picture(frame, self._clock.wall(), self._clock()))

    def pass_time(self) -> None:
        """Emit the newest picture that is due, if new."""
        due = round((self._clock() - self._began) * self.pattern.fps)
        if due > self.number and not self.hangs:
            self.number = due
            self.emit(self.pattern.render(due, self._clock.wall()))


class TickingStop(threading.Event):
    """Advances the clock between pictures, and ends after some."""

    def __init__(self, clock: Clock, ticks: int, step: Callable[[int], None]) -> None:
        super().__init__()
        self.ticks = 0
        self._clock = clock
        self._max_ticks = ticks
        self._step = step

    @override
    def wait(self, timeout: float | None = None) -> bool:
        self._clock.now += timeout or 0.0
        self.ticks += 1
        self._step(self.ticks)
        if self.ticks >= self._max_ticks:
            self.set()
        return self.is_set()


@dataclass
class GridHarness:
    """A grid and its members."""

    clock: Clock
    sources: list[Source]
    grid: Compositor
    gaps: list[float | None] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    times: list[float] = field(default_factory=list)

    def run(self, ticks: int, step: Callable[[int], None] = lambda _tick: None) -> None:
        """Run for some ticks; `step` is called after each with its number."""

        def after_tick(tick: int) -> None:
            step(tick)
            for source in self.sources:
                source.pass_time()

        def emit(picture: Picture) -> None:
            self.pictures.append(picture)
            self.times.append(self.clock())

        self.grid.run(emit, TickingStop(self.clock, ticks, after_tick))

    def numbers(self, picture: Picture | None = None) -> dict[int, int | None]:
        """Read the frame numbers of all visible members."""
        view = self.grid.view
        shown = tiles(view.layout, len(self.sources), WIDTH, HEIGHT, view.main)
        numbers = {}
        for member, area in shown:
            source = self.sources[member].pattern
            left, top, width, height = fitted(area, source.width, source.height)
            luma = planes((picture or self.pictures[-1]).frame)[0]
            numbers[member] = read_frame_number(luma[top : top + height, left : left + width])
        return numbers


def make_grid(
    shapes: list[tuple[int, int, int]] | None = None, layout: Layout = Layout.QUAD
) -> GridHarness:
    """Create a grid of members of these widths, heights and rates."""
    clock = Clock()
    gaps: list[float | None] = []

    def describe_gap(since: float | None) -> str:
        gaps.append(since)
        return "no picture"

    sources = [
        Source(f"Camera {n}", clock, (width, height), fps)
        for n, (width, height, fps) in enumerate(SHAPES if shapes is None else shapes)
    ]
    grid = Compositor(
        list(sources),
        width=WIDTH,
        height=HEIGHT,
        fps=FPS,
        view=GridView(layout),
        describe_gap=describe_gap,
        clock=clock,
        wall_clock=clock.wall,
    )
    return GridHarness(clock, sources, grid, gaps)


def luma_of(picture: Picture, area: Rect) -> NDArray[np.uint8]:
    """Return the luma of an area, (rows, cols) uint8."""
    left, top, width, height = area
    return planes(picture.frame)[0][top : top + height, left : left + width]


def plain(colour: tuple[int, int, int], width: int = 64, height: int = 36) -> av.VideoFrame:
    """Return an RGB picture of one colour."""
    array = np.full((height, width, 3), colour, np.uint8)
    return av.VideoFrame.from_ndarray(array, format="rgb24")


QUARTERS = [Rect(0, 0, 480, 270), Rect(480, 0, 480, 270), Rect(0, 270, 480, 270)]
