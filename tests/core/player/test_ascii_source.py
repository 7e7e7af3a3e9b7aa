"""The player's frames drawn as characters."""

from collections.abc import Iterator
import queue

import numpy as np
import pytest

from custom_components.retrocam.core.frames.feed import Picture, PictureFeed
from custom_components.retrocam.core.frames.jpeg import planes
from custom_components.retrocam.core.pattern.picture import TestPattern
from custom_components.retrocam.core.player.ascii_source import (
    AsciiPictureSource,
    AsciiStyle,
    copy_frame,
)
from custom_components.retrocam.core.player.frame_broadcast import FrameBroadcast

from .watching import PATIENCE, number


class Setup:
    """An ASCII source and its output."""

    def __init__(self, style: AsciiStyle) -> None:
        self.broadcast = FrameBroadcast()
        self.source = AsciiPictureSource(self.broadcast, style, "Living room – ß")
        self.feed = PictureFeed("retrocam rendered", self.source)
        self.pictures: queue.Queue[Picture] = queue.Queue()
        self.epoch = self.broadcast.begin()

    def show(self, number: int, width: int = 320, height: int = 180) -> None:
        frame = TestPattern(width, height).render(number, 1_700_000_000 + number)
        self.broadcast.show(self.epoch, Picture(frame, 1_700_000_000 + number, number / 25))

    def size(self) -> tuple[int, int]:
        frame = self.pictures.get(timeout=PATIENCE).frame
        return frame.width, frame.height

    def is_bright(self) -> bool:
        return bool(planes(self.pictures.get(timeout=PATIENCE).frame)[0].mean() > 2)

    def until_size(self, wanted: tuple[int, int]) -> None:
        while self.size() != wanted:
            pass  # takes a frame from the queue


@pytest.fixture
def setup() -> Iterator[Setup]:
    running = Setup(AsciiStyle())
    yield running
    running.feed.close()


def test_the_text_is_repeated_without_a_frame(setup: Setup) -> None:
    setup.feed.subscribe(setup.pictures.put)
    first, second = (setup.pictures.get(timeout=PATIENCE) for _ in range(2))
    assert (first.frame.width, first.frame.height) == (960, 540)
    luma = planes(first.frame)[0]
    lit = np.flatnonzero((luma > 60).any(axis=1))
    assert 250 < lit.min() < lit.max() < 290  # one line in the middle
    assert second.position > first.position


def test_the_latest_frame_is_drawn_at_once_in_its_aspect_ratio(setup: Setup) -> None:
    setup.show(0, 320, 240)
    setup.feed.subscribe(setup.pictures.put)
    assert setup.size() == (720, 540)


def test_new_frames_are_drawn_until_the_broadcast_is_cleared(setup: Setup) -> None:
    setup.feed.subscribe(setup.pictures.put)
    assert not setup.is_bright()
    setup.show(0)
    while not setup.is_bright():
        pass  # takes a frame from the queue
    setup.broadcast.clear()
    while setup.is_bright():
        pass


def test_a_new_style_redraws_the_latest_frame(setup: Setup) -> None:
    setup.show(0)
    setup.feed.subscribe(setup.pictures.put)
    assert setup.size() == (960, 540)
    setup.source.style = AsciiStyle("medium", "braille")
    setup.until_size((1600, 900))
    setup.source.style = AsciiStyle("tall", "blocks")
    setup.until_size((960, 540))


def test_copy_frame_scales_down() -> None:
    frame = TestPattern(1920, 1080).render(77, 1_700_000_000)
    copy = copy_frame(frame)
    assert (copy.width, copy.height) == (1280, 720)
    assert number(Picture(copy, 0.0, 0.0)) == 77
