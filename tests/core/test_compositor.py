"""Composing a grid, on a clock that goes only when it is told to; members are read back by number."""

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
import logging
import threading
from typing import override

import av
from av.video.reformatter import ColorRange, Colorspace
import numpy as np
from numpy.typing import NDArray
import pytest

from custom_components.retrocam.core.compositor import Compositor, GridView
from custom_components.retrocam.core.grid import Layout, Rect, fitted, tiles
from custom_components.retrocam.core.jpeg import planes
from custom_components.retrocam.core.pattern_marks import read_frame_number
from custom_components.retrocam.core.pictures import Picture, PictureFeed, Sink
from custom_components.retrocam.core.test_pattern import TestPattern

from .media import Clock, pattern

WIDTH, HEIGHT = 960, 540
FPS = 10
SHAPES = [(320, 180, 25), (320, 240, 5), (180, 320, 10), (640, 360, 25)]


class Source:
    """A member whose pictures come when the clock has reached them."""

    def __init__(self, name: str, clock: Clock, size: tuple[int, int], fps: int) -> None:
        self.name = name
        self.pattern: TestPattern = pattern(*size, fps)
        self.hangs = False
        self.number = 0
        self.modes: list[bool] = []
        self.sinks: list[Sink] = []
        self.most_sinks = 0
        self._clock = clock
        self._began = clock()

    def subscribe(self, sink: Sink, *, keyframes_only: bool) -> Callable[[], None]:
        self.modes.append(keyframes_only)
        self.sinks.append(sink)
        self.most_sinks = max(self.most_sinks, len(self.sinks))
        return lambda: self.sinks.remove(sink)

    def give(self, frame: av.VideoFrame) -> None:
        for sink in list(self.sinks):
            sink(Picture(frame, self._clock.wall(), self._clock()))

    def pass_time(self) -> None:
        """Give the newest picture, if there is a new one by now."""
        due = round((self._clock() - self._began) * self.pattern.fps)
        if due > self.number and not self.hangs:
            self.number = due
            self.give(self.pattern.render(due, self._clock.wall()))


class Script(threading.Event):
    """Sets time in motion between two pictures, and ends after some."""

    def __init__(self, clock: Clock, ticks: int, step: Callable[[int], None]) -> None:
        super().__init__()
        self.ticks = 0
        self._clock = clock
        self._most = ticks
        self._step = step

    @override
    def wait(self, timeout: float | None = None) -> bool:
        self._clock.now += timeout or 0.0
        self.ticks += 1
        self._step(self.ticks)
        if self.ticks >= self._most:
            self.set()
        return self.is_set()


@dataclass
class Stage:
    """A grid and its members."""

    clock: Clock
    sources: list[Source]
    grid: Compositor
    gaps: list[float | None] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    times: list[float] = field(default_factory=list)

    def run(self, ticks: int, step: Callable[[int], None] = lambda _tick: None) -> None:
        """Run for some ticks; `step` is called after each with its number."""

        def go_on(tick: int) -> None:
            step(tick)
            for source in self.sources:
                source.pass_time()

        def emit(picture: Picture) -> None:
            self.pictures.append(picture)
            self.times.append(self.clock())

        self.grid.run(emit, Script(self.clock, ticks, go_on))

    def numbers(self, picture: Picture | None = None) -> dict[int, int | None]:
        """Read the frame numbers of all members that are shown now."""
        view = self.grid.view
        shown = tiles(view.layout, len(self.sources), WIDTH, HEIGHT, view.main)
        found = {}
        for member, area in shown:
            source = self.sources[member].pattern
            left, top, width, height = fitted(area, source.width, source.height)
            luma = planes((picture or self.pictures[-1]).frame)[0]
            found[member] = read_frame_number(luma[top : top + height, left : left + width])
        return found


def stage(shapes: list[tuple[int, int, int]] | None = None, layout: Layout = Layout.QUAD) -> Stage:
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
    return Stage(clock, sources, grid, gaps)


def luma_of(picture: Picture, area: Rect) -> NDArray[np.uint8]:
    left, top, width, height = area
    return planes(picture.frame)[0][top : top + height, left : left + width]


def plain(colour: tuple[int, int, int], width: int = 64, height: int = 36) -> av.VideoFrame:
    """Return an RGB picture of one colour."""
    array = np.full((height, width, 3), colour, np.uint8)
    return av.VideoFrame.from_ndarray(array, format="rgb24")


QUARTERS = [Rect(0, 0, 480, 270), Rect(480, 0, 480, 270), Rect(0, 270, 480, 270)]


def test_all_members_advance_in_every_layout_through_a_hundred_switches() -> None:
    grid = stage()
    seen: dict[tuple[Layout, int], set[int]] = {}
    views = [GridView(layout, main) for main in range(4) for layout in Layout]

    def step(tick: int) -> None:
        picture = grid.pictures[-1] if grid.pictures else None
        # The picture after a switch is by then the second one.
        if picture is not None and tick % 2 == 0:
            for member, number in grid.numbers(picture).items():
                source = grid.sources[member]
                assert number is not None
                assert (source.number - number) / source.pattern.fps <= 2 / FPS
                seen.setdefault((grid.grid.view.layout, member), set()).add(number)
            grid.grid.view = views[tick // 2 % len(views)]

    grid.run(204, step)
    assert len(seen) == 4 * len(Layout)
    assert min(len(numbers) for numbers in seen.values()) >= 3
    assert {(p.frame.width, p.frame.height) for p in grid.pictures} == {(WIDTH, HEIGHT)}
    assert min(float(planes(p.frame)[0].mean()) for p in grid.pictures) > 40
    assert grid.times == sorted(set(grid.times))
    assert max(after - before for before, after in pairwise(grid.times)) < 0.11


def test_a_switch_takes_effect_with_the_next_picture() -> None:
    grid = stage()

    def step(tick: int) -> None:
        if tick == 5:
            assert len(grid.numbers()) == 4
            grid.grid.view = GridView(Layout.SINGLE, 3)

    grid.run(6, step)
    assert grid.numbers() == {3: pytest.approx(grid.sources[3].number, abs=3)}


def test_pictures_are_tagged_and_positions_rise_through_runs() -> None:
    grid = stage()
    grid.run(5)
    grid.clock.now += 100
    grid.run(5)
    positions = [picture.position for picture in grid.pictures]
    assert positions == sorted(set(positions))
    frame = grid.pictures[-1].frame
    assert (frame.format.name, frame.colorspace, frame.color_range) == (
        "yuv420p",
        Colorspace.ITU709,
        ColorRange.MPEG,
    )


def test_nothing_is_drawn_when_nothing_is_new() -> None:
    grid = stage()

    def step(tick: int) -> None:
        if tick == 4:
            for source in grid.sources:
                source.hangs = True

    grid.run(30, step)
    frames = [id(picture.frame) for picture in grid.pictures]
    assert 2 <= len(set(frames)) <= 5
    # Given out again once a second, so that readers see that it lives.
    assert frames[-2] == frames[-1]
    assert grid.times[-1] - grid.times[-2] == pytest.approx(1.0, abs=0.11)


def test_only_the_tile_with_news_changes_and_what_was_given_out_stays() -> None:
    grid = stage([(320, 180, 25)] * 4)

    def step(tick: int) -> None:
        if tick == 3:
            for source in grid.sources[1:]:
                source.hangs = True

    grid.run(5, step)
    before, after = grid.pictures[-2:]
    kept = planes(before.frame)[0].copy()
    assert not np.array_equal(luma_of(before, QUARTERS[0]), luma_of(after, QUARTERS[0]))
    for area in QUARTERS[1:]:
        assert np.array_equal(luma_of(before, area), luma_of(after, area))
    assert np.array_equal(planes(before.frame)[0], kept)


def test_a_member_that_hangs_gets_a_plate_and_comes_back() -> None:
    grid = stage([(320, 180, 25)] * 2)
    seen: list[set[int]] = []

    def step(tick: int) -> None:
        if tick == 10:
            grid.sources[0].hangs = True
        if tick == 70:
            numbers = grid.numbers()
            assert numbers[0] is None
            assert numbers[1] is not None
            assert luma_of(grid.pictures[-1], QUARTERS[0]).max() > 200
            assert np.median(luma_of(grid.pictures[-1], QUARTERS[0])) < 60
            grid.sources[0].hangs = False
            seen.append({number for number in numbers.values() if number})

    grid.run(75, step)
    assert seen
    assert None not in grid.numbers().values()
    (since,) = {gap for gap in grid.gaps if gap is not None}
    assert since == pytest.approx(grid.clock.wall() - 6.5, abs=0.3)


def test_a_slow_member_is_not_called_gone() -> None:
    grid = stage([(320, 180, 25), (320, 180, 1)])

    gaps: list[int] = []

    def step(tick: int) -> None:
        # One picture in seven seconds.
        grid.sources[1].hangs = bool(tick % 70)
        gaps.append(len(grid.gaps))

    grid.run(300, step)
    # From the second one on it is known how slow it is.
    assert gaps[150] == gaps[-1]
    assert grid.numbers()[1] is not None


def test_the_first_picture_waits_for_all_but_not_for_ever_nor_twice() -> None:
    grid = stage([(320, 180, 25)] * 2)
    grid.sources[1].hangs = True
    began = grid.clock()
    grid.run(60)
    assert grid.times[0] - began == pytest.approx(5.0, abs=0.11)
    assert grid.numbers(grid.pictures[0])[0] is not None
    began, first = grid.clock(), len(grid.times)
    grid.run(10)
    assert grid.times[first] - began < 0.25
    # Back again, it is waited for again.
    grid.sources[1].hangs = False
    grid.run(3)
    first = len(grid.pictures)
    grid.run(10)
    assert None not in grid.numbers(grid.pictures[first]).values()


def test_a_picture_of_an_earlier_watch_is_not_shown() -> None:
    grid = stage([(320, 180, 25)] * 2)
    grid.run(5)
    grid.sources[0].hangs = True
    first = len(grid.pictures)
    grid.run(60)
    assert all(grid.numbers(picture)[0] is None for picture in grid.pictures[first:])


def test_hidden_members_give_keyframes_only_after_a_while() -> None:
    grid = stage(layout=Layout.SINGLE)

    def step(tick: int) -> None:
        if tick == 5:
            grid.grid.view = GridView(Layout.SINGLE, 1)
        if tick == 150:
            grid.grid.view = GridView(Layout.SINGLE, 0)

    grid.run(160, step)
    assert grid.sources[0].modes == [False, True, False]
    assert grid.sources[1].modes == [True, False]
    assert grid.sources[2].modes == [True]
    # The new way begins before the old one ends.
    assert grid.sources[0].most_sinks == 2
    assert [source.sinks for source in grid.sources] == [[], [], [], []]


def test_a_member_changes_its_size_and_turns_in_mid_stream() -> None:
    grid = stage([(320, 180, 25)] * 2)

    def step(tick: int) -> None:
        if tick == 5:
            grid.sources[0].pattern = pattern(180, 320, 25)
        if tick == 10:
            assert grid.numbers()[0] is not None
            borders = luma_of(grid.pictures[-1], Rect(0, 0, 100, 160))
            assert borders.max() <= 16
            grid.sources[0].pattern = pattern(640, 360, 25)

    grid.run(15, step)
    assert None not in grid.numbers().values()


@pytest.mark.parametrize(
    ("colour", "expected"),
    # ITU-R BT.709-6, limited range.
    [
        ((255, 0, 0), (63, 102, 240)),
        ((0, 0, 255), (32, 240, 118)),
        ((255, 255, 255), (235, 128, 128)),
    ],
)
def test_colours_of_any_source_are_brought_to_bt709(
    colour: tuple[int, int, int], expected: tuple[int, int, int]
) -> None:
    grid = stage([(320, 180, 25)])
    grid.sources[0].hangs = True
    grid.run(3, lambda _tick: grid.sources[0].give(plain(colour)))
    found = [int(plane[10, 10]) for plane in planes(grid.pictures[-1].frame)]
    assert found == pytest.approx(expected, abs=2)


def test_frames_that_others_use_too_stay_as_they_are() -> None:
    grid = stage([(320, 180, 25)])
    grid.sources[0].hangs = True
    frame = av.VideoFrame(320, 180, "yuv420p")
    frame.pts, frame.time_base = 7, Fraction(1, 25)
    grid.run(3, lambda _tick: grid.sources[0].give(frame))
    assert (frame.colorspace, frame.color_range, frame.pts) == (
        Colorspace.DEFAULT if frame.colorspace == Colorspace.DEFAULT else 2,
        ColorRange.UNSPECIFIED,
        7,
    )


def test_the_same_picture_again_says_that_its_member_lives() -> None:
    grid = stage([(320, 180, 25)])
    grid.sources[0].hangs = True
    frame = plain((200, 200, 200))
    grid.run(80, lambda _tick: grid.sources[0].give(frame))
    assert grid.gaps == []
    assert len({id(picture.frame) for picture in grid.pictures}) == 1


def test_a_picture_that_cannot_be_shown_is_told_once_and_stops_nobody(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING)
    grid = stage([(320, 180, 25)] * 2)
    grid.sources[0].hangs = True
    grid.run(70, lambda _tick: grid.sources[0].give(av.VideoFrame(0, 0, "yuv420p")))
    assert caplog.text.count("cannot be shown") == 1
    assert grid.numbers()[1] is not None


def test_pixels_that_swscale_cannot_read_leave_a_plate(caplog: pytest.LogCaptureFixture) -> None:
    grid = stage([(320, 180, 25)] * 2)
    grid.sources[0].hangs = True
    caplog.set_level(logging.WARNING)
    odd = av.VideoFrame(64, 36, "bgr4")
    grid.run(10, lambda tick: grid.sources[0].give(odd if tick % 2 else plain((9, 9, 9))))
    assert grid.numbers()[1] is not None
    assert caplog.text.count("Camera 0 cannot be shown") == 1


def test_names_stand_in_the_corner() -> None:
    grid = stage([(320, 180, 25)] * 2)
    for source in grid.sources:
        source.hangs = True
    grid.sources[1].name = ""
    white = plain((255, 255, 255), 320, 180)

    def step(_tick: int) -> None:
        for source in grid.sources:
            source.give(white)

    grid.run(3, step)
    corners = [luma_of(grid.pictures[-1], Rect(left, 252, 60, 18)) for left in (0, 480)]
    assert corners[0].min() < 60
    assert corners[0].max() > 200
    assert corners[1].min() == 235


def test_unused_quarters_are_black() -> None:
    grid = stage([(320, 180, 25)] * 2)

    def step(tick: int) -> None:
        if tick == 3:
            grid.grid.view = GridView(Layout.SINGLE)
        if tick == 6:
            grid.grid.view = GridView(Layout.QUAD)

    grid.run(8, step)
    assert luma_of(grid.pictures[-1], QUARTERS[2]).max() == 16


def test_a_view_that_cannot_be_is_refused_and_changes_nothing() -> None:
    grid = stage([(320, 180, 25)] * 2)
    with pytest.raises(ValueError, match="main one is number 2"):
        grid.grid.view = GridView(Layout.SINGLE, 2)
    assert grid.grid.view == GridView(Layout.QUAD)
    with pytest.raises(ValueError, match="a grid of 0 members"):
        stage([])


def test_it_works_only_while_somebody_watches() -> None:
    clock = Clock()
    source = Source("Porch", clock, (320, 180), 25)
    grid = Compositor(
        [source],
        width=WIDTH,
        height=HEIGHT,
        fps=100,
        view=GridView(Layout.SINGLE),
        describe_gap=lambda _since: "",
    )
    feed = PictureFeed("retrocam grid", grid)
    assert not feed.running
    came = threading.Event()
    unsubscribe = feed.subscribe(lambda _picture: came.set())
    while not source.sinks:
        assert feed.running
    source.give(plain((1, 2, 3)))
    assert came.wait(10)
    unsubscribe()
    feed.close()
    assert source.sinks == []
    assert not feed.running
