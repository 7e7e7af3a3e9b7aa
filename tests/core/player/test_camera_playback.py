"""Playback of cameras."""

from collections.abc import Iterator
import threading

import numpy as np
import pytest

from custom_components.retrocam.core.frames.feed import Picture, PictureFeed, Sink
from custom_components.retrocam.core.pattern.picture import TestPattern
from custom_components.retrocam.core.player.frame_broadcast import FrameBroadcast
from custom_components.retrocam.core.player.machine import Phase

from .watching import Viewer, a_session, state

PATTERN = TestPattern(160, 90, 25)


class Camera:
    """A source of as many frames as requested."""

    def __init__(self, *, first: float = 500.0) -> None:
        self._due = threading.Semaphore(0)
        self._number = 0
        self._first = first
        self.feed = PictureFeed("test camera", self)

    def shoot(self, count: int) -> None:
        for _ in range(count):
            self._due.release()

    def run(self, emit: Sink, stop: threading.Event) -> None:
        while not stop.is_set():
            if self._due.acquire(timeout=0.01):
                position = self._first + self._number / 25
                emit(Picture(PATTERN.render(self._number, 0.0), 0.0, position))
                self._number += 1


@pytest.fixture
def camera() -> Iterator[Camera]:
    running = Camera()
    yield running
    running.feed.close()


async def test_a_camera_plays_live(camera: Camera) -> None:
    async with a_session() as session:
        viewer = Viewer(session)
        number = session.play(camera.feed)
        await state(session, Phase.BUFFERING)
        camera.shoot(10)
        status = await session.settled(number)
        assert (status.state, status.is_live, status.can_seek) == (Phase.PLAYING, True, False)
        assert (status.has_audio, status.title, status.duration) == (False, None, None)
        await viewer.until(lambda: len(viewer.pictures) == 10)
        # The camera's frames, with positions from the start of playback.
        assert viewer.numbers == list(range(10))
        assert [picture.position for picture in viewer.pictures] == pytest.approx(
            [index / 25 for index in range(10)]
        )
        assert session.status.position == pytest.approx(9 / 25)
        session.stop()
        assert camera.feed.readers == 0


async def test_pausing_unsubscribes_from_the_feed(camera: Camera) -> None:
    async with a_session() as session:
        viewer = Viewer(session)
        session.play(camera.feed)
        session.pause()
        camera.shoot(1)
        await state(session, Phase.PAUSED)
        assert len(viewer.pictures) == 1
        session.resume()
        assert camera.feed.readers == 1
        session.pause()
        assert camera.feed.readers == 0
        session.resume()
        camera.shoot(1)
        await viewer.until(lambda: len(viewer.pictures) == 2)


async def test_the_frame_rate_is_limited(camera: Camera) -> None:
    async with a_session(max_fps=5) as session:
        viewer = Viewer(session)
        session.play(camera.feed)
        await state(session, Phase.BUFFERING)
        camera.shoot(50)
        await viewer.until(lambda: len(viewer.pictures) == 10)
        positions = [picture.position for picture in viewer.pictures]
        assert np.diff(positions) == pytest.approx(0.2)


async def test_a_second_camera_replaces_the_first(camera: Camera) -> None:
    other = Camera()
    async with a_session() as session:
        viewer = Viewer(session)
        for source in (camera, other):
            source.shoot(1)
            await session.settled(session.play(source.feed))
        assert camera.feed.readers == 0
        assert other.feed.readers == 1
        assert len(viewer.pictures) == 2
    other.feed.close()


def test_frames_of_an_old_epoch_are_dropped() -> None:
    broadcast = FrameBroadcast()
    received: list[Picture] = []
    unsubscribe = broadcast.subscribe(received.append)
    old, picture = broadcast.begin(), Picture(PATTERN.render(0, 0.0), 0.0, 0.0)
    new = broadcast.begin()
    broadcast.show(old, picture)
    assert broadcast.latest is None
    broadcast.show(new, picture)
    assert received == [picture]
    unsubscribe()
    unsubscribe()
    broadcast.show(new, picture)
    assert (received, broadcast.readers) == ([picture], 0)
