"""The player's screen in characters."""

from collections.abc import Iterator
import queue

import numpy as np
import pytest

from custom_components.retrocam.core.frames.feed import Picture, PictureFeed
from custom_components.retrocam.core.frames.jpeg import planes
from custom_components.retrocam.core.pattern.picture import TestPattern
from custom_components.retrocam.core.player.frame_broadcast import Screen
from custom_components.retrocam.core.player.rendered import RenderedScreen, Style, copied

from .watching import PATIENCE, number


class Watched:
    """A rendered screen, and what comes of it."""

    def __init__(self, style: Style) -> None:
        self.screen = Screen()
        self.rendered = RenderedScreen(self.screen, style, "Living room – ß")
        self.feed = PictureFeed("retrocam rendered", self.rendered)
        self.pictures: queue.Queue[Picture] = queue.Queue()
        self.epoch = self.screen.begin()

    def show(self, number: int, width: int = 320, height: int = 180) -> None:
        frame = TestPattern(width, height).render(number, 1_700_000_000 + number)
        self.screen.show(self.epoch, Picture(frame, 1_700_000_000 + number, number / 25))

    def size(self) -> tuple[int, int]:
        frame = self.pictures.get(timeout=PATIENCE).frame
        return frame.width, frame.height

    def is_bright(self) -> bool:
        return bool(planes(self.pictures.get(timeout=PATIENCE).frame)[0].mean() > 2)

    def until_size(self, wanted: tuple[int, int]) -> None:
        for _ in range(20):
            if self.size() == wanted:
                return
        raise AssertionError(wanted)


@pytest.fixture
def watched() -> Iterator[Watched]:
    made = Watched(Style())
    yield made
    made.feed.close()


def test_an_empty_screen_shows_its_text_again_and_again(watched: Watched) -> None:
    watched.feed.subscribe(watched.pictures.put)
    first, second = (watched.pictures.get(timeout=PATIENCE) for _ in range(2))
    assert (first.frame.width, first.frame.height) == (960, 540)
    luma = planes(first.frame)[0]
    lit = np.flatnonzero((luma > 60).any(axis=1))
    assert 250 < lit.min() < lit.max() < 290  # one line in the middle
    assert second.position > first.position


def test_a_picture_that_stands_still_is_there_at_once_in_its_shape(watched: Watched) -> None:
    watched.show(0, 320, 240)
    watched.feed.subscribe(watched.pictures.put)
    assert watched.size() == (720, 540)


def test_new_pictures_are_drawn_and_the_end_clears_the_screen(watched: Watched) -> None:
    watched.feed.subscribe(watched.pictures.put)
    assert not watched.is_bright()
    watched.show(0)
    while not watched.is_bright():
        pass  # each takes a picture
    watched.screen.clear()
    while watched.is_bright():
        pass


def test_another_style_takes_effect_on_a_picture_that_stands_still(watched: Watched) -> None:
    watched.show(0)
    watched.feed.subscribe(watched.pictures.put)
    assert watched.size() == (960, 540)
    watched.rendered.style = Style("medium", "braille")
    watched.until_size((1600, 900))
    watched.rendered.style = Style("tall", "blocks")
    watched.until_size((960, 540))


def test_a_copy_is_ones_own_and_not_larger_than_a_grid_needs() -> None:
    frame = TestPattern(1920, 1080).render(77, 1_700_000_000)
    copy = copied(frame)
    assert (copy.width, copy.height) == (1280, 720)
    assert number(Picture(copy, 0.0, 0.0)) == 77
