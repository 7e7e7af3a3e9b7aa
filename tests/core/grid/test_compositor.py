"""Composing a grid: visibility of members, read back by frame number."""

from itertools import pairwise
import threading

import numpy as np
import pytest

from custom_components.retrocam.core.frames.feed import PictureFeed
from custom_components.retrocam.core.frames.jpeg import planes
from custom_components.retrocam.core.grid.compositor import Compositor, GridView
from custom_components.retrocam.core.grid.layout import Layout

from ..media import Clock
from .grid_harness import FPS, HEIGHT, QUARTERS, WIDTH, Source, luma_of, make_grid, plain


def test_members_advance_through_a_hundred_layout_switches() -> None:
    grid = make_grid()
    seen: dict[tuple[Layout, int], set[int]] = {}
    views = [GridView(layout, main) for main in range(4) for layout in Layout]

    def step(tick: int) -> None:
        picture = grid.pictures[-1] if grid.pictures else None
        # By then, the picture after a switch is the second one.
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


def test_switch_takes_effect_with_the_next_picture() -> None:
    grid = make_grid()

    def step(tick: int) -> None:
        if tick == 5:
            assert len(grid.numbers()) == 4
            grid.grid.view = GridView(Layout.SINGLE, 3)

    grid.run(6, step)
    assert grid.numbers() == {3: pytest.approx(grid.sources[3].number, abs=3)}


def test_unchanged_picture_is_not_redrawn() -> None:
    grid = make_grid()

    def step(tick: int) -> None:
        if tick == 4:
            for source in grid.sources:
                source.hangs = True

    grid.run(30, step)
    frames = [id(picture.frame) for picture in grid.pictures]
    assert 2 <= len(set(frames)) <= 5
    # Emitted again once a second, so that readers see progress.
    assert frames[-2] == frames[-1]
    assert grid.times[-1] - grid.times[-2] == pytest.approx(1.0, abs=0.11)


def test_hanging_member_gets_a_plate_and_returns() -> None:
    grid = make_grid([(320, 180, 25)] * 2)
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


def test_slow_member_is_not_gone() -> None:
    grid = make_grid([(320, 180, 25), (320, 180, 1)])

    gaps: list[int] = []

    def step(tick: int) -> None:
        # One picture in seven seconds.
        grid.sources[1].hangs = bool(tick % 70)
        gaps.append(len(grid.gaps))

    grid.run(300, step)
    # Its interval is known from the second one on.
    assert gaps[150] == gaps[-1]
    assert grid.numbers()[1] is not None


@pytest.mark.parametrize(("longest_wait", "stays"), [(0.0, 5), (10.0, 13), (1000.0, 23)])
def test_member_that_sends_in_bursts_stays_between_them(longest_wait: float, stays: float) -> None:
    grid = make_grid([(320, 180, 25)] * 2)
    grid.sources[1].longest_wait = longest_wait
    began = grid.clock()
    gone: list[float] = []

    def step(tick: int) -> None:
        grid.sources[1].hangs = tick > 10
        if grid.gaps and not gone:
            gone.append(grid.clock() - began - 1.0)

    grid.run(300, step)
    assert gone == [pytest.approx(stays, abs=0.3)]


def test_first_picture_waits_for_members_once_and_limited() -> None:
    grid = make_grid([(320, 180, 25)] * 2)
    grid.sources[1].hangs = True
    began = grid.clock()
    grid.run(60)
    assert grid.times[0] - began == pytest.approx(5.0, abs=0.11)
    assert grid.numbers(grid.pictures[0])[0] is not None
    began, first = grid.clock(), len(grid.times)
    grid.run(10)
    assert grid.times[first] - began < 0.25
    # After its return, it is waited for again.
    grid.sources[1].hangs = False
    grid.run(3)
    first = len(grid.pictures)
    grid.run(10)
    assert None not in grid.numbers(grid.pictures[first]).values()


def test_picture_of_an_earlier_run_is_not_shown() -> None:
    grid = make_grid([(320, 180, 25)] * 2)
    grid.run(5)
    grid.sources[0].hangs = True
    first = len(grid.pictures)
    grid.run(60)
    assert all(grid.numbers(picture)[0] is None for picture in grid.pictures[first:])


def test_hidden_members_switch_to_keyframes_after_a_while() -> None:
    grid = make_grid(layout=Layout.SINGLE)

    def step(tick: int) -> None:
        if tick == 5:
            grid.grid.view = GridView(Layout.SINGLE, 1)
        if tick == 150:
            grid.grid.view = GridView(Layout.SINGLE, 0)

    grid.run(160, step)
    assert grid.sources[0].modes == [False, True, False]
    assert grid.sources[1].modes == [True, False]
    assert grid.sources[2].modes == [True]
    # The new subscription starts before the old one ends.
    assert grid.sources[0].max_sinks == 2
    assert [source.sinks for source in grid.sources] == [[], [], [], []]


def test_repeated_picture_keeps_a_member_alive() -> None:
    grid = make_grid([(320, 180, 25)])
    grid.sources[0].hangs = True
    frame = plain((200, 200, 200))
    grid.run(80, lambda _tick: grid.sources[0].emit(frame))
    assert grid.gaps == []
    assert len({id(picture.frame) for picture in grid.pictures}) == 1


def test_invalid_view_is_rejected() -> None:
    grid = make_grid([(320, 180, 25)] * 2)
    with pytest.raises(ValueError, match="main member 2"):
        grid.grid.view = GridView(Layout.SINGLE, 2)
    assert grid.grid.view == GridView(Layout.QUAD)
    with pytest.raises(ValueError, match="grid of 0 members"):
        make_grid([])


def test_compositor_runs_only_with_viewers() -> None:
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
    source.emit(plain((1, 2, 3)))
    assert came.wait(60)
    unsubscribe()
    feed.close()
    assert source.sinks == []
    assert not feed.running
