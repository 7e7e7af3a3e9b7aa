"""When a clip ends: on time, earlier, later, or without a picture."""

import threading

import pytest

from custom_components.retrocam.core.clips.writer import (
    ClipProgress,
    ClipReason,
    ClipResult,
    ClipWriter,
)
from custom_components.retrocam.core.errors import ClipEndedError

from .clip_checks import Camera, ended, numbers_in, steps
from .footage import FPS, cuts_of, expected
from .holding import assert_whole


def test_a_clip_ends_on_time_though_nothing_comes(camera: Camera) -> None:
    camera.feed(cuts_of(200)[:1])
    writer = camera.writer(2, 10)
    camera.clock.now += 12
    assert writer.result is None
    camera.give_up_waiting()
    result = ended(writer)
    assert (result.complete, result.reason) == (False, ClipReason.SOURCE_GONE)
    assert numbers_in(result.path) == list(range(100, 150))


def test_a_clip_of_a_camera_that_never_sends_ends_too(camera: Camera) -> None:
    writer = camera.writer(5, 10)
    camera.give_up_waiting()
    result = ended(writer)
    assert (result.parts, result.reason) == ((), ClipReason.SOURCE_GONE)
    assert (result.path, result.start, result.size, result.lookback) == (None, None, 0, 0.0)
    assert list(camera.folder.iterdir()) == []


def without_an_answer(camera: Camera, silence: float, lookback: float) -> ClipResult:
    """Record so long after the last picture, of a camera that sends no other."""
    camera.feed_steps(steps(cuts_of(200))[:-1])
    camera.clock.now += silence
    writer = camera.writer(lookback, 5)
    camera.give_up_waiting()
    return ended(writer)


def test_a_clip_of_a_camera_that_does_not_wake_up_shows_nothing_of_long_ago(camera: Camera) -> None:
    result = without_an_answer(camera, silence=1800, lookback=10)
    assert (result.parts, result.reason) == ((), ClipReason.SOURCE_GONE)
    assert list(camera.folder.iterdir()) == []


def test_a_clip_of_a_camera_that_went_just_now_keeps_its_last_pictures(camera: Camera) -> None:
    result = without_an_answer(camera, silence=6, lookback=1)
    assert (result.complete, result.reason) == (False, ClipReason.SOURCE_GONE)
    assert numbers_in(result.path) == list(range(150, 173))


def test_a_clip_between_pictures_is_empty(camera: Camera) -> None:
    camera.feed(cuts_of(200))
    before = camera.ring.segments[0].start - 5
    result = ended(camera.writer(1, 1, trigger=before))
    assert (result.parts, result.reason) == ((), ClipReason.EMPTY)


def test_extending_moves_the_end(camera: Camera) -> None:
    parts = steps(cuts_of(500))
    camera.feed_steps(parts[:6])
    trigger = camera.ring.now
    writer = camera.writer(2, 1)
    writer.extend(4.5)
    with pytest.raises(ValueError, match="cannot be extended"):
        writer.extend(0)
    camera.feed_steps(parts[6:])
    result = ended(writer)
    assert writer.until == pytest.approx(trigger + 5.5)
    assert numbers_in(result.path) == expected(camera, 2, 5.5, trigger)
    with pytest.raises(ClipEndedError):
        writer.extend(5)


def test_stopping_ends_a_clip_with_what_happens_now(camera: Camera) -> None:
    parts = steps(cuts_of(500))
    camera.feed_steps(parts[:6])
    trigger = camera.ring.now
    writer = camera.writer(2, 600)
    camera.clock.now += 0.5
    writer.stop()
    camera.clock.now -= 0.5
    camera.feed_steps(parts[6:])
    result = ended(writer)
    assert result.complete
    assert numbers_in(result.path) == expected(camera, 2, 0.5, trigger)
    writer.stop()
    assert ended(writer) is result


def test_a_clip_whose_ring_is_closed_keeps_what_was_written(camera: Camera) -> None:
    written = threading.Event()

    def enough(progress: ClipProgress) -> None:
        if progress.duration > 6:
            written.set()

    camera.feed(cuts_of(200))
    writer = camera.writer(7, 60, on_progress=enough)
    assert written.wait(10)
    camera.ring.close()
    result = ended(writer)
    assert (result.complete, result.reason) == (False, ClipReason.CLOSED)
    numbers = numbers_in(result.path)
    assert_whole(numbers)
    assert len(numbers) > 6 * FPS


def test_asked_for_nonsense_nothing_is_begun(camera: Camera) -> None:
    for lookback, duration, orientation in (
        (-1, 0, 1),
        (0, -1, 1),
        (0, 0, 9),
        (float("nan"), 0, 1),
    ):
        with pytest.raises(ValueError, match="no clip"):
            ClipWriter(
                camera.ring, camera.library, lookback=lookback, duration=duration,
                orientation=orientation,
            )  # fmt: skip
